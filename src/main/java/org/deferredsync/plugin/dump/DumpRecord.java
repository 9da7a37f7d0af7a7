package org.deferredsync.plugin.dump;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What this host remembers of one dump: the last good one, the last failure after it, the last
 * proof.
 *
 * @param directory where it lies, printable
 * @param contents the name without compression, which with kind and directory is its identity
 * @param dump null if none was ever made
 * @param failure null if the last attempt succeeded
 * @param proof null if none was ever tried
 */
record DumpRecord(
    Kind kind,
    String directory,
    String contents,
    @Nullable Dumped dump,
    @Nullable Failure failure,
    @Nullable Proof proof) {

  /**
   * A good dump.
   *
   * @param file the name of the file
   * @param checked when the contents were last found to be what the file has
   * @param written when the file was written
   * @param contentHash of the contents, as {@link Contents#hash} says it
   * @param fileHash of the file's bytes
   * @param mark where the next one has to go on, for dumps in parts; else empty
   */
  record Dumped(
      String file,
      Instant checked,
      Instant written,
      String contentHash,
      String fileHash,
      long contentBytes,
      long fileBytes,
      String mark,
      Tables tables) {
    Dumped checked(Instant now) {
      return new Dumped(
          file, now, written, contentHash, fileHash, contentBytes, fileBytes, mark, tables);
    }
  }

  /** An attempt that failed. */
  record Failure(Instant time, String reason) {}

  /**
   * What a drill found.
   *
   * @param written of which dump, by when its file was written
   */
  record Proof(Instant time, Instant written, Result result, String text) {}

  /** How a drill ended. */
  enum Result {
    PROVEN,
    PARSED,
    FAILED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static DumpRecord of(Kind kind, String directory, String contents) {
    return new DumpRecord(kind, directory, contents, null, null, null);
  }

  DumpRecord with(Dumped newDump) {
    return new DumpRecord(kind, directory, contents, newDump, null, proof);
  }

  DumpRecord with(Failure newFailure) {
    return new DumpRecord(kind, directory, contents, dump, newFailure, proof);
  }

  DumpRecord with(Proof newProof) {
    return new DumpRecord(kind, directory, contents, dump, failure, newProof);
  }

  /** For people: the path of the file, or of what it would have held. */
  String path() {
    return (directory.equals("/") ? "" : directory) + "/" + (dump == null ? contents : dump.file());
  }
}
