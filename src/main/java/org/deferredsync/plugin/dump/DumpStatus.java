package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.Sizes;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.plugin.dump.DumpRecord.Failure;
import org.jspecify.annotations.Nullable;

/**
 * How one dump stands, from what this host remembers.
 *
 * @param lastGood when its contents were last dumped, changed or not; null if never
 * @param written when the file was written
 * @param bytes of the file
 * @param content in words, how much is in it
 * @param failed when an attempt after the last good one failed; null if none did
 * @param reason why it failed
 * @param proof the last drill; null if there was none
 */
public record DumpStatus(
    String kind,
    String path,
    @Nullable Instant lastGood,
    @Nullable Instant written,
    long bytes,
    int tables,
    long rows,
    String content,
    @Nullable Instant failed,
    String reason,
    @Nullable Proven proof) {

  /**
   * What a drill said.
   *
   * @param result {@code proven}, {@code parsed} or {@code failed}
   * @param ofThis whether it was of the file that is there now
   */
  public record Proven(Instant time, String result, String text, boolean ofThis) {}

  /** Those in the directories that the settings have, by kind and path. */
  public static List<DumpStatus> all(Settings settings, Map<String, String> environment)
      throws SettingException, IOException {
    List<DumpStatus> all = new ArrayList<>();
    for (DumpRecord record : DumpRecords.ofHost(Posix.ofSystem(), environment).all()) {
      if (DumpDirectories.have(settings, record)) {
        all.add(of(record));
      }
    }
    return all;
  }

  private static DumpStatus of(DumpRecord record) {
    Dumped dump = record.dump();
    Failure failure = record.failure();
    return new DumpStatus(
        record.kind().word(),
        record.path(),
        dump == null ? null : dump.checked(),
        dump == null ? null : dump.written(),
        dump == null ? 0 : dump.fileBytes(),
        dump == null ? 0 : dump.tables().rows().size(),
        dump == null ? 0 : dump.tables().sum(),
        dump == null ? "" : dump.tables().text() + ", " + Sizes.text(dump.fileBytes()),
        failure == null ? null : failure.time(),
        failure == null ? "" : failure.reason(),
        proven(record, dump));
  }

  private static @Nullable Proven proven(DumpRecord record, @Nullable Dumped dump) {
    DumpRecord.Proof proof = record.proof();
    return proof == null
        ? null
        : new Proven(
            proof.time(),
            proof.result().word(),
            proof.text(),
            dump != null && dump.written().equals(proof.written()));
  }
}
