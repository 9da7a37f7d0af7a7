package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfFileTest {
  private static final Environment ENVIRONMENT = environment(Map.of("HOME", "/root"));

  private static Environment environment(Map<String, String> variables) {
    return new Environment(
        Path.of("/opt/ds"),
        variables,
        new HostName(() -> "web1.example.org", name -> Optional.empty()),
        Clock.fixed(Instant.parse("2026-11-23T03:01:04Z"), ZoneOffset.UTC));
  }

  private static Configuration read(String conf) throws SettingException {
    return ConfFile.read("f", conf.getBytes(UTF_8), ENVIRONMENT);
  }

  private static String value(String conf) throws SettingException {
    return read(conf).settings().text("BACKUPTO");
  }

  @Test
  void read_givesDefaults_forAnEmptyFile() throws Exception {
    Configuration read = read("");
    assertThat(read.warnings()).isEmpty();
    assertThat(read.settings().values().get("EXCLUDEFILE"))
        .isEqualTo(new Settings.Value("/opt/ds/config/exclude.conf", "default"));
    assertThat(read.settings().text("REMOTE_DIR")).isEqualTo("/home/remote/web1.example.org");
    assertThat(read.settings().text("ADMIN_MAIL_ADDRESS")).isEmpty();
  }

  @Test
  void read_acceptsCrlfBomAndTabs() throws Exception {
    Configuration read = read("\ufeff# c\r\n\tBACKUPTO=/a\t\r\nBACKUPDIRS=\"/x\r\n\t/y\"\r");
    assertThat(read.settings().text("BACKUPTO")).isEqualTo("/a");
    assertThat(read.settings().text("BACKUPDIRS")).isEqualTo("/x\n\t/y");
    assertThat(read.settings().list("BACKUPDIRS")).containsExactly("/x", "/y");
    assertThat(read.settings().origin("BACKUPDIRS")).isEqualTo("f:3");
    assertThat(read.warnings()).isEmpty();
  }

  @Test
  @Timeout(60)
  void read_acceptsLinesOfAMegabyte() throws Exception {
    String dirs = "/srv/some_directory ".repeat(60_000);
    Configuration read =
        read("BACKUPDIRS=\"" + dirs + "\"\n#" + dirs + "\nBACKUPTO=" + "a\\\n".repeat(9));
    assertThat(read.settings().text("BACKUPDIRS")).isEqualTo(dirs);
    assertThat(read.settings().list("BACKUPDIRS")).hasSize(60_000);
    assertThat(read.settings().values().get("BACKUPTO"))
        .isEqualTo(new Settings.Value("aaaaaaaaa", "f:3"));
  }

  @Test
  void read_namesTheLineOfTheKey_afterValuesOverSeveralLines() throws Exception {
    Settings settings = read("\nA_B='\n\n'\nX=1 \\\n BACKUPTO=/b\nEXPIREDAYS=3").settings();
    assertThat(settings.origin("A_B")).isEqualTo("f:2");
    assertThat(settings.origin("BACKUPTO")).isEqualTo("f:6");
    assertThat(settings.origin("EXPIREDAYS")).isEqualTo("f:7");
  }

  @Test
  void read_looksNamesUp_inTheFileThenDefaultsThenEnvironment() throws Exception {
    Environment environment = environment(Map.of("EXPIREDAYS", "99", "OWN", "o", "PATH", "/bin"));
    String conf = "BACKUPTO=$EXPIREDAYS,$OWN,$PATH\nOWN=x\nREMOTE_DIR=$OWN\n";
    Settings settings = ConfFile.read("f", conf.getBytes(UTF_8), environment).settings();
    assertThat(settings.text("BACKUPTO")).isEqualTo("15,o,/bin");
    assertThat(settings.text("REMOTE_DIR")).isEqualTo("x");
  }

  @Test
  void read_takesServerAliveCheck_fromFileThenEnvironment() throws Exception {
    Environment environment = environment(Map.of("SERVER_ALIVE_CHECK", "/e"));
    assertThat(
            ConfFile.read("f", new byte[0], environment)
                .settings()
                .values()
                .get("SERVER_ALIVE_CHECK"))
        .isEqualTo(new Settings.Value("/e", "environment"));
    byte[] conf = "SERVER_ALIVE_CHECK=/f".getBytes(UTF_8);
    assertThat(ConfFile.read("f", conf, environment).settings().text("SERVER_ALIVE_CHECK"))
        .isEqualTo("/f");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '→',
      quoteCharacter = '\0',
      value = {
        "A=$(id)→the command id is not run",
        "A=\"`id`\"→the command id is not run",
        "A=${x:-$(id)}→the command id is not run",
        "A=\"${x:-`id`}\"→the command id is not run",
        "A=$(date)→the command date is not run",
        "A=$(date -u +%Y)→the command date -u +%Y is not run",
        "A=$(date +%Y; id)→is not run",
        "A=$(date +$(id))→is not run",
        "A=$(date \"+`id`\")→is not run",
        "A=$(hostname -d)→the command hostname -d is not run",
        "A=$(date +%Y%Q)→date has no %Q here; it reads %Y",
        "A=$(date +%-d)→date has no %- here",
        "A=$(date +%)→date has no % here",
        "A=$((1+2))→is not run",
        "A=${x#y}→${x# is not read; write $NAME",
        "A=${x%y}→${x% is not read",
        "A=${#x}→${# is not read",
        "A=${x:=y}→${x: is not read",
        "A=${x-y}→${x- is not read",
        "A=${x/y/z}→${x/ is not read",
        "A=${!x}→${! is not read",
        "A=${}→${} is not read",
        "A=$$→$$ means something to a shell and is not read; for a plain dollar sign write \\$",
        "A=\"$1\"→$1 means something to a shell",
        "A=$[1+1]→$[ means something",
        "A=$'x'→$ before a quote is not read",
        "A=$\"x\"→$ before a quote is not read",
        "A=~backup/x→~ with a name after it is not read",
        "A=${x:-~/y}→~ in a default is not read; write $HOME",
        "A=${x:-<(id)}→a bare < in a default is not read",
        "A=\"${x:-\"y\"}\"→write \\\"",
        "A=(1 2)→A=( is a list of another shell; write A=\"one two\"",
        "A[0]=x→A[0]=x is a list of another shell",
        "A+=x→A+= is not read; write A=\"$A …\"",
        "A=1;→the shell's ; is not read; write each setting on a line of its own",
        "A=1 && B=2→the shell's & is not read",
        "A=1 | id→the shell's | is not read",
        "A=x>y→a redirection (>) is not read",
        "A=<y→a redirection (<) is not read",
        "A=b(c)→a bare ( is not read; quote the value",
        "PLUGINS=a b→b after PLUGINS=… would be a command and is not run; quote a value",
        "A=\"x\" \"y\"→after A=… would be a command",
        ". /etc/other.conf→another file is not read from here; copy its settings",
        "source other→another file is not read",
        "if [ -d /x ]→if belongs to a condition, loop or block",
        "[ -d /x ]→belongs to a condition",
        "{ A=1→belongs to a condition",
        "f() {→f() would be a function",
        "f () {→f() would be a function",
        "function f {→belongs to a condition",
        "unset A→unset is not read; remove the setting",
        "export→export without a name is not read; write export KEY=value",
        "export -n A→export without a name",
        "export A;→the shell's ; is not read",
        "A = x→blanks before the = of A; write A=value",
        "1A=x→1A is not the name of a setting",
        "A-B=x→A-B is not the name of a setting",
        "'A'=x→'A' is not the name of a setting",
        "$A=x→$A is not the name of a setting",
        "KEY: value→KEY: would be a command and is not run; only KEY=value",
        "rm -rf /→rm would be a command",
        "$(id)→$(id) would be a command",
        "`id`→would be a command",
        "\u00a0A=x→is not the name of a setting",
        "\u00a0→the character U+00A0 looks like a blank and is none",
      })
  void read_refuses_whatIsNotAnAssignment(String line, String why) {
    for (String end : new String[] {"", "\n", "\nA=1\n"}) {
      assertThatThrownBy(() -> read("# c\n\nB=1\n" + line + end))
          .isInstanceOf(SettingException.class)
          .hasMessageStartingWith("f:4: ")
          .hasMessageContaining(why.strip())
          .message()
          .doesNotContain("\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"", "'", "${x:-", "\"${x:-a", "`hostname", "\"a'b`hostname\""})
  void read_namesWhereItBegan_forWhatIsNotClosed(String opened) {
    assertThatThrownBy(() -> read("\nBACKUPTO=x" + opened + "\n\nB=1\n"))
        .hasMessageStartingWith("f:2: the ")
        .hasMessageContaining("that begins here, in the value of BACKUPTO, is not closed; add");
  }

  @Test
  void read_runsNothing(@TempDir Path directory) {
    Path canary = directory.resolve("canary");
    for (String command :
        new String[] {
          "$(touch %s)", "`touch %s`", "${x:-$(touch %s)}", "$(hostname -s; touch %s)"
        }) {
      String conf = "BACKUPTO=" + command.formatted(canary);
      assertThatThrownBy(() -> read(conf)).hasMessageStartingWith("f:1: ");
    }
    assertThat(canary).doesNotExist();
  }

  @Test
  void read_readsAnyBytes_inAComment() throws Exception {
    byte[] conf = "# caf\u00e9 \0 \u00ff\nBACKUPTO=/a # \u00e9\n".getBytes(ISO_8859_1);
    Configuration read = ConfFile.read("f", conf, ENVIRONMENT);
    assertThat(read.settings().text("BACKUPTO")).isEqualTo("/a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00e9", "'\u00e9'", "\"\u00e9\"", "\\\u00e9", "${x:-\u00e9}"})
  void read_refusesBytesThatAreNotUtf8_inAValue(String value) {
    byte[] conf = ("A=1\nBACKUPTO=/caf" + value + "\n").getBytes(ISO_8859_1);
    assertThatThrownBy(() -> ConfFile.read("f", conf, ENVIRONMENT))
        .hasMessage("f:2: the byte \\xe9 is not valid UTF-8; save the file as UTF-8");
  }

  @Test
  void read_namesTheLineOfTheByte_withinAValueOfSeveralLines() {
    byte[] conf = "A='\n\n\u00e9'\n".getBytes(ISO_8859_1);
    assertThatThrownBy(() -> ConfFile.read("f", conf, ENVIRONMENT))
        .hasMessageStartingWith("f:3: the byte");
    assertThatThrownBy(() -> read("A='\n\0'")).hasMessageStartingWith("f:2: a NUL byte");
  }

  @Test
  void read_keepsCharactersOfAllPlanes() throws Exception {
    assertThat(value("BACKUPTO=/é/漢/\ud83d\ude80/\ud801\udc80")).isEqualTo("/é/漢/🚀/\ud801\udc80");
  }

  @Test
  void read_warnsOfUnknownKeys_withTheNearest() throws Exception {
    assertThat(read("BACKUPDIR=/a\nExpireDays=3\nZZZ_OWN=1\nPLUGISN=x\n").warnings())
        .containsExactly(
            "f:1: BACKUPDIR is not a known setting; did you mean BACKUPDIRS?",
            "f:2: ExpireDays is not a known setting; did you mean EXPIREDAYS?",
            "f:3: ZZZ_OWN is not a known setting",
            "f:4: PLUGISN is not a known setting; did you mean PLUGINS?");
  }

  @Test
  void read_doesNotWarnOfOwnNames_thatLaterValuesUse() throws Exception {
    Configuration read = read("BASE=/srv\nBACKUPTO=$BASE/backup\n");
    assertThat(read.warnings()).isEmpty();
    assertThat(read.settings().text("BACKUPTO")).isEqualTo("/srv/backup");
  }

  @Test
  void read_takesTheLast_ofARepeatedKey() throws Exception {
    Configuration read = read("BACKUPTO=/a\n\nBACKUPTO=/b\nexport BACKUPTO=/c");
    assertThat(read.settings().values().get("BACKUPTO")).isEqualTo(new Settings.Value("/c", "f:4"));
    assertThat(read.warnings())
        .containsExactly(
            "f:3: BACKUPTO is set again: this holds, line 1 does not; remove one",
            "f:4: BACKUPTO is set again: this holds, line 3 does not; remove one");
  }

  @Test
  void read_doesNotWarn_whenAKeyIsAddedTo() throws Exception {
    Configuration read = read("BACKUPDIRS=/a\nBACKUPDIRS=\"$BACKUPDIRS /b\"\n");
    assertThat(read.settings().list("BACKUPDIRS")).containsExactly("/a", "/b");
    assertThat(read.warnings()).isEmpty();
  }

  @Test
  void read_warnsOfNamesThatAreNotSet() throws Exception {
    Configuration read = read("BACKUPTO=\"/a\n$NOWHERE\"\nREMOTE_DIR=${NOWHERE:-}");
    assertThat(read.settings().text("BACKUPTO")).isEqualTo("/a\n");
    assertThat(read.warnings())
        .singleElement()
        .asString()
        .startsWith("f:2: $NOWHERE is not set and reads as empty");
  }

  @Test
  void read_refusesTilde_withoutHome() {
    assertThatThrownBy(
            () -> ConfFile.read("f", "BACKUPTO=~/x".getBytes(UTF_8), environment(Map.of())))
        .hasMessage("f:1: ~ stands for HOME, which is not set; write the whole path");
  }

  @Test
  void read_refusesValuesThatGrowWithoutBounds() {
    StringBuilder conf = new StringBuilder("A=0123456789\n");
    for (int i = 0; i < 40; i++) {
      conf.append("A=$A$A\n");
    }
    assertThatThrownBy(() -> read(conf.toString())).hasMessageContaining("16 million");
    String nested = "A=" + "${x:-".repeat(10_000) + "}".repeat(10_000);
    assertThatThrownBy(() -> read(nested)).hasMessageContaining("nested more than 20 deep");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc hunter2",
        "abc$(hunter2)",
        "abc`hunter2`",
        "abc${hunter2#x}",
        "abc ;hunter2",
        "abc${hunter2-",
        "abc$(date +%Q_hunter2)",
        "abc${hunter2:+x}"
      })
  void read_showsNoPartOfASecret_whenItRefuses(String value) {
    assertThatThrownBy(() -> read("MYSQL_PASS=" + value))
        .hasMessageStartingWith("f:1: ")
        .message()
        .doesNotContain("hunter2", "abc");
  }

  @Test
  void read_showsNoPartOfASecret_whenItWarns() throws Exception {
    assertThat(read("MYSQL_PASS=\"abc$hunter2\"\n").warnings())
        .singleElement()
        .asString()
        .startsWith("f:1: a name in MYSQL_PASS is not set");
  }
}
