package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is refused: with which status, in which line, and what happens all the same. */
@Timeout(120)
final class BadInputIT {
  private static final String STAYS = ". Its mirror and history stay as they are.";

  @TempDir private Path scratch;
  private Operator operator;
  private Path source;

  @BeforeEach
  void makeSource() throws IOException {
    operator = new Operator(scratch);
    operator.script("80_other", "echo here\n");
    source = Files.createDirectories(operator.scratch.resolve("source"));
    Files.writeString(source.resolve("file"), "text");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private void configure(String... lines) throws IOException {
    List<String> all =
        new ArrayList<>(List.of("PLUGINS='incremental_backup other'", "BACKUPDIRS=" + source));
    all.addAll(List.of(lines));
    operator.configure(all.toArray(String[]::new));
  }

  // --- nothing runs ----------------------------------------------------------------------------

  private void assertNothingRuns(String line) {
    for (String[] command : new String[][] {{}, {"snapshots"}, {"config", "check"}}) {
      assertThat(operator.run(command))
          .as("%s", List.of(command))
          .isEqualTo(
              new Ran(3, "", "[ERROR] deferred-sync: " + operator.configuration() + line + "\n"));
    }
    assertThat(operator.log).doesNotExist();
    assertThat(operator.target).isEmptyDirectory();
  }

  @Test
  void configuration_absent_orNoFile() throws Exception {
    Files.delete(operator.configuration());
    assertNothingRuns(" does not exist; create it, or give the path of the configuration file");
    Files.createDirectory(operator.configuration());
    assertNothingRuns(" is not a regular file; give the path of one");
  }

  @Test
  void configuration_malformed_isNamedWithItsLine() throws Exception {
    operator.configure("BACKUPDIRS='/etc");
    assertNothingRuns(
        ":8: the ' that begins here, in the value of BACKUPDIRS, is not closed; add the one that"
            + " is missing, here or above");
    operator.configure("BACKUPTO=$(cat where)");
    assertNothingRuns(
        ":8: the command cat where is not run; only $(hostname), $(hostname -s), $(hostname -f)"
            + " and $(date +FORMAT) are read: write the value itself");
    operator.configure("rsync -a / /backup");
    assertNothingRuns(
        ":8: rsync would be a command and is not run; only KEY=value and # comments are read");
  }

  @Test
  void configuration_thatOthersCanChange() throws Exception {
    Path file = operator.configuration();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--rw-"));
    String owner = Files.getOwner(file).getName();
    assertNothingRuns(
        " is not trusted: "
            + (file + " is writable by everybody (mode 0646, owner " + owner + "): chmod o-w ")
            + file);
    assumeTrue(Operator.isRoot());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setAttribute(file, "unix:uid", 4_321_234);
    assertNothingRuns(
        " is not trusted: "
            + (file + " belongs to uid 4321234, who is neither root nor the running user: chown ")
            + (owner + " " + file));
  }

  @Test
  void commandLine_wrong_is64() throws Exception {
    configure();
    Map<List<String>, String> wrong =
        Map.of(
            List.of("--nonsense"), "Unknown option: '--nonsense'",
            List.of("restore", "/x"),
                "Error: Missing required argument (specify one of these): (--to=DIR | --in-place)",
            List.of("restore", "--to", "/x"), "Missing required parameter: 'PATH'",
            List.of("snapshot"),
                "snapshot is neither a command nor a configuration file that exists",
            List.of("ls", "/", "/"), "Unmatched argument at index 2: '/'",
            List.of("run", "--only", ""), "--only: an empty name; name plugins");
    wrong.forEach(
        (command, line) -> {
          Ran ran = operator.run(command.toArray(String[]::new));
          assertThat(ran.status()).as("%s", command).isEqualTo(64);
          assertThat(ran.out()).isEmpty();
          assertThat(ran.err())
              .startsWith("deferred-sync: " + line + "\n")
              .matches("(?s).*\nSee \"deferred-sync( [a-z]+)? --help\"\\.\n");
        });
    assertThat(operator.log).doesNotExist();
  }

  @Test
  void emptyPath_isNotTheWorkingDirectory() throws Exception {
    configure();
    assertThat(operator.job("run").status()).isZero();
    for (List<String> command :
        List.of(
            List.of("ls", ""),
            List.of("cat", ""),
            List.of("history", ""),
            List.of("restore", "", "--in-place"),
            List.of("restore", source.toString(), "", "--to", scratch + "/to"),
            List.of("restore", source.toString(), "--to", ""))) {
      Ran ran = operator.run(command.toArray(String[]::new));

      assertThat(ran.status()).as("%s: %s", command, ran.err()).isEqualTo(64);
      assertThat(ran.err()).contains("deferred-sync: an empty path");
    }
    assertThat(operator.run("find", "/").err())
        .startsWith("deferred-sync: PATTERN: nothing can match it: it has no name\n");
    assertThat(scratch.resolve("to")).doesNotExist();
  }

  // --- the plugin does nothing -----------------------------------------------------------------

  private void assertPluginDoesNothing(String line) throws IOException {
    Map<String, String> before = TreeText.of(operator.target);
    Job job = operator.job();
    assertThat(job.complaints()).containsExactly(line);
    assertThat(job.status()).isEqualTo(3);
    assertThat(job.ran().err())
        .isEqualTo(
            "deferred-sync: 1 of 2 failed: incremental_backup with status 3. incremental_backup: "
                + line
                + "\n");
    assertThat(job.ran("other")).isTrue();
    assertThat(TreeText.of(operator.target)).isEqualTo(before);
    // The preview of it says the same.
    assertThat(operator.job("-n").complaints()).containsExactly(line);
    assertThat(TreeText.of(operator.target)).isEqualTo(before);
  }

  private void assertSettingRefused(String setting, String why) throws IOException {
    configure(setting);
    String key = setting.substring(0, setting.indexOf('='));
    String value = setting.substring(setting.indexOf('=') + 1).replace("'", "");
    assertPluginDoesNothing(operator.configuration() + ":10: " + key + "=\"" + value + "\" " + why);
  }

  @Test
  void target_absent_orNone() throws Exception {
    Path absent = operator.scratch.resolve("absent/target");
    configure("BACKUPTO=" + absent);
    assertPluginDoesNothing(
        "BACKUPTO=" + absent + ": does not exist; make the directory, or mount its disk");
    assertThat(absent.getParent()).doesNotExist();
    configure("BACKUPTO=" + source + "/file");
    assertPluginDoesNothing("BACKUPTO=" + source + "/file: is no directory; name one that is");
    assertSettingRefused("BACKUPTO=", "is empty; set it");
    assertSettingRefused("BACKUPTO=backup", "is not an absolute path; begin it with /");
    assertSettingRefused("BACKUPTO=/srv/../backup", "has .. in it; write the path without");
  }

  @Test
  void target_withSomethingElseInIt() throws Exception {
    Path foreign = Files.createDirectory(operator.target.resolve("holiday pictures\n"));
    Files.setPosixFilePermissions(operator.target, PosixFilePermissions.fromString("rwxr-xr-x"));
    configure();
    assertPluginDoesNothing(
        operator.target
            + ": neither empty nor a target: it holds holiday pictures\\x0a; empty it or name"
            + " another directory");
    assertThat(foreign).isEmptyDirectory();
  }

  @Test
  void target_thatADumpLiesIn() throws Exception {
    Files.createDirectory(operator.target.resolve("mongo"));
    configure();
    assertThat(operator.job().status()).isEqualTo(3);
    configure("MONGODBDUMP_PATH=" + operator.target + "/mongo");
    assertThat(operator.job().complaints()).isEmpty();
  }

  @Test
  void sources_thatNoRunCanTake() throws Exception {
    assertSettingRefused("BACKUPDIRS=", "names no directory; set it");
    assertSettingRefused(
        "BACKUPDIRS='/etc home/me'",
        "names home/me, which is not an absolute path; begin it with /");
    assertSettingRefused("BACKUPDIRS='/etc /etc/'", "names /etc twice; take one out");
    configure("BACKUPDIRS=" + operator.scratch);
    String lies = " lies in the target " + operator.target + "; take it out";
    assertPluginDoesNothing(
        "BACKUPDIRS: "
            + operator.scratch
            + (" contains the target " + operator.target)
            + "; take it out, or move BACKUPTO elsewhere");
    configure("BACKUPDIRS=" + operator.target);
    assertPluginDoesNothing(
        "BACKUPDIRS: "
            + operator.target
            + (" is the target " + operator.target + " itself; take it out"));
    configure("BACKUPDIRS='" + source + " " + operator.target + "/absent'");
    assertPluginDoesNothing("BACKUPDIRS: " + operator.target + "/absent" + lies);
  }

  @Test
  void sources_thatLieInTheTarget_bySymbolicLink() throws Exception {
    configure();
    assertThat(operator.job().status()).isZero();
    Files.createDirectory(operator.target.resolve("inside"));
    Path link = Files.createSymbolicLink(operator.scratch.resolve("link"), operator.target);
    configure("BACKUPDIRS=" + link + "/inside");
    assertPluginDoesNothing(
        "BACKUPDIRS: "
            + link
            + ("/inside lies in the target " + operator.target + "; take it out"));
  }

  @Test
  @Tag("small-rule-5")
  void sources_thatLieInTheTarget_orHoldIt_byBindMount() throws Exception {
    assumeTrue(Operator.isRoot());
    configure();
    assertThat(operator.job().status()).isZero();
    Path inside = Files.createDirectory(operator.target.resolve("inside"));
    Path bound = Files.createDirectory(operator.scratch.resolve("bound"));
    configure("BACKUPDIRS=" + bound);
    assertThat(withBindMount(inside, bound).complaints())
        .containsExactly(
            "BACKUPDIRS: " + bound + " lies in the target " + operator.target + "; take it out");
    Path target = Files.createDirectory(operator.scratch.resolve("boundtarget"));
    Path held = Files.createDirectory(source.resolve("held"));
    configure("BACKUPTO=" + target);
    Job job = withBindMount(held, target);
    assertThat(job.status()).isEqualTo(3);
    assertThat(job.complaints()).hasSize(1).first().asString().contains(" contains the target ");
    assertThat(held).isEmptyDirectory();
  }

  private Job withBindMount(Path from, Path to) throws Exception {
    int before = Files.readAllLines(operator.log).size();
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "/bin/sh",
                "-c",
                "mount --bind \"$1\" \"$2\" || exit 99; shift 2; exec \"$@\"",
                "sh",
                from.toString(),
                to.toString()));
    command.addAll(operator.command());
    Ran ran = operator.process(Map.of("LC_ALL", "C.UTF-8"), command);
    assumeTrue(ran.status() != 99, "no bind mounts here");
    List<String> lines = Files.readAllLines(operator.log);
    return new Job(ran, lines.subList(before, lines.size()));
  }

  @Test
  void expireDays_whichAreNone() throws Exception {
    for (String value : List.of("0", "-1", "", "abc", "99999999", "36501", "1.5", "'15 days'")) {
      assertSettingRefused("EXPIREDAYS=" + value, "is not a whole number from 1 to 36500");
    }
  }

  @Test
  void keepRules_whichAreNone() throws Exception {
    for (String line :
        List.of("KEEP_LAST=0", "KEEP_DAILY=", "KEEP_WEEKLY=-1", "KEEP_MONTHLY=abc", "KEEP_MIN=0")) {
      assertSettingRefused(line, "is not a whole number from 1 to 36500");
    }
  }

  @Test
  void excludeFile_whichIsNone() throws Exception {
    assertSettingRefused(
        "EXCLUDEFILE=/nonexistent", "names no file; make it, or set EXCLUDEFILE= for no rules");
    assertSettingRefused("EXCLUDEFILE=exclude.conf", "is not an absolute path; begin it with /");
    Path rules = operator.trusted(operator.home.resolve("config/exclude.conf"), "*.tmp\n");
    Files.setPosixFilePermissions(rules, PosixFilePermissions.fromString("rw-rw-rw-"));
    configure("EXCLUDEFILE=" + rules);
    Job job = operator.job();
    assertThat(job.status()).isEqualTo(3);
    assertThat(job.ran().err())
        .isEqualTo(
            "deferred-sync: "
                + (rules + " is not trusted: ")
                + (rules + " is writable by everybody (mode 0666, owner ")
                + Files.getOwner(rules).getName()
                + ("): chmod o-w " + rules + "\n"));
    assertThat(job.ran("other")).as("others could change what is left out").isFalse();
    assertThat(operator.target).isEmptyDirectory();
  }

  // --- that source is skipped ------------------------------------------------------------------

  @Test
  @Tag("settled-3")
  void sources_thatCannotBeTaken_areSkipped_andTheOthersBackedUp() throws Exception {
    Path base = operator.scratch;
    Path other = Files.createDirectories(base.resolve("real/other"));
    Files.writeString(other.resolve("b"), "b");
    Path via = Files.createSymbolicLink(base.resolve("via"), base.resolve("real"));
    Path link = Files.createSymbolicLink(base.resolve("link"), Path.of("source"));
    Path dangling = Files.createSymbolicLink(base.resolve("dangling"), Path.of("x\n[INFO] x"));
    Path toFile = Files.createSymbolicLink(base.resolve("tofile"), source.resolve("file"));
    Path nested = Files.createDirectories(source.resolve("nested"));
    Path excluded = Files.createDirectories(base.resolve("excluded"));
    Path rules = operator.trusted(operator.home.resolve("config/exclude.conf"), "/excluded/\n");
    Map<Path, String> skipped = new LinkedHashMap<>();
    skipped.put(base.resolve("absent"), "does not exist; mount it, or take it out of BACKUPDIRS");
    skipped.put(source.resolve("file"), "is no directory; BACKUPDIRS takes directories only");
    skipped.put(link, "is a symbolic link to " + source + "; write that path into BACKUPDIRS");
    skipped.put(
        dangling,
        "is a symbolic link to x\\x0a[INFO] x, where nothing is; mend the link, or take it out of"
            + " BACKUPDIRS");
    skipped.put(
        toFile,
        "is a symbolic link to "
            + source
            + "/file, which is no directory; BACKUPDIRS takes directories only");
    skipped.put(excluded, "an exclude rule leaves all of it out; mend the rule");
    skipped.put(
        via.resolve("other"),
        "is the source " + other + " by another name; take one of the two out");
    skipped.put(nested, "lies in the source " + source + "; take one of the two out");
    String all =
        Stream.concat(Stream.of(other), skipped.keySet().stream())
            .map(Path::toString)
            .reduce(source.toString(), (a, b) -> a + " " + b);
    configure("EXCLUDEFILE=" + rules, "BACKUPDIRS='" + all + "'");
    Job job = operator.job();

    assertThat(job.status()).isEqualTo(3);
    assertThat(job.complaints())
        .containsExactlyInAnyOrderElementsOf(
            skipped.entrySet().stream()
                .map(one -> one.getKey() + ": " + one.getValue() + STAYS)
                .toList());
    assertThat(job.ran("other")).isTrue();
    for (Path good : List.of(source, other)) {
      assertThat(TreeText.of(mirror(good))).isEqualTo(TreeText.of(good));
    }
    assertThat(mirror(base.resolve("absent"))).doesNotExist();
  }

  private Path mirror(Path path) {
    return operator.target.resolve(path.toString().substring(1));
  }

  @Test
  void source_thatHasGone_keepsItsMirrorAndHistory() throws Exception {
    Path going = Files.createDirectories(operator.scratch.resolve("going"));
    Files.writeString(going.resolve("kept"), "kept");
    configure("BACKUPDIRS='" + going + " " + source + "'");
    assertThat(operator.job().status()).isZero();
    Files.move(going, operator.scratch.resolve("gone"));
    Files.writeString(source.resolve("new"), "new");
    Job job = operator.job();

    assertThat(job.status()).isEqualTo(3);
    assertThat(mirror(going).resolve("kept")).hasContent("kept");
    assertThat(mirror(source).resolve("new")).hasContent("new");
    Path to = operator.scratch.resolve("to");
    Ran ran = operator.run("restore", going.toString(), "--to", to.toString());
    assertThat(ran.status()).isZero();
    assertThat(ran.err())
        .contains(going + ": not in that run; as in snapshot 1.")
        .doesNotContain("WARN");
    assertThat(to.resolve("going/kept")).hasContent("kept");
    String older = going + ": not in that run; as in snapshot 1.\n";
    assertThat(operator.run("ls", "--at", "2", operator.scratch.toString()).err()).endsWith(older);
    assertThat(operator.run("ls", "--at", "2", source.toString()).err()).doesNotContain(older);
  }

  @Test
  void restore_ofADirectoryAboveSources_saysWhichAreOlder_orWereNeverThere() throws Exception {
    Path going = Files.createDirectories(operator.scratch.resolve("all/going"));
    Path staying = Files.createDirectories(operator.scratch.resolve("all/staying"));
    Path never = operator.scratch.resolve("all/never");
    Files.writeString(going.resolve("kept"), "kept");
    configure("BACKUPDIRS='" + going + " " + staying + " " + never + "'");
    assertThat(operator.job().status()).isEqualTo(3);
    Files.move(going, operator.scratch.resolve("gone"));
    assertThat(operator.job().status()).isEqualTo(3);

    Path to = operator.scratch.resolve("to");
    Ran ran =
        operator.run(
            "restore",
            java.util.Objects.requireNonNull(going.getParent()).toString(),
            "--to",
            to.toString());

    assertThat(ran.status()).isZero();
    assertThat(ran.err())
        .contains(going + ": not in that run; as in snapshot 1.\n")
        .contains(never + ": not in any snapshot up to that one: held, ")
        .doesNotContain(staying + ": ");
    assertThat(to.resolve("all/going/kept")).hasContent("kept");
  }

  // --- exit status of several ------------------------------------------------------------------

  /** The operator's command, given by root to a user who owns nothing. */
  private List<String> asNobody() {
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"));
    command.addAll(operator.command());
    return command;
  }

  /** The job of an ordinary user, who cannot read everything. */
  private Job asOrdinaryUser() throws Exception {
    int before = Files.exists(operator.log) ? Files.readAllLines(operator.log).size() : 0;
    if (Operator.isRoot()) {
      operator.sh(
          "chmod 0755 \"$1\"; mkdir -p \"$1/state\"; chown -R 65534:65534 \"$1\"/*",
          operator.scratch);
      operator.copyClassPath();
    }
    List<String> command = Operator.isRoot() ? asNobody() : operator.command();
    Ran ran = operator.process(Map.of("LC_ALL", "C.UTF-8"), command);
    List<String> lines = Files.readAllLines(operator.log);
    return new Job(ran, lines.subList(before, lines.size()));
  }

  @Test
  @Tag("rule-10")
  void unreadable_keepsItsLastVersion_andIsNamedOnce_inOneLine() throws Exception {
    Path forged = Files.writeString(source.resolve("x\n[INFO] job: completed"), "old");
    configure("BACKUPDIRS='" + source + " " + operator.scratch.resolve("absent") + "'");
    assertThat(asOrdinaryUser().status()).as("absent comes second").isEqualTo(3);
    Files.writeString(forged, "newer");
    Files.writeString(source.resolve("file"), "newer");
    Files.setPosixFilePermissions(forged, PosixFilePermissions.fromString("-wx------"));
    Job job = asOrdinaryUser();

    assertThat(job.status()).as("unreadable comes first: %s", job.ran().err()).isEqualTo(1);
    String shown = source + "/x\\x0a[INFO] job: completed";
    assertThat(job.complaints().stream().filter(line -> line.contains("x\\x0a")).toList())
        .containsExactly(shown + ": not read, its last version is kept: permission denied");
    assertThat(job.complaints())
        .contains(source + ": partial: 1 path could not be read and keeps its last version.");
    assertThat(job.records()).allMatch(line -> line.matches("\\[(INFO|WARN|ERROR)] 2.*"));
    assertThat(job.ran("other")).isTrue();
    assertThat(mirror(forged)).hasContent("old");
    assertThat(mirror(source.resolve("file"))).hasContent("newer");
  }

  @Test
  void configuration_unreadable() throws Exception {
    assumeTrue(Operator.isRoot());
    configure();
    Files.setPosixFilePermissions(
        operator.configuration(), PosixFilePermissions.fromString("rw-------"));
    operator.copyClassPath();
    operator.sh("chmod 0755 \"$1\"", operator.scratch);
    assertThat(operator.process(Map.of(), asNobody()))
        .isEqualTo(
            new Ran(
                3,
                "",
                "[ERROR] deferred-sync: "
                    + operator.configuration()
                    + " may not be read by this user; make it readable\n"));
  }

  @Test
  void configCheck_saysWhatARunWouldRefuse_eachOnce() throws Exception {
    for (Map.Entry<String, String> wrong :
        Map.of(
                "BACKUPDIRS=", "names no directory",
                "BACKUPDIRS=etc", "is not an absolute path",
                "BACKUPDIRS='/x /x/'", "names /x twice",
                "EXCLUDEFILE=/nonexistent", "names no file",
                "EXPIREDAYS=never", "is not a whole number",
                "PLUGINS=", "names no plugin",
                "PLUGINS='incremental_bakup other'", "no plugin of the name \"incremental_bakup\"")
            .entrySet()) {
      configure(wrong.getKey());
      Ran check = operator.run("config", "check");

      assertThat(check.status()).as(wrong.getKey()).isEqualTo(3);
      assertThat(check.out().lines().filter(line -> line.startsWith("[ERROR] ")))
          .singleElement()
          .asString()
          .contains(wrong.getValue())
          .contains(operator.configuration() + ":");
      assertThat(check.out()).endsWith(": 1 to correct.\n");
      assertThat(operator.job("run").status()).as(wrong.getKey()).isEqualTo(3);
    }
    configure();
    assertThat(operator.run("config", "check"))
        .satisfies(check -> assertThat(check.out()).endsWith(": good.\n"))
        .satisfies(check -> assertThat(check.status()).isZero());
    configure("PLUGINS=");
    assertThat(operator.run("run", "--only", "other").status()).as("names one").isZero();
    configure("BACKUPDIRS=", "PLUGINS=other");
    assertThat(operator.run("config", "check").status()).as("another's settings").isZero();
  }

  @Test
  void lock_thatCannotLieAnywhere_isSaid_alsoInTheLog() throws Exception {
    assumeTrue(Operator.isRoot());
    Path mine = operator.scratch.resolve("mine");
    Path closed = operator.scratch.resolve("closed");
    operator.sh("install -d -o 65534 -g 65534 -m 0755 \"$1\"; mkdir -m 0755 \"$2\"", mine, closed);
    configure("JOBLOG=" + mine.resolve("log"));
    operator.copyClassPath();
    operator.sh("chmod 0755 \"$1\"", operator.scratch);
    Ran ran =
        operator.process(Map.of("XDG_STATE_HOME", closed.resolve("state").toString()), asNobody());

    String line =
        closed.resolve("state")
            + ": the directory of the job's lock cannot be made there (permission denied); make it"
            + " writable, or set XDG_STATE_HOME to a directory of this user's. Nothing was run.";
    assertThat(ran).isEqualTo(new Ran(3, "", "deferred-sync: " + line + "\n"));
    assertThat(Files.readString(mine.resolve("log")))
        .contains("[ERROR] ")
        .contains(" job: " + line);
  }

  @Test
  void job_endedWhileItWaitsForItsTurn_saysThatNothingWasRun() throws Exception {
    configure();
    Thread.currentThread().interrupt();
    Operator.Job job;
    try {
      job = operator.job("run", "--wait", "1m");
    } finally {
      Thread.interrupted(); // or what follows would be ended too
    }

    assertThat(job.ran())
        .isEqualTo(new Ran(1, "", "deferred-sync: Ended by SIGTERM before anything was run.\n"));
    assertThat(job.records()).singleElement().asString().contains("[WARN] ").contains("SIGTERM");
  }

  // --- looking and restoring -------------------------------------------------------------------

  @Test
  void target_thatIsNone_isSaid_byEveryCommand() throws Exception {
    for (String[] command :
        new String[][] {
          {"snapshots"},
          {"ls"},
          {"verify"},
          {"rebuild"},
          {"restore", "/x", "--to", scratch + "/to"},
          {"cat", "/x"},
          {"find", "x"},
          {"history", "/x"},
          {"diff", "1"}
        }) {
      configure();
      assertThat(operator.run(command))
          .isEqualTo(
              new Ran(
                  3,
                  "",
                  "[ERROR] deferred-sync: BACKUPTO="
                      + operator.target
                      + ": no target yet, or its disk is not mounted; mount it, or run a backup first\n"));
      configure("BACKUPTO=/nonexistent-target");
      assertThat(operator.run(command))
          .isEqualTo(
              new Ran(
                  3,
                  "",
                  "[ERROR] deferred-sync: BACKUPTO=/nonexistent-target: does not exist; make the"
                      + " directory, or mount its disk\n"));
    }
    assertThat(operator.target).isEmptyDirectory();
  }
}
