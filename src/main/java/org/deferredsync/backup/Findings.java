package org.deferredsync.backup;

import java.util.BitSet;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Quantity;
import org.slf4j.Logger;

/**
 * What a verification finds: each thing is said in one line, of one kind a thousand at most, and
 * counted; and which contents and directories are to be marked in the catalogue, a bit for each.
 */
final class Findings {
  private static final int SAID = 1_000;

  private final Logger log;
  private final BitSet good = new BitSet();
  private final BitSet damagedContents = new BitSet();
  private final BitSet missingContents = new BitSet();
  private final BitSet rotten = new BitSet();
  private final BitSet directories = new BitSet();
  private long files;
  private long bytes;
  private long damaged;
  private long missing;
  private long unknown;
  private long rot;
  private long catalogue;
  private boolean manifests;

  Findings(Logger log) {
    this.log = log;
  }

  /** What the system lacked says nothing of the target. */
  static void requireAnswer(PosixException failure) throws PosixException {
    if (failure.isShortage()) {
      throw failure;
    }
  }

  /** A content is about to be read. */
  void reading(long size) {
    files++;
    bytes += size;
  }

  /** All files of the content are as they were stored. */
  void good(long content) {
    good.set(bit(content));
  }

  /** Other bytes than were stored, or none that can be read. */
  void damaged(long content, String line) {
    damagedContents.set(bit(content));
    damaged(line);
  }

  /** A file of the content is not where it should be. */
  void missing(long content, String line) {
    missingContents.set(bit(content));
    missing(line);
  }

  /** What has no content is not as it was stored, in the directory with that id. */
  void damagedIn(long directory, String line) {
    directories.set(bit(directory));
    damaged(line);
  }

  /** The same of what is not there. */
  void missingIn(long directory, String line) {
    directories.set(bit(directory));
    missing(line);
  }

  /** What nothing can be marked for is not as it was stored, or cannot be read. */
  void damaged(String line) {
    damaged++;
    error(damaged, line);
  }

  /** What nothing can be marked for is not there. */
  void missing(String line) {
    missing++;
    error(missing, line);
  }

  /** What a rebuild would have to do without, though all that was stored is there. */
  void manifest(String line) {
    manifests = true;
    damaged(line + "; the next run writes all manifests anew");
  }

  /** Whether the manifests are to be written anew. */
  boolean manifests() {
    return manifests;
  }

  /** A name that no row of the catalogue has. */
  void unknown(String line) {
    unknown++;
    if (unknown <= SAID) {
      log.warn("{}", line);
    } else {
      log.debug("{}", line);
    }
  }

  /**
   * A file of the source has other bytes than were stored, though nothing else about it changed.
   */
  void rot(long content, String line) {
    rotten.set(bit(content));
    rot++;
    error(rot, line);
  }

  /** The catalogue itself is damaged. */
  void catalogue(String line) {
    catalogue++;
    error(catalogue, line);
  }

  private void error(long count, String line) {
    if (count <= SAID) {
      log.error("{}", line);
    } else {
      log.debug("{}", line);
    }
  }

  /** Ends the lines: how many of each kind were not said. */
  void end() {
    more(damaged, "damaged");
    more(missing, "missing");
    more(unknown, "unknown");
    more(rot, "changed in a source without a trace");
  }

  private void more(long count, String kind) {
    if (count > SAID) {
      log.warn(
          "{} {}; -v names all of them.", Quantity.of(count - SAID, "more is", "more are"), kind);
    }
  }

  /** Whether the content was found bad. */
  boolean isBad(long content) {
    return damagedContents.get(bit(content)) || missingContents.get(bit(content));
  }

  /** What a content that was found bad is from now on. */
  Contents.State state(long content) {
    return damagedContents.get(bit(content)) ? Contents.State.DAMAGED : Contents.State.MISSING;
  }

  /** Contents that are as they were stored. */
  BitSet good() {
    return good;
  }

  /** Contents of which a file is damaged or missing. */
  BitSet bad() {
    BitSet bad = (BitSet) damagedContents.clone();
    bad.or(missingContents);
    return bad;
  }

  /** Good contents of which the source's file is in doubt. */
  BitSet rotten() {
    return rotten;
  }

  /** Directories in which something without a content is not as it was stored. */
  BitSet directories() {
    return directories;
  }

  Verifier.Result result() {
    return new Verifier.Result(files, bytes, damaged, missing, unknown, rot, catalogue);
  }

  /** A bit for each is a megabyte for eight million of them. */
  private static int bit(long id) {
    return Math.toIntExact(id);
  }
}
