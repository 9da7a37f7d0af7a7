package org.deferredsync.backup;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * The run book in the target: how to restore with the program and without it. Whoever needs it may
 * have nothing but the disk.
 */
final class RestoreGuide {
  private static final byte[] NAME = "RESTORE.md".getBytes(StandardCharsets.US_ASCII);
  private static final int LIMIT = 1 << 20;

  private final Posix posix;
  private final Target target;
  private final Logger log;

  RestoreGuide(Posix posix, Target target, Logger log) {
    this.posix = posix;
    this.target = target;
    this.log = log;
  }

  /** Writes it, if it does not say already what it should; a failure is no more than a warning. */
  void keep(List<FilePath> sources) {
    try {
      byte[] text = text(target.path(), sources).getBytes(StandardCharsets.UTF_8);
      if (!Arrays.equals(present(), text)) {
        AtomicFile.write(posix, target.own(), NAME, text, 0600);
      }
    } catch (IOException e) {
      log.warn(
          "{}/{}/RESTORE.md: not written: {}; the next run tries again",
          target.path(),
          Target.OWN,
          e.getMessage());
    }
  }

  private byte[] present() throws IOException {
    try {
      return AtomicFile.read(posix, target.own(), NAME, LIMIT);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return new byte[0];
      }
      throw e;
    }
  }

  static String text(FilePath target, List<FilePath> sources) throws IOException {
    String template;
    try (InputStream in = RestoreGuide.class.getResourceAsStream("RESTORE.md")) {
      if (in == null) {
        throw new FileNotFoundException("the program lacks its RESTORE.md; install it again");
      }
      template = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    FilePath first = sources.stream().sorted().findFirst().orElse(FilePath.ROOT);
    String list =
        sources.stream().sorted().map(each -> "- " + each).collect(Collectors.joining("\n"));
    return template
        .replace("@SOURCES@", list.isEmpty() ? "- none yet" : list)
        .replace("@TARGET@", target.toString())
        .replace("@SOURCE@", word(first))
        .replace("@QUOTED_TARGET@", quoted(target))
        .replace("@QUOTED_SOURCE@", quoted(first));
  }

  /** As a word of a shell, in quotes only where it needs them. */
  private static String word(FilePath path) {
    return path.toString().matches("[A-Za-z0-9/._-]+") ? path.toString() : quoted(path);
  }

  private static String quoted(FilePath path) {
    return "'" + path.toString().replace("'", "'\\''") + "'";
  }
}
