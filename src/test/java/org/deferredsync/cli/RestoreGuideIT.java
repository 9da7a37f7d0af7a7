package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands of RESTORE.md, taken out of the file and run on the target that it lies in. */
@Timeout(120)
final class RestoreGuideIT {
  private static final Pattern SHELL = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir private Path scratch;
  private Operator operator;
  private Path source;

  @BeforeEach
  void backUpTwice() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("it's-a-source"));
    write("file", "first", "1969-01-02T03:04:05.5Z");
    write("sub/deep/old 'name'", "old", "2020-01-02T03:04:05.123456789Z");
    write("sub/mode", "mode", "2020-01-02T03:04:05Z");
    write("gone/file", "gone", "2020-01-02T03:04:05Z");
    Files.createSymbolicLink(source.resolve("link"), Path.of("no where"));
    Files.createDirectories(source.resolve("empty"));
    Files.setPosixFilePermissions(
        source.resolve("empty"), PosixFilePermissions.fromString("rwx--x---"));
    Files.setLastModifiedTime(
        source.resolve("empty"), FileTime.from(Instant.parse("2020-01-02T03:04:05Z")));
    operator.configure("BACKUPDIRS=\"" + source + "\"");
    operator.sh("cp -a \"$1\" \"$2\"", source, operator.scratch.resolve("first"));
    assertThat(operator.job().status()).isZero();
    write("file", "second", "2022-01-02T03:04:05Z");
    Files.move(source.resolve("sub/deep/old 'name'"), source.resolve("sub/new"));
    Files.setPosixFilePermissions(
        source.resolve("sub/mode"), PosixFilePermissions.fromString("rw-------"));
    operator.sh("rm -r \"$1\"", source.resolve("gone"));
    Files.delete(source.resolve("link"));
    assertThat(operator.job().status()).isZero();
  }

  private void write(String name, String text, String time) throws IOException {
    Path file = source.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse(time)));
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private String guide() throws IOException {
    return Files.readString(operator.target.resolve(".deferred-sync/RESTORE.md"));
  }

  private String shellOf(String guide) {
    return SHELL
        .matcher(guide)
        .results()
        .map(block -> block.group(1))
        .collect(Collectors.joining());
  }

  /** Runs all blocks in their order, with these of the first lines changed. */
  private Ran follow(Map<String, String> changed, String between) throws Exception {
    String script = shellOf(guide());
    for (Map.Entry<String, String> each : changed.entrySet()) {
      Matcher line = Pattern.compile("(?m)^" + each.getKey() + "=.*$").matcher(script);
      assertThat(line.find()).as(each.getKey()).isTrue();
      script = line.replaceFirst(Matcher.quoteReplacement(each.getKey() + "=" + each.getValue()));
    }
    assertThat(script).contains("echo \"Run $RUN\"\n");
    return operator.sh(script.replace("echo \"Run $RUN\"\n", between + "\necho \"Run $RUN\"\n"));
  }

  @Test
  void commands_bringBackBothSnapshots() throws Exception {
    Path out = operator.scratch.resolve("out");
    Ran first =
        follow(
            Map.of(
                "OUT", out.toString(),
                "FILE", "\"$SOURCE/sub/deep/old 'name'\"",
                "TIME", "'2999-01-01'"),
            "RUN=1");
    assertThat(first.err()).isEmpty();
    assertThat(first.status()).isZero();
    assertThat(first.out()).contains("Run 1\n", "|complete\n", "/file/old 'name': OK\n", "|644|");
    assertThat(TreeText.of(out.resolve("latest"))).isEqualTo(TreeText.of(source));
    assertThat(out.resolve("file/old 'name'")).hasContent("old");
    assertThat(TreeText.of(out.resolve("all" + source)))
        .isEqualTo(TreeText.of(operator.scratch.resolve("first")));

    Path second = operator.scratch.resolve("second");
    Ran latest =
        follow(
            Map.of("OUT", second.toString(), "FILE", "\"$SOURCE/file\"", "TIME", "'2999-01-01'"),
            ":");
    assertThat(latest.err()).isEmpty();
    assertThat(latest.out()).contains("Run 2\n", "/file/file: OK\n");
    assertThat(second.resolve("file/file")).hasContent("second");
    assertThat(TreeText.of(second.resolve("all" + source))).isEqualTo(TreeText.of(source));
  }

  @Test
  void commands_sayWhichFileHasWrongBytes() throws Exception {
    Files.writeString(operator.target.resolve((source + "/file").substring(1)), "sECOND");
    Ran ran =
        follow(
            Map.of(
                "OUT", "" + operator.scratch.resolve("out"),
                "FILE", "\"$SOURCE/sub/new\"",
                "TIME", "'2999-01-01'"),
            ":");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out()).contains("/file: FAILED\n");
  }

  @Test
  void commands_ofTheProgram_work() throws Exception {
    List<String> lines =
        guide().lines().filter(line -> line.startsWith("    deferred-sync ")).toList();
    assertThat(lines).hasSize(5);
    String program =
        operator.command().stream()
            .map(word -> "'" + word + "'")
            .collect(Collectors.joining(" ", "program() { ", " \"$@\"; }\n"));
    Ran ran =
        operator.sh(
            program
                + String.join("\n", lines)
                    .replace("    deferred-sync ", "program ")
                    .replace("/tmp/restored", operator.scratch.resolve("restored").toString()));
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("Restored ");
    assertThat(TreeText.of(operator.scratch.resolve("restored/it's-a-source")))
        .isEqualTo(TreeText.of(source));
  }

  @Test
  void guide_namesTheSources_alsoThoseThatAreRetired_andIsOursAlone() throws Exception {
    Path other = Files.createDirectories(operator.scratch.resolve("other"));
    Files.writeString(other.resolve("x"), "x");
    operator.configure("BACKUPDIRS=" + other);
    assertThat(operator.job().status()).isZero();
    assertThat(guide()).contains("\n\n- " + source + "\n- " + other + "\n\n");
    Path file = operator.target.resolve(".deferred-sync/RESTORE.md");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(guide().lines()).allMatch(line -> line.length() <= 160);
  }
}
