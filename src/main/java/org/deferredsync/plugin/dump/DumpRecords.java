package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.deferredsync.backup.Engine;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;

/**
 * What this host remembers of its dumps: a file each in a directory of its own, mode 0700, outside
 * of the directories of the dumps, which others may write to.
 */
final class DumpRecords {
  private static final int LONGEST = 64 << 20;

  private final Posix posix;
  private final Path directory;

  DumpRecords(Posix posix, Path directory) {
    this.posix = posix;
    this.directory = directory;
  }

  /** Those of this host and user. */
  static DumpRecords ofHost(Posix posix, Map<String, String> environment) {
    return new DumpRecords(posix, Engine.stateDirectory(environment).resolveSibling("dumps"));
  }

  /** What is remembered of a dump; a damaged record, or one under another's name, is none. */
  Optional<DumpRecord> find(Kind kind, String dumpDirectory, String contents) throws IOException {
    return find(fileOf(kind, dumpDirectory, contents));
  }

  private Optional<DumpRecord> find(byte[] file) throws IOException {
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    int state = posix.openPath(bytes(directory.toString()));
    try {
      byte[] text = AtomicFile.read(posix, state, file, LONGEST);
      DumpRecord record = RecordText.read(new String(text, StandardCharsets.UTF_8));
      return Optional.of(record).filter(it -> Arrays.equals(fileOf(it), file));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    } finally {
      posix.close(state);
    }
  }

  /** All of them, by kind and path. */
  List<DumpRecord> all() throws IOException {
    List<DumpRecord> records = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      List<Path> files;
      try (Stream<Path> found = Files.list(directory)) {
        files = found.filter(file -> !file.toString().endsWith(".new")).toList();
      }
      for (Path file : files) {
        find(bytes(file.getFileName().toString())).ifPresent(records::add);
      }
    }
    records.sort(Comparator.comparing(DumpRecord::kind).thenComparing(DumpRecord::path));
    return records;
  }

  void write(DumpRecord record) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    int state = posix.openPath(bytes(directory.toString()));
    try {
      byte[] text = bytes(RecordText.of(record));
      AtomicFile.write(posix, state, fileOf(record), text, 0600);
    } finally {
      posix.close(state);
    }
  }

  /** Forgets a dump. */
  void remove(DumpRecord record) throws IOException {
    int state = posix.openPath(bytes(directory.toString()));
    try {
      posix.unlink(state, fileOf(record));
    } finally {
      posix.close(state);
    }
  }

  private static byte[] fileOf(DumpRecord record) {
    return fileOf(record.kind(), record.directory(), record.contents());
  }

  private static byte[] fileOf(Kind kind, String dumpDirectory, String contents) {
    byte[] identity = bytes(kind.word() + ":" + dumpDirectory + "/" + contents);
    return bytes(HexFormat.of().formatHex(Digests.sha256().digest(identity), 0, 16));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
