package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two snapshots, looked at and restored with every form of every option. */
@Timeout(120)
final class LookIT {
  private static final Instant WRITTEN = Instant.parse("2020-01-02T03:04:05Z");

  @TempDir private Path scratch;
  private Operator operator;
  private Path source;

  @BeforeEach
  void backUpTwice() throws IOException {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("a/source"));
    Files.writeString(source.resolve("file"), "first");
    Files.setLastModifiedTime(source.resolve("file"), FileTime.from(WRITTEN));
    Files.setPosixFilePermissions(
        source.resolve("file"), PosixFilePermissions.fromString("rw-r-----"));
    Files.createDirectories(source.resolve("sub"));
    Files.writeString(source.resolve("sub/\"quoted\"\\\n\u001b[31mé"), "odd");
    Files.createSymbolicLink(source.resolve("link"), Path.of("to\nnowhere"));
    operator.configure("BACKUPDIRS=" + source);
    assertThat(operator.job().status()).isZero();
    Files.writeString(source.resolve("file"), "second");
    assertThat(operator.job().status()).isZero();
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private Ran restore(String at, String to) {
    String destination = operator.scratch.resolve(to).toString();
    return operator.run("restore", "--at", at, source + "/file", "--to", destination);
  }

  private static String firstMatch(String text, String pattern) {
    var matcher = java.util.regex.Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as("%s in %s", pattern, text).isTrue();
    return matcher.group();
  }

  @Test
  void at_takesEveryForm() throws Exception {
    String today = LocalDate.now(ZoneId.systemDefault()).toString();
    String shown =
        firstMatch(
            operator.run("snapshots").out().lines().toList().get(2),
            "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9:]{5}");
    Map<String, String> forms =
        Map.of(
            "1",
            "first",
            "2",
            "second",
            "latest",
            "second",
            "0m",
            "second",
            today,
            "second",
            "2999-12-31",
            "second",
            shown,
            "second",
            shown.substring(0, 19),
            "second",
            shown.substring(0, 16),
            "second",
            shown.substring(0, 16).replace('T', ' '),
            "second");
    int count = 0;
    for (var form : forms.entrySet()) {
      String to = "to" + count++;
      Ran ran = restore(form.getKey(), to);
      assertThat(ran.status()).as("%s: %s", form.getKey(), ran.err()).isZero();
      assertThat(ran.err()).startsWith("Snapshot " + (form.getValue().equals("first") ? 1 : 2));
      assertThat(operator.scratch.resolve(to).resolve("file")).hasContent(form.getValue());
    }
  }

  @Test
  void at_whichIsNoTime_orHasNoSnapshot() {
    for (String at : List.of("", "yesterday", "3", "3d", "1999-12-31", "2026-02-31", "-1")) {
      Ran ran = restore(at, "to");
      boolean known = List.of("3", "3d", "1999-12-31").contains(at);
      assertThat(ran.status()).as(at).isEqualTo(known ? 1 : 64);
      String line = ran.err().lines().findFirst().orElse("");
      if (!known) {
        assertThat(line).contains("--at").doesNotContain("Exception");
      } else if (at.equals("3")) {
        assertThat(ran.err())
            .isEqualTo(
                "[ERROR] deferred-sync: there is no snapshot 3, only 1 to 2; see \"deferred-sync"
                    + " snapshots\"\n");
      } else {
        assertThat(ran.err())
            .hasLineCount(1)
            .startsWith(
                "[ERROR] deferred-sync: there was no snapshot yet at "
                    + at
                    + "; the oldest is 1, of 2");
      }
    }
    assertThat(operator.scratch.resolve("to")).doesNotExist();
  }

  private void assertRestoreRefused(int status, String line, String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "restore";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Ran ran = operator.run(command);
    assertThat(ran.err().lines().skip(1).findFirst()).contains(line);
    assertThat(ran.status()).isEqualTo(status);
  }

  /** A reader of SQLite's log makes files of its own beside the catalogue. */
  private static Map<String, String> withoutCatalogue(Map<String, String> tree) {
    tree.keySet().removeIf(name -> name.startsWith("target/.deferred-sync"));
    return tree;
  }

  @Test
  void restore_writesNothing_whenItIsRefused() throws Exception {
    Map<String, String> before = withoutCatalogue(TreeText.of(operator.scratch));
    String error = "[ERROR] deferred-sync: ";
    String to = operator.scratch + "/to";
    String file = source + "/file";
    assertRestoreRefused(
        1,
        error
            + source
            + "/sub/nothing/here: not in snapshot 2; see \"deferred-sync ls --at 2 "
            + source
            + "/sub\"",
        source + "/sub/nothing/here",
        "--to",
        to);
    assertRestoreRefused(
        1,
        error + "/nowhere: not in snapshot 2; see \"deferred-sync ls --at 2 /\"",
        file,
        "/nowhere",
        "--to",
        to);
    assertRestoreRefused(
        1,
        error + source + ": not empty; restore into an empty or a new directory",
        file,
        "--to",
        source.toString());
    assertRestoreRefused(
        1,
        error + file + ": not a directory; restore into an empty or a new directory",
        file,
        "--to",
        file);
    assertRestoreRefused(
        1, error + to + ": no such file or directory; make it first", file, "--to", to + "/below");
    assertRestoreRefused(
        1,
        error
            + operator.target
            + "/to: lies in the target "
            + operator.target
            + "; restore elsewhere",
        file,
        "--to",
        operator.target + "/to");
    assertRestoreRefused(
        1, error + "/: not empty; restore into a directory of its own", file, "--to", "/");
    assertThat(withoutCatalogue(TreeText.of(operator.scratch))).isEqualTo(before);
  }

  @Test
  void restore_ofSeveralPaths_keepsThemApart_andTakesNoneTwice() throws Exception {
    Path to = operator.scratch.resolve("to");
    Ran ran =
        operator.run(
            "restore", source + "/sub", source.toString(), source + "/", "--to", to.toString());
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(TreeText.of(to.resolve(source.toString().substring(1))))
        .isEqualTo(TreeText.of(source));
    Path all = operator.scratch.resolve("all");
    assertThat(operator.run("restore", "/", "--to", all.toString()).status()).isZero();
    assertThat(TreeText.of(all.resolve(source.toString().substring(1))))
        .isEqualTo(TreeText.of(source));
  }

  private String json(String expression, String... command) throws Exception {
    Ran ran = operator.run(command);
    assertThat(ran.status()).as(ran.err()).isZero();
    Path text = Files.writeString(operator.scratch.resolve("json"), ran.out());
    operator.sh("python3 -m json.tool \"$1\" >\"$2\"", text, operator.scratch.resolve("pretty"));
    Ran read =
        operator.sh(
            "exec python3 -c \"import json,sys; v=json.load(open(sys.argv[1])); print($2)\" \"$1\"",
            text,
            expression);
    assertThat(read.err()).isEmpty();
    return read.out().strip();
  }

  @Test
  void json_isReadByAParser() throws Exception {
    assertThat(
            json(
                "[(s['id'], s['state'], s['files'], s['added'], s['changed']) for s in v]",
                "snapshots",
                "--json"))
        .isEqualTo("[(1, 'complete', 3, 5, 0), (2, 'complete', 3, 0, 1)]");
    String[] ls = {"ls", "--at", "1", "--json", source.toString()};
    assertThat(json("[(e['path'].split('/')[-1], e['type'], e.get('bytes')) for e in v]", ls))
        .isEqualTo("[('file', 'file', 5), ('link', 'symlink', None), ('sub', 'directory', None)]");
    LocalDate day = LocalDate.ofInstant(WRITTEN, ZoneId.systemDefault());
    assertThat(json("(v[0]['mode'], v[0]['time'][:10], v[1]['target'])", ls))
        .isEqualTo("('0640', '" + day + "', 'to\\\\x0anowhere')");
    assertThat(json("ascii(v[0]['path'].split('/')[-1])", "ls", "--json", source + "/sub"))
        .contains("quoted")
        .contains("\\\\x1b")
        .contains("\\xe9");
    assertThat(json("(v['files'], v['damaged'], v['missing'])", "verify", "--json"))
        .isEqualTo("(3, 0, 0)");
    assertThat(json("[e['type'] for e in v]", "ls", "--json", "/")).isEqualTo("['directory']");
  }

  @Test
  void ls_listsWhatLiesAboveTheSources_andSingleFiles() {
    String first = operator.scratch.getName(0).toString();
    assertThat(operator.run("ls").out()).isEqualTo(operator.run("ls", "/").out());
    assertThat(operator.run("ls", "/").out()).matches("d---------  +" + first + "\n");
    assertThat(operator.run("ls", operator.scratch + "/a").out()).matches("d[rwx-]{9} .* source\n");
    assertThat(operator.run("ls", source + "/file").out()).matches("-rw-r----- .* 6 .* file\n");
    Ran odd = operator.run("ls", source + "/sub");
    assertThat(odd.out()).hasLineCount(1).endsWith(" \"quoted\"\\\\x0a\\x1b[31mé\n");
  }

  // --- the job as a whole ----------------------------------------------------------------------

  @Test
  void dryRun_leavesEverythingAsItIs_andTellsThePlan() throws Exception {
    Files.writeString(source.resolve("new"), "12345");
    Files.delete(source.resolve("link"));
    Files.writeString(source.resolve("file"), "third!!!");
    Map<String, String> before = TreeText.of(operator.target);
    Job option = operator.job("run", "--dry-run");
    operator.configure("BACKUPDIRS=" + source, "DRY_RUN=true");
    Job setting = operator.job();

    assertThat(TreeText.of(operator.target)).isEqualTo(before);
    for (Job job : List.of(option, setting)) {
      assertThat(job.status()).isZero();
      assertThat(job.records())
          .anyMatch(line -> line.endsWith(": nothing is changed."))
          .anyMatch(
              line ->
                  line.contains(source + ": would be: 1 added, 1 changed,")
                      && line.contains(" 1 removed; 13 bytes copied;"));
    }
  }

  @Test
  void dryRun_beginsNoTarget() throws Exception {
    Path fresh = Files.createDirectories(operator.scratch.resolve("fresh"));
    operator.configure("BACKUPDIRS=" + source, "BACKUPTO=" + fresh);
    Job job = operator.job("-n");
    assertThat(job.status()).isZero();
    assertThat(fresh).isEmptyDirectory();
  }

  @Test
  void only_runsTheBackupAlone() throws Exception {
    operator.script("80_other", "echo here\n");
    operator.configure("BACKUPDIRS=" + source, "PLUGINS=other");
    Files.writeString(source.resolve("file"), "third");
    Job job = operator.job("run", "--only", "incremental_backup");
    assertThat(job.status()).isZero();
    assertThat(job.ran("other")).isFalse();
    assertThat(operator.run("snapshots").out()).contains("\n    3  ");
  }

  @Test
  void secondRun_onTheSameTarget_isRefused_whileOneIsInProgress() throws Exception {
    // Another configuration, so that it is the target's own lock that refuses.
    Process holder =
        operator.start(
            Map.of(),
            List.of(
                "python3",
                "-c",
                "import fcntl,sys,time; f=open(sys.argv[1],'r+');"
                    + "fcntl.lockf(f, fcntl.LOCK_EX, 1, 0); open(sys.argv[2],'w'); time.sleep(600)",
                operator.target.resolve(".deferred-sync/lock").toString(),
                operator.scratch.resolve("locked").toString()));
    try {
      while (!Files.exists(operator.scratch.resolve("locked"))) {
        assertThat(holder.isAlive()).isTrue();
        Thread.sleep(20);
      }
      Job job = operator.job();
      assertThat(job.status()).isEqualTo(1);
      assertThat(job.complaints())
          .hasSize(1)
          .first()
          .asString()
          .startsWith(operator.target + ": in use by another run (pid and start: ");
      assertThat(operator.run("snapshots").status()).isZero();
      assertThat(restore("1", "to").status()).isZero();
    } finally {
      holder.destroyForcibly().waitFor();
    }
    assertThat(operator.job().status()).isZero();
  }
}
