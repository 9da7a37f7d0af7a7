package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.LinkedNames;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;

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
    Stager stager,
    Displacer displacer,
    Batches batches,
    RowWriter rows,
    Unkept unkept,
    List<SourceWork> sources) {

  Batch batch() {
    return batches.current();
  }
}
