package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.LinkedNames;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * What all who apply the plan of one run share.
 *
 * @param catalogue a connection that sees what is committed; rows are written by {@code rows} alone
 */
record RunContext(
    Posix posix,
    Catalogue catalogue,
    PlanStore store,
    LinkedNames links,
    Target target,
    SourceReader reader,
    Stager stager,
    MirrorCheck mirror,
    Displacer displacer,
    Batches batches,
    RowWriter rows,
    Unkept unkept,
    List<SourceWork> sources) {

  Batch batch() {
    return batches.current();
  }

  /** Whether the row is this version with these attributes, so that at most evidence is new. */
  boolean isVersion(Entry row, Version version, ExtendedAttributes attributes) throws IOException {
    return version.equals(row.version().withXattr(version.xattr()))
        && attributes.equals(catalogue.xattrs().find(row.version().xattr()));
  }

  /**
   * Whether the staged bytes are others than those that the row had, as far as these are known: by
   * their hash, whatever else of the file changed.
   */
  boolean isRewritten(Entry row, Staged staged) throws IOException {
    Long content = row.version().content();
    return content != null && isRewritten(catalogue.contents().find(content).orElse(null), staged);
  }

  /** The same, by the content that the row named. */
  static boolean isRewritten(@Nullable Content stored, Staged staged) {
    return stored != null && staged.hash() != null && !stored.hash().equals(staged.hash());
  }
}
