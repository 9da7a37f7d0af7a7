package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the system gives less than was asked for. */
@EnabledOnOs(OS.LINUX)
final class SystemLimitsIT {
  private static final int MEGABYTE = 1 << 20;

  /** Every third call on a file of the test is interrupted; of the others every second is short. */
  private static final String INTERRUPTIONS =
      """
      typedef unsigned long size_t;
      typedef long ssize_t;
      extern void *dlsym(void *, const char *);
      extern int *__errno_location(void);
      extern ssize_t readlink(const char *, char *, size_t);
      extern char *strstr(const char *, const char *);
      extern int snprintf(char *, size_t, const char *, ...);
      extern char *getenv(const char *);
      static __thread unsigned calls;
      static int ours(int fd) {
        char link[64], path[4096];
        const char *scratch = getenv("SCRATCH");
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length < 0 || !scratch) return 0;
        path[length] = 0;
        return strstr(path, scratch) && (strstr(path, "/source") || strstr(path, "/target"));
      }
      #define REAL ((void *) -1l)
      #define INTERRUPTED (++calls % 3 == 0 && (*__errno_location() = 4))
      #define SHORT(n) ((n) > 7 && calls % 2 ? (n) / 3 + 1 : (n))
      #define TRANSFER(name, buffer) \\
        ssize_t name(int fd, buffer *b, size_t n) { \\
          ssize_t (*real)(int, buffer *, size_t) = dlsym(REAL, #name); \\
          if (!ours(fd)) return real(fd, b, n); \\
          return INTERRUPTED ? -1 : real(fd, b, SHORT(n)); \\
        } \\
        ssize_t p##name##64(int fd, buffer *b, size_t n, long at) { \\
          ssize_t (*real)(int, buffer *, size_t, long) = dlsym(REAL, "p" #name "64"); \\
          if (!ours(fd)) return real(fd, b, n, at); \\
          return INTERRUPTED ? -1 : real(fd, b, SHORT(n), at); \\
        }
      TRANSFER(read, void)
      TRANSFER(write, const void)
      #define CALL(name, parameters, arguments) \\
        int name parameters { \\
          int (*real) parameters = dlsym(REAL, #name); \\
          return INTERRUPTED ? -1 : real arguments; \\
        }
      CALL(syncfs, (int fd), (fd))
      CALL(fchmod, (int fd, int mode), (fd, mode))
      CALL(mkdirat, (int d, const char *p, int mode), (d, p, mode))
      CALL(unlinkat, (int d, const char *p, int flags), (d, p, flags))
      CALL(renameat, (int d, const char *p, int e, const char *q), (d, p, e, q))
      CALL(linkat, (int d, const char *p, int e, const char *q, int f), (d, p, e, q, f))
      CALL(utimensat, (int d, const char *p, const void *t, int f), (d, p, t, f))
      """;

  @TempDir private Path scratch;
  private Operator operator;
  private Path source;

  @BeforeEach
  void make() throws IOException {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("source"));
    operator.configure("BACKUPDIRS=" + source, "VERIFY_PERCENT=0");
    Files.writeString(source.resolve("file"), "text");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private Ran limited(String limit) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("/bin/sh", "-c", "ulimit " + limit + " && exec \"$@\"", "sh"));
    command.addAll(operator.command());
    return operator.process(Map.of("LC_ALL", "C.UTF-8"), command);
  }

  private void assertMirrored() throws IOException {
    assertThat(operator.job().status()).isZero();
    assertThat(TreeText.of(operator.target.resolve(source.toString().substring(1))))
        .isEqualTo(TreeText.of(source));
    assertThat(operator.run("verify").status()).isZero();
  }

  @Test
  void run_doesNothing_whereTooFewFilesMayBeOpen() throws Exception {
    Ran ran = limited("-n 64");

    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.err())
        .hasLineCount(1)
        .contains("no more than 64 files may be open at once, and 640 are needed; raise the limit");
    assertThat(operator.target).isEmptyDirectory();
    assertMirrored();
  }

  @Test
  void run_namesTheFile_thatIsLargerThanItMayWrite() throws Exception {
    assertMirrored();
    Files.writeString(source.resolve("file"), "another text");
    byte[] bytes = new byte[19 * MEGABYTE];
    new Random(1).nextBytes(bytes);
    Files.write(source.resolve("large"), bytes);

    Ran ran = limited("-f " + 18 * MEGABYTE / 512); // blocks of 512 bytes, as in POSIX

    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.err())
        .hasLineCount(1)
        .contains(operator.target + ": a file is larger than may be written; raise the limit")
        .contains(source + "/large: ")
        .contains("nothing that was stored is lost");
    assertMirrored();
  }

  @Test
  void run_isByteExact_whenCallsAreInterruptedAndCutShort() throws Exception {
    Path library = operator.scratch.resolve("interruptions.so");
    Files.writeString(operator.scratch.resolve("interruptions.c"), INTERRUPTIONS);
    Ran compiled =
        operator.sh(
            "command -v cc >/dev/null || exit 99; cc -w -shared -fPIC -nostdlib -o \"$1\" \"$2\"",
            library,
            operator.scratch.resolve("interruptions.c"));
    assumeTrue(compiled.status() != 99, "no C compiler here");
    assertThat(compiled.status()).as(compiled.err()).isZero();
    assertMirrored();
    byte[] bytes = new byte[300_000];
    new Random(2).nextBytes(bytes);
    for (int i = 0; i < 60; i++) {
      Path directory = Files.createDirectories(source.resolve("d" + i % 7));
      Files.write(directory.resolve("f" + i), java.util.Arrays.copyOf(bytes, 5000 * i + 1));
    }
    Files.createLink(source.resolve("second"), source.resolve("d1/f1"));
    Files.writeString(source.resolve("file"), "another text");
    Map<String, String> environment =
        Map.of(
            "LC_ALL",
            "C.UTF-8",
            "LD_PRELOAD",
            library.toString(),
            "SCRATCH",
            operator.scratch.toString());

    Ran ran = operator.process(environment, operator.command());

    assertThat(ran.status()).as(ran.err()).isZero();
    Path to = operator.scratch.resolve("restored-source");
    Ran restored =
        operator.process(
            environment, operator.command("restore", source.toString(), "--to", to.toString()));
    assertThat(restored.status()).as(restored.err()).isZero();
    assertThat(TreeText.of(to.resolve("source"))).isEqualTo(TreeText.of(source));
    assertMirrored();
  }
}
