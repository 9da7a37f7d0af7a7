package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.deferredsync.config.Configuration.Converted;
import org.junit.jupiter.api.Test;

/** A sync.yaml that was made of a sync.conf means the same. */
final class ConfConversionTest {
  private static final int FILES = Integer.getInteger("files", 1000);
  private static final List<String> NAMES =
      List.of(
          "BACKUPTO",
          "BACKUPDIRS",
          "OWN_NAME",
          "PLUGINS",
          "MYSQL_PASS",
          "REMOTE_DIR",
          "OWN_2",
          "SERVER_ALIVE_CHECK",
          "EXCLUDE_IF_PRESENT",
          "KEEP_LAST");
  private static final Environment HERE =
      environment(
          "host.example.org",
          "2026-01-02T03:04:05Z",
          Map.of("HOME", "/home/some one", "GIVEN", "a  b*$c", "EMPTY", ""));
  private static final Environment ELSEWHERE =
      environment(
          "other", "2027-12-31T13:14:15Z", Map.of("HOME", "/root", "GIVEN", "", "EMPTY", "full"));

  private static Environment environment(String host, String now, Map<String, String> variables) {
    return new Environment(
        Path.of("/opt/deferred-sync"),
        variables,
        new HostName(() -> host, name -> Optional.of("full." + host)),
        Clock.fixed(Instant.parse(now), ZoneId.of("Asia/Tokyo")));
  }

  private static Converted convert(String conf) throws SettingException {
    return ConfConversion.convert("sync.conf", conf.getBytes(UTF_8), HERE);
  }

  private static Map<String, Object> meaning(Settings settings) {
    Map<String, Object> meaning = new TreeMap<>();
    settings
        .values()
        .forEach(
            (key, value) ->
                meaning.put(key, SettingTree.isList(key) ? settings.list(key) : value.text()));
    return meaning;
  }

  private static Map<String, Object> ofConf(String conf, Environment where)
      throws SettingException {
    return meaning(ConfFile.read("sync.conf", conf.getBytes(UTF_8), where).settings());
  }

  private static Map<String, Object> ofYaml(List<String> lines, Environment where)
      throws SettingException {
    byte[] yaml = String.join("\n", lines).getBytes(UTF_8);
    return meaning(YamlFile.read("sync.yaml", yaml, where).settings());
  }

  @Test
  void convert_meansTheSame_forRandomFiles_hereAndElsewhere() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ConfConversionTest -Dseed=" + seed);
    Random random = new Random(seed);
    int elsewhere = 0;
    for (int i = 0; i < FILES; i++) {
      String conf = new ConfFileShellTest.Generator(random, NAMES).file();
      Converted converted = convert(conf);
      String what =
          String.format(
              "seed %d, file %d:%n%s%nas YAML:%n%s",
              seed, i, conf, String.join("\n", converted.lines()));
      assertThat(ofYaml(converted.lines(), HERE)).as(what).isEqualTo(ofConf(conf, HERE));
      if (converted.notes().isEmpty()) {
        elsewhere++;
        assertThat(ofYaml(converted.lines(), ELSEWHERE))
            .as("elsewhere, " + what)
            .isEqualTo(ofConf(conf, ELSEWHERE));
      }
    }
    assertThat(elsewhere).as("files without a note").isGreaterThan(FILES / 4);
  }

  @Test
  void convert_meansTheSame_forTheShippedFile_inEachPlace() throws Exception {
    String conf = Files.readString(Path.of("config/sync.conf"));
    assertThat(ofYaml(convert(conf).lines(), HERE)).isEqualTo(ofConf(conf, HERE));
    String all = conf.replaceAll("(?m)^#([A-Z_]+=)", "$1");
    Converted converted = convert(all);
    assertThat(ofYaml(converted.lines(), HERE)).isEqualTo(ofConf(all, HERE));
    assertThat(converted.notes()).isEmpty();
  }

  /** Whichever setting comes to be known, it is converted, and means the same. */
  @Test
  void convert_meansTheSame_forEachSetting() throws Exception {
    for (KnownSetting setting : KnownSettings.all()) {
      String conf = setting.key() + "=\"/one two\"\n";
      List<String> yaml = convert(conf).lines();

      assertThat(ofYaml(yaml, HERE)).as(setting.key()).isEqualTo(ofConf(conf, HERE));
      assertThat(ofYaml(yaml, HERE)).as(setting.key()).isNotEqualTo(ofConf("", HERE));
      assertThat(yaml).as(setting.key()).doesNotContain("variables:");
    }
  }

  @Test
  void convert_keepsComments_thatBelongToASetting() throws Exception {
    assertThat(
            convert(
                    """
                    # The head of the file.

                    # --- backups

                    # On the second disk,
                    # which is large.
                    BACKUPTO=/mnt/backup   # never /
                    # What to keep.
                    BACKUPDIRS="/etc
                      /home"
                    #KEEP_LAST=5

                    EXPIREDAYS=30
                    OWN='for a script'
                    # The end.
                    """)
                .lines())
        .containsExactly(
            "backup:",
            "  # What to keep.",
            "  sources:",
            "    - /etc",
            "    - /home",
            "  # On the second disk,",
            "  # which is large.",
            "  # never /",
            "  target: /mnt/backup",
            "  keep:",
            "    days: 30",
            "",
            "variables:",
            "  OWN: 'for a script'");
  }

  @Test
  void convert_keepsWhatTheHostSays_andSettlesWhatTheFileSays() throws Exception {
    Converted converted =
        convert(
            """
            DISK=/mnt/$(hostname -s)
            BACKUPTO=$DISK/${WHERE:-b}/`date +%Y`
            MYSQL_PASS='a$b\\c`d'
            JOBLOG=~/log
            STARTSCRIPT=$ENDSCRIPT
            """);

    assertThat(converted.lines())
        .contains(
            "  target: '/mnt/$(hostname -s)/${WHERE:-b}/$(date +%Y)'",
            "log: $HOME/log", "before: $SCRIPT_HOME/lib/after", "  password: 'a\\$b\\\\c\\`d'");
    assertThat(converted.notes()).isEmpty();
  }

  @Test
  void convert_saysSo_whenAListDependsOnTheEnvironment() throws Exception {
    Converted converted = convert("\nBACKUPDIRS=\"/etc $GIVEN\"\n");

    assertThat(converted.lines()).contains("    - /etc", "    - a", "    - 'b*\\$c'");
    assertThat(converted.notes()).hasSize(1);
    assertThat(converted.notes().get(0)).startsWith("sync.conf:2: depends on the environment");
  }

  @Test
  void convert_isEmptyYaml_forAnEmptyFile_andFailsAsReadingDoes() throws Exception {
    assertThat(convert("# nothing\n").lines()).containsExactly("{}");
    assertThatThrownBy(() -> convert("BACKUPTO=$(id)\n"))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("sync.conf:1: the command id is not run");
  }
}
