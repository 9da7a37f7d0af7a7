package org.deferredsync.remote;

import java.util.regex.Pattern;
import org.deferredsync.logging.Printable;

/**
 * An absolute path on a host, in its plain form, of characters that neither rsync nor a shell there
 * reads as anything but themselves.
 */
public record RemotePath(String text) {
  private static final Pattern PLAIN = Pattern.compile("/|(/[\\p{L}\\p{N}._+,@%=:-]+)+");

  public RemotePath {
    if (!PLAIN.matcher(text).matches() || (text + "/").matches(".*/\\.{1,2}/.*")) {
      throw new IllegalArgumentException(
          Printable.of(text)
              + " is no directory to go to; write an absolute path of letters, digits and . _ - + , @ % = :");
    }
  }

  /**
   * Reads what the operator wrote; doubled and trailing slashes are dropped.
   *
   * @throws IllegalArgumentException if it is no such path, with the reason
   */
  public static RemotePath parse(String text) {
    String plain = text.replaceAll("/{2,}", "/");
    return new RemotePath(
        plain.length() > 1 && plain.endsWith("/") ? plain.substring(0, plain.length() - 1) : plain);
  }

  /** The path of a name, or of several with slashes between them, in this directory. */
  public RemotePath child(String name) {
    return new RemotePath(text.equals("/") ? "/" + name : text + "/" + name);
  }

  /** The last component; empty for the root. */
  public String name() {
    return text.substring(text.lastIndexOf('/') + 1);
  }

  /** The directory above; the root for the root. */
  public RemotePath above() {
    int slash = text.lastIndexOf('/');
    return new RemotePath(slash <= 0 ? "/" : text.substring(0, slash));
  }

  @Override
  public String toString() {
    return text;
  }
}
