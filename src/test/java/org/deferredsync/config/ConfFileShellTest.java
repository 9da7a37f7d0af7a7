package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sync.conf reads as is what sh makes of it; sh is the judge. */
final class ConfFileShellTest {
  private static final int FILES = Integer.getInteger("files", 300);
  private static final List<String> NAMES = List.of("A", "B", "C_1", "_d", "Ee", "F", "G", "H9");
  private static final Map<String, String> VARIABLES =
      Map.of("HOME", "/home/some one", "GIVEN", "a  b*$c", "EMPTY", "");
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final String ZONE = "Asia/Tokyo";

  @TempDir Path directory;
  private Path shell = Path.of("/bin/sh");

  @Test
  void read_givesWhatTheShellGives_forRandomFiles() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ConfFileShellTest -Dseed=" + seed);
    Random random = new Random(seed);
    int values = 0;
    for (int i = 0; i < FILES; i++) {
      String conf = new Generator(random, NAMES).file();
      Map<String, String> expected = byShell(conf);
      Map<String, String> actual = byReader(conf);
      assertThat(actual).as("seed %d, file %d:%n%s", seed, i, conf).isEqualTo(expected);
      values += (int) expected.values().stream().filter(value -> !value.isEmpty()).count();
    }
    assertThat(values).isGreaterThan(FILES * 2);
  }

  /** On Red Hat sh is bash. */
  @Test
  void read_givesWhatTheShellGives_whereShIsBash() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash here");
    shell = Files.createSymbolicLink(directory.resolve("sh"), Path.of("/bin/bash"));
    read_givesWhatTheShellGives_forRandomFiles();
    Files.delete(shell);
  }

  @Test
  void read_givesWhatDateGives_forEveryLetter() throws Exception {
    StringBuilder conf = new StringBuilder();
    for (String directive : DateFormat.KNOWN.split(" ", -1)) {
      conf.append("A=\"$A$(date '+").append(directive).append("')|\"\n");
    }
    for (String time :
        List.of(
            "2026-01-01T00:00:00Z",
            "2024-12-30T15:59:59Z",
            "2027-01-03T12:30:00Z",
            "2028-02-29T23:00:00Z",
            "2000-09-05T09:05:07Z")) {
      Instant now = Instant.parse(time);
      assertThat(byReader(conf.toString(), now)).isEqualTo(byShell(conf.toString(), now));
    }
  }

  @Test
  void read_givesWhatTheShellGives_forTheShippedFile() throws Exception {
    String conf = Files.readString(Path.of("config/sync.conf"));
    List<String> keys = KnownSettings.all().stream().map(KnownSetting::key).toList();
    Map<String, String> expected = byShell(conf, NOW, keys);
    Map<String, String> actual = new TreeMap<>();
    Configuration read = ConfFile.read("sync.conf", conf.getBytes(UTF_8), environment(NOW));
    read.settings()
        .values()
        .forEach(
            (key, value) -> actual.put(key, value.origin().equals("default") ? "" : value.text()));
    assertThat(actual).isEqualTo(expected);
    assertThat(read.warnings()).isEmpty();
  }

  private Map<String, String> byReader(String conf) throws SettingException {
    return byReader(conf, NOW);
  }

  private Map<String, String> byReader(String conf, Instant now) throws SettingException {
    Settings settings =
        ConfFile.read("sync.conf", conf.getBytes(UTF_8), environment(now)).settings();
    Map<String, String> values = new TreeMap<>();
    NAMES.forEach(name -> values.put(name, settings.text(name)));
    return values;
  }

  private static Environment environment(Instant now) {
    HostName host = new HostName(() -> "host.example.org", name -> Optional.of("full.example.org"));
    return new Environment(
        Path.of("/opt/deferred-sync"), VARIABLES, host, Clock.fixed(now, ZoneId.of(ZONE)));
  }

  private Map<String, String> byShell(String conf) throws Exception {
    return byShell(conf, NOW);
  }

  private Map<String, String> byShell(String conf, Instant now) throws Exception {
    return byShell(conf, now, NAMES);
  }

  private Map<String, String> byShell(String conf, Instant now, List<String> names)
      throws Exception {
    Path file = Files.writeString(directory.resolve("sync.conf"), conf);
    Path bin = Files.createDirectories(directory.resolve("bin"));
    program(bin.resolve("date"), "exec /bin/date -d @" + now.getEpochSecond() + " \"$@\"");
    program(
        bin.resolve("hostname"),
        "case $1 in -s) echo host;; -f) echo full.example.org;; *) echo host.example.org;; esac");
    StringBuilder script = new StringBuilder(". \"$0\"\n");
    names.forEach(name -> script.append("printf '%s\\0' \"$").append(name).append("\"\n"));
    ProcessBuilder builder =
        new ProcessBuilder(shell.toString(), "-c", script.toString(), file.toString());
    builder.environment().clear();
    builder.environment().putAll(VARIABLES);
    builder.environment().put("PATH", bin.toString());
    builder.environment().put("TZ", ZONE);
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("SCRIPT_HOME", "/opt/deferred-sync");
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    process.getOutputStream().close();
    String[] output = new String(process.getInputStream().readAllBytes(), UTF_8).split("\0", -1);
    assertThat(process.waitFor()).as(conf).isZero();
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), output[i]);
    }
    return values;
  }

  private static void program(Path path, String text) throws IOException {
    if (Files.notExists(path)) {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    Files.writeString(path, "#!/bin/sh\n" + text + "\n");
  }

  /** Files within the grammar that is read; every character that means something is frequent. */
  record Generator(Random random, List<String> names) {
    private static final String PLAIN = "abcXYZ019_-./,:=%@^+]~é漢#!{}*?[";

    String file() {
      StringBuilder file = new StringBuilder();
      int lines = 1 + random.nextInt(8);
      for (int i = 0; i < lines; i++) {
        file.append(line()).append('\n');
      }
      if (random.nextInt(8) == 0) {
        file.setLength(file.length() - 1);
      }
      return file.toString();
    }

    private String line() {
      String blank = of("", "", "", " ", "\t ");
      return switch (random.nextInt(12)) {
        case 0 -> blank;
        case 1 -> blank + "# it's a \"comment\" $(x) `y` ${z \\";
        case 2 -> blank + "export " + assignment();
        case 3 -> blank + assignment() + of(" ", "  ", "\t", " \\\n ") + assignment();
        case 4 -> blank + assignment() + " # it's $(no) \"value";
        case 5 -> blank + "export " + of(names.toArray(String[]::new)) + " " + assignment();
        default -> blank + assignment() + of("", "", " ", "\t");
      };
    }

    private String assignment() {
      String name = of(names.toArray(String[]::new));
      String value = of("", "", "", "", "~", "~/", "~:") + value();
      return name + "=" + value.replace("\\\n~", "\\\nx").replaceAll("(^|:)~(?=[^/:]|$)", "$1x");
    }

    private String value() {
      StringBuilder value = new StringBuilder();
      for (int i = random.nextInt(5); i > 0; i--) {
        value.append(
            switch (random.nextInt(8)) {
              case 0 -> "'" + text(PLAIN + " \t\n\\\"$`;&|<>()") + "'";
              case 1, 2 -> "\"" + quoted(0) + "\"";
              case 3 -> "\\" + of("'", "\"", "\\", "$", "`", " ", "#", ";", "a", "\n", "~", "(");
              case 4 -> expansion(false, 0);
              default -> text(PLAIN.replaceAll("[{}]", ""));
            });
      }
      return value.toString();
    }

    private String quoted(int depth) {
      StringBuilder value = new StringBuilder();
      for (int i = random.nextInt(5); i > 0; i--) {
        value.append(
            switch (random.nextInt(5)) {
              case 0 -> "\\" + of("\"", "\\", "$", "`", "a", "\n", " ", "'");
              case 1 -> expansion(true, depth);
              case 2 -> of("$ ", "$/", "$.", "$%", "$=");
              default ->
                  depth == 0
                      ? text(PLAIN + " \t\n;&|<>()'")
                      : text(PLAIN.replace("}", "") + " \t\n;&|'");
            });
      }
      return value.toString();
    }

    private String expansion(boolean quoted, int depth) {
      String name =
          random.nextInt(10) < 6
              ? names.get(random.nextInt(6))
              : of("GIVEN", "EMPTY", "NOWHERE", "SCRIPT_HOME");
      return switch (random.nextInt(9)) {
        case 0, 1 -> "$" + name + of("", "", "/", ".", "\\\n", "\\\nz");
        case 2 -> "${" + name + "}";
        case 3, 4 -> "${" + name + ":-" + otherwise(quoted, depth + 1) + "}";
        case 5 -> of("$(hostname)", "$( hostname -s )", "$(hostname -f)", "$(\nhostname\n)");
        case 6 -> of("`hostname`", "` hostname  -s`", "`hostname -f`");
        case 7 ->
            of("$(date +%Y%m%d)", "$(date '+%F %T')", "$(date +\"%a %b\")", "$(date +%j\\ %u)");
        default -> of("`date +%Y%m%d`", "`date '+%F %T'`");
      };
    }

    private String otherwise(boolean quoted, int depth) {
      if (depth > 2) {
        return "x";
      }
      if (quoted) {
        return quoted(depth);
      }
      StringBuilder value = new StringBuilder("y");
      for (int i = random.nextInt(4); i > 0; i--) {
        value.append(
            switch (random.nextInt(5)) {
              case 0 -> "'" + text(PLAIN + " \n") + "'";
              case 1 -> "\"" + quoted(0) + "\"";
              case 2 -> expansion(false, depth);
              case 3 -> "\\" + of("}", "\\", "'", "a", "\"", "$");
              default -> text("ab/.- \t,;&|#\n");
            });
      }
      return value.toString();
    }

    private String text(String characters) {
      StringBuilder text = new StringBuilder();
      int[] points = characters.codePoints().toArray();
      for (int i = random.nextInt(6); i > 0; i--) {
        text.appendCodePoint(points[random.nextInt(points.length)]);
      }
      return text.toString();
    }

    private String of(String... choices) {
      return choices[random.nextInt(choices.length)];
    }
  }

  /** Keeps the generator honest: what it makes is mostly not plain text. */
  @Test
  void generator_makesEveryConstruct() {
    Random random = new Random(1);
    List<String> files = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      files.add(new Generator(random, NAMES).file());
    }
    String all = String.join("\n", files);
    assertThat(all).contains("export ", "${", ":-", "$(date", "`hostname", "\\\n", "'", "\"", "~/");
  }
}
