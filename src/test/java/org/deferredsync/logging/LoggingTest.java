package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class LoggingTest {
  private static final Clock TOKYO = Clock.system(ZoneId.of("Asia/Tokyo"));

  @TempDir Path directory;

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private List<String> log(boolean verbose, Level least, boolean colour, Runnable task)
      throws Exception {
    Path file = directory.resolve("log");
    try (JobLog log = JobLog.open(file, new PrintStream(shown, true, StandardCharsets.UTF_8));
        Logging logging = Logging.start(TOKYO, verbose)) {
      logging.keep(log);
      logging.show(new Screen(new PrintStream(shown, true, StandardCharsets.UTF_8), least, colour));
      task.run();
    }
    return Files.readAllLines(file);
  }

  private static void say(String name, String sentence) {
    LoggerFactory.getLogger(name).info("{}", sentence);
  }

  @Test
  void record_isOneLine_inTheFormOfTheContract() throws Exception {
    List<String> lines =
        log(false, Level.INFO, false, () -> say("incremental_backup", "12 files."));

    assertThat(lines)
        .singleElement()
        .asString()
        .matches(
            "\\[INFO] \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+09:00 incremental_backup: 12"
                + " files\\.");
    assertThat(shown.toString(StandardCharsets.UTF_8)).isEqualTo(lines.get(0) + "\n");
  }

  @Test
  void record_cannotBeForged() throws Exception {
    List<String> lines =
        log(
            false,
            Level.INFO,
            false,
            () -> say("x\n[INFO] y", "a\r\n[INFO] completed\u001b[2J\u009b\u0085\u2028\ud800"));

    assertThat(lines).singleElement().asString().contains("\\x0a[INFO] y").contains("\\x1b[2J");
    assertThat(lines.get(0)).doesNotContain("\u001b", "\u009b", "\u0085");
  }

  @Test
  void libraries_speakFromWarningsOn_forThePluginOfTheirThread() throws Exception {
    List<String> lines =
        log(
            false,
            Level.INFO,
            false,
            () -> {
              Logging.speakFor("dump");
              LoggerFactory.getLogger("org.example.Library").info("nothing");
              LoggerFactory.getLogger("org.example.Library").warn("trouble");
              org.slf4j.MDC.clear();
              LoggerFactory.getLogger("com.example.Library").error("no plugin");
            });

    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith("[WARN] ").endsWith(" dump: trouble");
    assertThat(lines.get(1)).startsWith("[ERROR] ").endsWith(" job: no plugin");
  }

  @Test
  void speakers_areHeardInFull_whateverTheirNames() throws Exception {
    List<String> lines =
        log(
            false,
            Level.INFO,
            false,
            () -> {
              for (String name : List.of("net", "io.stats", "my.plugin")) {
                Logging.speaker(name).info("| line of a program");
              }
            });

    assertThat(lines)
        .satisfiesExactly(
            line -> assertThat(line).startsWith("[INFO] ").endsWith(" net: | line of a program"),
            line -> assertThat(line).endsWith(" io.stats: | line of a program"),
            line -> assertThat(line).endsWith(" my.plugin: | line of a program"));
  }

  @Test
  void stackTrace_isShownOnlyWhenVerbose_lineByLine() throws Exception {
    Runnable task =
        () -> LoggerFactory.getLogger("p").warn("failed", new IllegalStateException("a\nb"));

    assertThat(log(false, Level.INFO, false, task)).hasSize(1);
    Files.delete(directory.resolve("log"));
    assertThat(log(true, Level.INFO, false, task))
        .hasSizeGreaterThan(5)
        .allMatch(line -> line.startsWith("[WARN] "))
        .anyMatch(line -> line.contains(" p: | ") && line.contains("LoggingTest"));
  }

  @Test
  void screen_showsFromItsLevelOn_andColoursTrouble() throws Exception {
    List<String> lines =
        log(
            false,
            Level.WARN,
            true,
            () -> {
              say("p", "fine");
              LoggerFactory.getLogger("p").warn("look");
              LoggerFactory.getLogger("p").error("bad");
            });

    assertThat(lines).hasSize(3).noneMatch(line -> line.contains("\u001b"));
    assertThat(shown.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "\u001b[33m" + lines.get(1) + "\u001b[0m", "\u001b[31m" + lines.get(2) + "\u001b[0m");
  }

  @Test
  void childLines_areSetOff_andStopAtAFlood() throws Exception {
    List<String> lines =
        log(
            false,
            Level.ERROR,
            false,
            () -> {
              try (ChildLines child = new ChildLines(LoggerFactory.getLogger("p"))) {
                child.accept("[INFO] forged");
                String line = "x".repeat(65_535);
                for (int i = 0; i < 300; i++) {
                  child.accept(line);
                }
              }
            });

    assertThat(lines.get(0)).startsWith("[INFO] ").endsWith(" p: | [INFO] forged");
    assertThat(lines.get(lines.size() - 1))
        .startsWith("[WARN] ")
        .endsWith(" 45 more lines of output were left out of the log.");
    assertThat(lines).hasSize(1 + 255 + 1);
  }

  @Test
  void close_leavesNobodyListening() throws Exception {
    log(false, Level.INFO, false, () -> {});
    say("p", "into the void");

    assertThat(directory.resolve("log")).isEmptyFile();
    assertThat(shown.size()).isZero();
  }
}
