package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The command lines of doc/OPERATIONS.md, as written, after the accident that each section is about
 * has happened; in a mount namespace of their own, where the document's paths are real.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
final class OperationsIT {
  private static final Path DOCUMENT = Path.of("doc/OPERATIONS.md");
  private static final Pattern SECTION = Pattern.compile("(?ms)^##+ (.*?)$(.*?)(?=^##|\\z)");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(sh|text)\n(.*?)^```$");
  private static final Pattern EXITS = Pattern.compile("# exits with (\\d)$");
  private static final Pattern FIGURE = Pattern.compile("\\d+(?:\\.\\d+)?");
  private static final int NO_MOUNTS = 99;

  /** What lies in the source, a copy to compare with, and the first runs. */
  private static final String GROUND =
      """
      mount -t tmpfs none /srv && mount -t tmpfs none /home || exit 99
      mount -t tmpfs none /var/lib/deferred-sync && mount --bind "$SCRATCH/fstab" /etc/fstab || exit 99
      mkdir /home/backup && mount -t tmpfs -o size=48m none /home/backup || exit 99
      mkdir /srv/disk /srv/data && mount /srv/data || exit 99
      mkdir /srv/data/letters /srv/data/pictures
      echo dear > /srv/data/letters/report.odt
      for i in $(seq 1 200); do echo "picture $i" > /srv/data/pictures/$i; done
      cp -a /srv/data /srv/kept
      """;

  private static final String RUN = "deferred-sync run || exit 98\n";
  private static final String BAD_RUN = "deferred-sync run && exit 98\n";
  private static final String LOSE = "rm -r /srv/data/pictures/1*\n" + BAD_RUN;

  /** What happens before each section is read, by its heading. */
  private static final Map<String, String> ACCIDENTS = new LinkedHashMap<>();

  static {
    ACCIDENTS.put("A lost file", RUN + "rm /srv/data/letters/report.odt\n" + RUN);
    String newDisk =
        "umount /srv/data; mv /srv/disk /srv/broken; mkdir /srv/disk; mount /srv/data\n" + BAD_RUN;
    ACCIDENTS.put("A lost disk", RUN + newDisk);
    ACCIDENTS.put("Without the program", RUN + newDisk);
    ACCIDENTS.put("A disk that is not mounted", RUN + "umount /srv/data\n" + BAD_RUN);
    ACCIDENTS.put(
        "A source that is missing",
        """
        umount /srv/data; rmdir /srv/data; mv /srv/disk /srv/data
        """
            + RUN
            + "mv /srv/data /srv/moved\n"
            + BAD_RUN);
    ACCIDENTS.put("Much is gone at once", RUN + LOSE);
    ACCIDENTS.put("If it was meant", RUN + LOSE + "rm -r /srv/kept/pictures/1*\n");
    ACCIDENTS.put(
        "Most contents changed at once",
        "often 11 run || exit 98\nfor file in /srv/data/*/*; do echo encrypted > $file; done\n"
            + BAD_RUN);
    ACCIDENTS.put(
        "A full disk",
        """
        mkdir /srv/old; head -c 20M /dev/zero | tr '\\0' x > /srv/old/large
        sed -i 's,^BACKUPDIRS=/.*,BACKUPDIRS="/srv/data /srv/old",' "$CONFIGURATION"
        deferred-sync run || exit 98
        sed -i 's,^BACKUPDIRS="/.*,BACKUPDIRS=/srv/data,' "$CONFIGURATION"
        head -c 26M /dev/zero | tr '\\0' y > /srv/data/film; cp -a /srv/data/film /srv/kept
        """
            + BAD_RUN);
    ACCIDENTS.put(
        "A wrong clock",
        RUN
            + """
              sqlite3 /home/backup/.deferred-sync/catalogue.db \
                'UPDATE run SET started_ns = started_ns + 40 * 86400 * 1000000000'
              """
            + BAD_RUN);
    ACCIDENTS.put(
        "A lost catalogue", RUN + "rm /home/backup/.deferred-sync/catalogue.db\n" + BAD_RUN);
    ACCIDENTS.put(
        "A damaged file",
        RUN
            + """
              file=/home/backup/srv/data/letters/report.odt
              touch -r $file /srv/time; echo deaf > $file; touch -r /srv/time $file
              """);
  }

  @TempDir private Path scratch;
  private Operator operator;
  private Namespace namespace;

  @BeforeEach
  void install() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    operator = new Operator(scratch);
    operator.trusted(
        operator.configuration(),
        """
        JOBLOG=$SCRIPT_HOME/log/sync.log
        STARTSCRIPT=
        ENDSCRIPT=
        EXCLUDEFILE=
        PLUGINS=incremental_backup
        BACKUPDIRS=/srv/data
        BACKUPTO=/home/backup
        VERIFY_PERCENT=0
        """);
    operator.copyClassPath();
    Files.writeString(
        operator.scratch.resolve("fstab"), "/srv/disk /srv/data none bind,noauto 0 0\n");
    namespace = new Namespace(operator, "--mount");
    namespace.program("often", operator.often());
    Files.createDirectories(Path.of("/var/lib/deferred-sync"));
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private static Map<String, String> sections() throws IOException {
    return SECTION
        .matcher(Files.readString(DOCUMENT))
        .results()
        .collect(
            Collectors.toMap(
                found -> found.group(1),
                found -> found.group(2),
                (one, other) -> one + other,
                LinkedHashMap::new));
  }

  private static List<String> blocks(String text, String kind) {
    return BLOCK
        .matcher(text)
        .results()
        .filter(block -> block.group(1).equals(kind))
        .map(block -> block.group(2))
        .toList();
  }

  /** Each line, and the end of the script where it exits with another status than it says. */
  private static String checked(List<String> blocks) {
    StringBuilder script = new StringBuilder();
    for (String line : String.join("", blocks).split("\n", -1)) {
      if (!line.isBlank()) {
        Matcher exits = EXITS.matcher(line);
        script
            .append("echo '$ ")
            .append(line.replace("'", "'\\''"))
            .append("'\n")
            .append(line)
            .append("\nstatus=$?; [ $status -eq ")
            .append(exits.find() ? exits.group(1) : "0")
            .append(" ] || { echo \"exited with $status\"; exit 97; }\n");
      }
    }
    return script.toString();
  }

  private Ran follow(String accident, List<String> commands) throws Exception {
    String script =
        GROUND
            + accident
            + checked(commands)
            + """
              diff -r /srv/kept /srv/data || exit 96
              echo '== ordinary'
              deferred-sync run || exit 95
              diff -r /srv/kept /home/backup/srv/data || exit 94
              """;
    return namespace.run(Map.of(), "exec 2>&1\n" + script);
  }

  /** All, or those that the property operations.section matches. */
  static Stream<String> headings() {
    return ACCIDENTS.keySet().stream()
        .filter(heading -> heading.matches(System.getProperty("operations.section", ".*")));
  }

  @ParameterizedTest
  @MethodSource("headings")
  void section_isFollowedAsWritten(String heading) throws Exception {
    String section = sections().getOrDefault(heading, "");
    assertThat(blocks(section, "sh")).as("commands under %s", heading).isNotEmpty();

    Ran ran = follow(ACCIDENTS.getOrDefault(heading, ""), blocks(section, "sh"));

    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    String log = Files.readString(operator.log);
    assertThat(ran.status()).as("%s\n%s", ran.out(), log).isZero();
    String said = (ran.out() + log).lines().collect(Collectors.joining(" "));
    for (String quoted : blocks(section, "text")) {
      assertThat(said).containsPattern(pattern(quoted));
    }
    List<String> records = log.lines().toList();
    int last = records.size() - 1;
    while (!records.get(last).contains("Job started")) {
      last--;
    }
    assertThat(records.subList(last, records.size()))
        .as("the run after the mend")
        .allMatch(line -> line.startsWith("[INFO]"));
  }

  /** What is quoted with any figures and units, and however the lines are broken. */
  private static String pattern(String quoted) {
    List<String> words = new ArrayList<>();
    for (String word : quoted.strip().split("\\s+", -1)) {
      StringBuilder pattern = new StringBuilder();
      int end = 0;
      for (MatchResult figure : FIGURE.matcher(word).results().toList()) {
        pattern
            .append(Pattern.quote(word.substring(end, figure.start())))
            .append("\\d+(?:\\.\\d+)?");
        end = figure.end();
      }
      words.add(
          word.matches("[KMG]iB|bytes")
              ? "(?:[KMG]iB|bytes)"
              : pattern.append(Pattern.quote(word.substring(end))).toString());
    }
    return String.join("\\s+", words);
  }

  @Test
  void everyCommand_standsInASectionThatIsFollowed() throws Exception {
    Map<String, String> sections = sections();
    sections.values().removeIf(text -> blocks(text, "sh").isEmpty());
    assertThat(sections.keySet()).containsExactlyInAnyOrderElementsOf(ACCIDENTS.keySet());
  }

  @Test
  void firstCommands_answerAtAnyTime() throws Exception {
    String text = Files.readString(DOCUMENT);
    List<String> commands = blocks(text.substring(0, text.indexOf("\n## ")), "sh");
    assertThat(commands).hasSize(1);
    Ran ran = follow(RUN, commands);
    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    assertThat(ran.status()).as(ran.out()).isZero();
  }
}
