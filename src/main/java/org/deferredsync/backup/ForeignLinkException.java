package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.snapshot.FilePath;

/** A link on the operator's way that somebody else could let lead anywhere. */
public final class ForeignLinkException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param name the link's own name
   * @param uid who owns it
   */
  ForeignLinkException(byte[] name, int uid) {
    super(
        "leads through the link \""
            + FilePath.ROOT.child(name).toString().substring(1)
            + "\" of user "
            + Integer.toUnsignedString(uid)
            + ", who could let it lead anywhere; write the path that it leads to");
  }
}
