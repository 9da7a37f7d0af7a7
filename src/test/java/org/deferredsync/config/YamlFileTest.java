package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class YamlFileTest {
  private static final Environment ENVIRONMENT =
      new Environment(
          Path.of("/opt/ds"),
          Map.of("HOME", "/root", "BACKUPTO", "/of/the/environment"),
          new HostName(() -> "web1.example.org", name -> Optional.empty()),
          Clock.fixed(Instant.parse("2026-11-23T03:01:04Z"), ZoneOffset.UTC));

  private static Configuration read(String yaml) throws SettingException {
    return YamlFile.read("f", yaml.getBytes(UTF_8), ENVIRONMENT);
  }

  private static final String WHOLE =
      """
      dry_run: true
      log: /var/log/x.log
      plugins: [show_version, incremental_backup]
      plugin_timeout: 12h
      mysql:
        databases:
          - shop
          - wiki
        password: 'pa\\$s "word'
      backup:
        target: /mnt/$(hostname)
        sources:
          - /etc
          - path: /home/our own
            exclude: ['*.iso', '+ /our own/keep', 'keep']
            exclude_larger_than: 10G
            exclude_caches: true
            exclude_if_present: [.nobackup]
            one_file_system: true
            required_mounts: [/home]
            guard: {percent: 50}
            keep:
              days: 90
              yearly: 3
        keep: {days: 30, last: 7}
      variables:
        OWN: for a script
      """;

  @Test
  void read_givesTheSettings_thatAFlatFileGives() throws Exception {
    Configuration read = read(WHOLE);
    Settings settings = read.settings();

    assertThat(read.warnings()).isEmpty();
    assertThat(read.errors()).isEmpty();
    assertThat(settings.flag("DRY_RUN")).isTrue();
    assertThat(settings.path("JOBLOG")).hasValue(Path.of("/var/log/x.log"));
    assertThat(settings.list("PLUGINS")).containsExactly("show_version", "incremental_backup");
    assertThat(settings.list("MYSQL_DBS")).containsExactly("shop", "wiki");
    assertThat(settings.text("MYSQL_PASS")).isEqualTo("pa$s \"word");
    assertThat(settings.text("BACKUPTO")).isEqualTo("/mnt/web1.example.org");
    assertThat(settings.list("BACKUPDIRS")).containsExactly("/etc", "/home/our own");
    assertThat(settings.text("KEEP_LAST")).isEqualTo("7");
    assertThat(settings.text("OWN")).isEqualTo("for a script");
    assertThat(settings.origin("MYSQL_PASS")).isEqualTo("f:9:13");
    assertThat(settings.origin("SVN_PATH")).isEqualTo("default");
    assertThat(settings.text("EXCLUDEFILE")).isEqualTo("/opt/ds/config/exclude.conf");
  }

  @Test
  void read_givesASource_whatIsItsOwn_andTheRestOfAll() throws Exception {
    Settings all = read(WHOLE).settings();
    Settings own = all.of("/home/our own");

    assertThat(all.of("/etc").values()).isEqualTo(all.values());
    assertThat(own.text("GUARD_PERCENT")).isEqualTo("50");
    assertThat(own.text("GUARD_MIN")).isEqualTo("100");
    assertThat(own.text("EXPIREDAYS")).isEqualTo("90");
    assertThat(own.text("KEEP_LAST")).isEqualTo("7");
    assertThat(own.list("REQUIRED_MOUNTS")).containsExactly("/home");
    ExcludeRules rules = BackupKeys.exclude(own);
    assertThat(rules.excludes("our own/x/disk.iso".getBytes(UTF_8), false)).isTrue();
    assertThat(rules.excludes("our own/keep".getBytes(UTF_8), false)).isFalse();
    assertThat(rules.excludes("our own/x/keep".getBytes(UTF_8), false)).isTrue();
  }

  @Test
  void shown_namesTheSource_andHidesSecrets() throws Exception {
    assertThat(read(WHOLE).shownLines())
        .contains(
            "BACKUPDIRS=\"/etc /home/our own\"  # f:13:5",
            "MYSQL_PASS=(set)  # f:9:13",
            "/home/our own: GUARD_PERCENT=\"50\"  # f:21:24",
            "/home/our own: EXPIREDAYS=\"90\"  # f:23:15");
  }

  @Test
  void read_takesEmptyAsNone_andNothingAsTheDefaults() throws Exception {
    Settings settings = read("before:\nplugins:\nbackup:\nlog: ~\nafter: ''\n").settings();
    assertThat(settings.text("STARTSCRIPT")).isEmpty();
    assertThat(settings.text("ENDSCRIPT")).isEmpty();
    assertThat(settings.text("JOBLOG")).isEmpty();
    assertThat(settings.list("PLUGINS")).isEmpty();
    assertThat(settings.text("BACKUPTO")).isEqualTo("/home/backup");
    assertThat(read("{}").settings().text("BACKUPTO")).isEqualTo("/home/backup");
  }

  @Test
  void read_takesNamesFromTheEnvironment_notFromTheFile() throws Exception {
    Configuration read = read("backup: {target: /mnt}\nlog: $BACKUPTO/$NOWHERE\n");
    assertThat(read.settings().text("JOBLOG")).isEqualTo("/of/the/environment/");
    assertThat(read.warnings())
        .containsExactly(
            "f:2:6: $NOWHERE is not set and reads as empty; for a plain dollar sign write \\$");
  }

  @Test
  void read_readsAnAnchor_thatIsAPlainOne() throws Exception {
    Settings settings =
        read("""
                backup:
                  sources:
                    - {path: /a, exclude: &usual ['*.iso']}
                    - {path: /b, exclude: *usual}
                """)
            .settings();
    assertThat(settings.of("/b").list("EXCLUDE")).containsExactly("*.iso");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|1:1: is empty; write the settings",
        "# a comment alone|1:1: is empty",
        "'a: &a [*a]'|1:1: a is not a known setting; take it out",
        "'plugins: &a [*a]'|1:10: one of plugins is a single value and no list",
        "'backup: &b {keep: *b}'|1:13: backup.keep.keep is not a known setting",
        "'backup: {sources: &s [*s]}'|1:19: one of backup.sources is a single value and no list",
        "'log: *x'|1:6: found undefined alias x; write the value itself",
        "'backup: {targt: /x}'|1:10: backup.targt is not a known setting; did you mean"
            + " backup.target?",
        "'target: /x'|1:1: target is not a known setting; did you mean backup.target?",
        "'BACKUPTO: /x'|1:1: BACKUPTO is not a known setting; did you mean backup.target?",
        "'backup: {sources: [{path: /x, gard: {}}]}'|1:31: gard is not a known setting; did you"
            + " mean guard?",
        "'backup: {sources: [{exclude: []}]}'|1:20: one of backup.sources has no path",
        "'backup: {sources: [{path: /a}, {path: /a}]}'|1:39: /a stands in the list twice",
        "'backup: {sources: /etc /home}'|1:19: backup.sources is a list; write each",
        "'backup: 5'|1:9: backup takes settings of its own; write NAME: VALUE",
        "'[a]'|1:1: the file takes settings of its own",
        "'log: [a]'|1:6: log is a single value and no list",
        "'log: {a: b}'|1:6: log is a single value and no tree",
        "'plugins: [a, ]: b'|1:",
        "'plugins: [a, \"\"]'|1:14: one of plugins is empty",
        "'plugins: [\"a\\nb\"]'|1:11: one of plugins has a line break",
        "'log: !!python/object:os.system x'|1:6: a tag is not read; take out what begins with !",
        "'log: !own x'|1:6: the tag !own is not read; take it out",
        "'log: !!binary eA=='|1:6: the tag !!binary is not read; take it out",
        "'plugins: !!set {a}'|1:10: the tag !!set is not read",
        "'<<: {log: x}'|1:1: << is not read",
        "'? [a]\n: b'|1:3: no list or mapping can be a name",
        "'log: a\nlog: b'|2:1: log is set again, after line 1; take one of them out",
        "'backup:\n\ttarget: /x'|2:1: a tab stands where blanks belong; indent with blanks",
        "'log: a\n---\nlog: b'|2:1: a second document begins",
        "'log: ['|2:1: while parsing a flow node",
        "'log: \"a\\0b\"'|1:6: a NUL byte in a value; remove it",
        "'log: $(rm -rf /)'|1:6: the command rm -rf / is not run",
        "'mysql: {password: \"a`id`\"}'|1:19: the command here is not run",
        "'variables: {1x: a}'|1:13: variables.1x is no name",
        "'variables: {LOCK_WAIT: 5}'|1:13: LOCK_WAIT is a setting; write lock_wait",
        "'log: a: b'|1:7: mapping values are not allowed here",
        "'%YAML 9.9\n--- {}'|1:1: found incompatible YAML document"
      })
  void read_refuses_inOneLineWithItsPlace(String yaml, String why) {
    assertThatThrownBy(() -> read(yaml + "\n"))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("f:" + why)
        .message()
        .hasLineCount(1);
  }

  @Test
  void read_refusesBytesThatAreNoText_withTheirPlace() {
    assertThatThrownBy(
            () -> YamlFile.read("f", "a: é\nb: \u00ff".getBytes(ISO_8859_1), ENVIRONMENT))
        .hasMessage("f:1:4: the byte \\xe9 is not valid UTF-8; save the file as UTF-8");
    assertThatThrownBy(() -> read("log: x\nafter: é\0"))
        .hasMessage("f:2:9: the character U+0000 cannot stand in YAML; take it out");
    assertThatThrownBy(() -> read("log: \ufffe"))
        .hasMessage("f:1:6: the character U+FFFE cannot stand in YAML; take it out");
  }

  @Test
  void read_acceptsBomAndCrlf() throws Exception {
    assertThat(read("\ufefflog: /a\r\nplugins:\r\n  - b\r\n").settings().list("PLUGINS"))
        .containsExactly("b");
  }

  @Test
  void read_refusesABillionLaughs_andDepth_soon() {
    StringBuilder laughs = new StringBuilder("variables:\n  A0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++) {
      laughs.append(String.format("  A%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1));
    }
    assertThatThrownBy(() -> read(laughs.toString()))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("f:");
    assertThatThrownBy(() -> read("log: " + "[".repeat(100_000)))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("f:1:")
        .hasMessageContaining("Nesting Depth exceeded max 20; make it simpler");
  }

  @Test
  void errors_nameTheSettingAsTheFileDoes() throws Exception {
    Configuration read =
        read(
            """
            backup:
              keep: {days: 99999999999999999999}
              sources:
                - path: /a
                  guard: {percent: x}
                  exclude: ['+ ']
                  exclude_if_present: [a/b]
            """);
    assertThat(read.errors())
        .containsExactly(
            "f:2:16: backup.keep.days=\"99999999999999999999\" is not a whole number from 1 to"
                + " 36500",
            "f:5:24: guard.percent of /a=\"x\" is not a whole number from 1 to 100",
            "f:7:27: exclude_if_present of /a=\"a/b\" names a/b, which is a path; write the name of"
                + " a file alone",
            "f:6:17: \"+ \" has no pattern, and rsync refuses such a file; write one or remove the"
                + " line");
  }

  @Test
  void tree_hasOnePlaceForEachSetting_andNoneInAnother() {
    Set<String> places = new HashSet<>();
    for (KnownSetting setting : KnownSettings.all()) {
      String place = SettingTree.place(setting.key());
      assertThat(places.add(place)).as(place).isTrue();
      assertThat(place).matches("[a-z0-9_]+(\\.[a-z0-9_]+)*");
      assertThat(SettingTree.ALL.key(place)).hasValue(setting.key());
    }
    for (String place : places) {
      assertThat(places).as(place).noneMatch(other -> other.startsWith(place + "."));
    }
    assertThat(places).doesNotContain(SettingTree.VARIABLES);
    assertThat(SettingTree.OF_SOURCE.places())
        .containsAll(
            List.of(
                "exclude",
                "exclude_larger_than",
                "exclude_if_present",
                "exclude_caches",
                "one_file_system",
                "required_mounts",
                "guard.percent",
                "guard.min",
                "keep.days",
                "keep.min"))
        .doesNotContain("sources", "target", "verify.percent");
  }

  /** A new setting stands where its kind does, not where its key happens to lead. */
  @Test
  void tree_hasItsGroups_andOneWordForEachIdea() {
    assertThat(SettingTree.ALL.namesIn(""))
        .containsExactlyInAnyOrder(
            "dry_run",
            "log",
            "before",
            "after",
            "load_plugins_all",
            "plugins",
            "plugin_timeout",
            "lock_wait",
            "server_alive_check",
            "bwlimit",
            "mail",
            "backup",
            "upgrade",
            "dump",
            "mysql",
            "postgresql",
            "mongodb",
            "sqlite",
            "svn",
            "push",
            "pull",
            "ssh");
    assertThat(SettingTree.ALL.places())
        .contains(
            "mail.smtp.password",
            "mail.smtp.password_file",
            "mysql.password_file",
            "postgresql.password",
            "postgresql.password_file",
            "mongodb.config",
            "svn.incremental",
            "pull.history",
            "push.full_days")
        .noneMatch(place -> place.matches(".*\\b(pass|pass_file|dbs)"));
  }

  @Test
  void readme_showsWhatIsReadWithoutAnError() throws Exception {
    String readme = Files.readString(Path.of("README.md"));
    int begin = readme.indexOf("```yaml\n") + 8;
    Configuration read = read(readme.substring(begin, readme.indexOf("```", begin)));

    assertThat(read.errors()).isEmpty();
    assertThat(read.warnings()).isEmpty();
    assertThat(read.settings().own().keySet()).containsExactly("/home", "/srv/our own");
  }
}
