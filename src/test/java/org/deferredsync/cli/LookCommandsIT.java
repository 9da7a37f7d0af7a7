package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Four snapshots, looked into with cat, find, history, diff and snapshots. */
@Timeout(120)
final class LookCommandsIT {
  private static final String SECOND =
      "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4";

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Operator operator;
  private Path source;

  @BeforeEach
  void backUpFourTimes() throws IOException {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("a/source"));
    write("file", "first", "2020-01-02T03:04:05Z");
    write("sub/deep/letter.txt", "dear", "2020-01-02T03:04:05Z");
    write("sub/deep/other.txt", "none", "2020-01-02T03:04:05Z");
    Files.createSymbolicLink(source.resolve("link"), Path.of("nowhere"));
    operator.configure("BACKUPDIRS=" + source);
    backUp();
    write("file", "second", "2021-01-02T03:04:05Z");
    Files.delete(source.resolve("sub/deep/letter.txt"));
    Files.setPosixFilePermissions(
        source.resolve("sub/deep/other.txt"), PosixFilePermissions.fromString("rw-------"));
    backUp();
    Files.delete(source.resolve("file"));
    Files.createDirectory(source.resolve("file"));
    Files.setLastModifiedTime(
        source.resolve("file"), FileTime.from(Instant.parse("2022-01-02T03:04:05Z")));
    write("sub/deep/letter.txt", "dear me", "2022-01-02T03:04:05Z");
    backUp();
    backUp();
  }

  private void write(String name, String text, String time) throws IOException {
    Path file = source.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse(time)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }

  private void backUp() throws IOException {
    assertThat(operator.job().status()).isZero();
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private String out(String... command) {
    Ran ran = operator.run(command);
    assertThat(ran.status()).as(ran.err()).isZero();
    return ran.out();
  }

  private void assertFails(int status, String line, String... command) {
    Ran ran = operator.run(command);
    assertThat(ran.err().lines().toList()).contains(line);
    assertThat(ran.status()).isEqualTo(status);
    assertThat(ran.out()).isEmpty();
  }

  private String json(String expression, String... command) throws Exception {
    Path text = Files.writeString(operator.scratch.resolve("json"), out(command));
    Ran read =
        operator.sh(
            "exec python3 -c \"import json,sys; v=json.load(open(sys.argv[1])); print($2)\" \"$1\"",
            text,
            expression);
    assertThat(read.err()).isEmpty();
    return read.out().strip();
  }

  // --- cat -------------------------------------------------------------------------------------

  @Test
  void cat_printsTheBytesOfThatTime() {
    assertThat(out("cat", source + "/file", "--at", "1")).isEqualTo("first");
    assertThat(out("cat", source + "/file", "--at", "2")).isEqualTo("second");
    assertThat(out("cat", source + "/sub/deep/letter.txt")).isEqualTo("dear me");
    Ran named = operator.run("cat", "--at", "1", source + "/file");
    assertThat(named.err()).matches("Snapshot 1 of 2[-0-9T:+]+\\.\n");
    assertThat(operator.run("-q", "cat", "--at", "1", source + "/file"))
        .isEqualTo(new Ran(0, "first", ""));
  }

  @Test
  void cat_printsBytesAsTheyAre() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new java.util.Random(7).nextBytes(bytes);
    Files.write(source.resolve("bytes"), bytes);
    backUp();
    Ran ran = operator.process(Map.of(), operator.command("cat", source + "/bytes"));
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(ran.out().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(bytes);
  }

  @Test
  void cat_endsWithAFailure_whenItsReaderDoes() throws Exception {
    Files.write(source.resolve("bytes"), new byte[3 << 20]);
    backUp();
    List<String> command = operator.command("cat", source + "/bytes");
    Ran ran =
        operator.sh("{ \"$@\" && s=0 || s=$?; echo $s >&3; } 3>status | :", command.toArray());
    assertThat(ran.err()).contains("standard output could not be written");
    assertThat(operator.scratch.resolve("status")).hasContent("1");
  }

  @Test
  void cat_refusesWhatIsNoFile() {
    String error = "[ERROR] deferred-sync: ";
    String remedy = "; use \"deferred-sync ls\" or \"deferred-sync restore\"";
    assertFails(
        1, error + source + ": no regular file but a directory" + remedy, "cat", "" + source);
    assertFails(1, error + "/: no regular file but a directory" + remedy, "cat", "/");
    assertFails(
        1,
        error + source + "/link: no regular file but a symlink" + remedy,
        "cat",
        source + "/link");
    assertFails(
        1,
        error + source + "/none: not in snapshot 4; see \"deferred-sync ls --at 4 " + source + "\"",
        "cat",
        source + "/none");
    assertThat(operator.run("cat").status()).isEqualTo(64);
  }

  @Test
  void cat_printsNothing_whenTheBytesAreWrong() throws Exception {
    Path mirror = operator.target.resolve(source.toString().substring(1));
    Files.writeString(mirror.resolve("sub/deep/letter.txt"), "dear ME");
    Ran ran = operator.run("cat", source + "/sub/deep/letter.txt");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .hasLineCount(1)
        .startsWith(
            "[ERROR] deferred-sync: "
                + source
                + "/sub/deep/letter.txt: no file in the target has its bytes (SHA-256 ")
        .contains("looked at " + operator.target + source + "/sub/deep/letter.txt;")
        .endsWith("shows other versions\n");
    Files.delete(mirror.resolve("sub/deep/other.txt"));
    assertThat(operator.run("cat", source + "/sub/deep/other.txt").status()).isEqualTo(1);
  }

  // --- find ------------------------------------------------------------------------------------

  private List<String> found(String... command) {
    return out(command).lines().map(line -> line.replaceAll(" .* " + source, " ")).toList();
  }

  @Test
  void find_looksInAllSnapshots_orInOne() {
    assertThat(found("find", "*.txt"))
        .containsExactly("1,3-4 /sub/deep/letter.txt", "1-4 /sub/deep/other.txt");
    assertThat(found("find", "*.txt", "--at", "2")).containsExactly("2 /sub/deep/other.txt");
    assertThat(found("find", source + "/*/deep")).containsExactly("1-4 /sub/deep");
    assertThat(found("find", "deep/l*")).containsExactly("1,3-4 /sub/deep/letter.txt");
    assertThat(found("find", "l*")).hasSize(2);
    assertThat(found("find", "file/")).containsExactly("1-4 /file");
    assertThat(found("find", "link/")).isEmpty();
    assertThat(out("find", "letter*"))
        .matches("1,3-4 +-rw-r--r-- +\\d+:\\d+ +7 2022-[-0-9T:+]+ " + source + ".*\n");
    assertThat(out("find", "link")).endsWith("/link -> nowhere\n");
  }

  @Test
  void find_ofNothing_isSaid() {
    Ran none = operator.run("find", "nothing");
    assertThat(none).isEqualTo(new Ran(0, "", "Nothing like that in any snapshot.\n"));
    assertThat(operator.run("-q", "find", "nothing")).isEqualTo(new Ran(0, "", ""));
    Ran wrong = operator.run("find", "[a");
    assertThat(wrong.status()).isEqualTo(64);
    assertThat(wrong.err()).startsWith("deferred-sync: PATTERN: ");
  }

  @Test
  void find_takesAndPrintsNamesThatAreNoUtf8() throws Exception {
    operator.sh("printf x >\"$1/$(printf 'caf\\351 \\033[31m')\"", source);
    backUp();
    Ran ran =
        operator.sh(
            "p=$(printf 'caf\\351*'); shift; \"$@\" find \"$p\"",
            Stream.concat(Stream.of("-"), operator.command().stream()).toArray());
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).hasLineCount(1).endsWith("/caf\\xe9 \\x1b[31m\n");
    assertThat(json("v[0]['path'][-16:]", "find", "--json", "caf*"))
        .isEqualTo("caf\\xe9 \\x1b[31m");
  }

  // --- history ---------------------------------------------------------------------------------

  @Test
  void history_showsTheNewestFirst_andAbsence() {
    List<String> lines = out("history", source + "/sub/deep/letter.txt").lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).startsWith("SNAPSHOTS");
    assertThat(lines.get(1)).startsWith("3-4 ").contains(" 7 2022-");
    assertThat(lines.get(2)).matches("2 +absent");
    assertThat(lines.get(3)).startsWith("1 ").contains(" 4 2020-");
    List<String> types = out("history", source + "/file").lines().skip(1).toList();
    assertThat(types).hasSize(3);
    assertThat(types.get(0)).matches("3-4 +d[rwx-]{9} .*");
    assertThat(types.get(1)).startsWith("2 ").endsWith(" " + SECOND.substring(0, 12));
    assertThat(out("history", "/").lines().skip(1)).containsExactly("1-4       d---------");
  }

  @Test
  void history_ofWhatWasNever_isAFailure() {
    assertFails(
        1,
        "[ERROR] deferred-sync: "
            + source
            + "/never: in no snapshot; look for its name with \"deferred-sync find NAME\"",
        "history",
        source + "/never");
  }

  // --- diff ------------------------------------------------------------------------------------

  @Test
  void diff_listsWhatDiffers_inBothDirections() {
    String deep = source + "/sub/deep";
    assertThat(out("diff", "1", "2", source + "/sub"))
        .isEqualTo("m " + deep + "\n- " + deep + "/letter.txt\nm " + deep + "/other.txt\n");
    assertThat(out("diff", "2", "1", source + "/sub"))
        .isEqualTo("m " + deep + "\n+ " + deep + "/letter.txt\nm " + deep + "/other.txt\n");
    assertThat(out("diff", "1").lines())
        .contains("T " + source + "/file", "M " + deep + "/letter.txt");
    assertThat(out("diff", "1", "2")).contains("M " + source + "/file\n");
    Ran ran = operator.run("diff", "2");
    assertThat(ran.err().lines().toList())
        .satisfiesExactly(
            line -> assertThat(line).matches("From snapshot 2 of \\S+ to 4 of \\S+\\."),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "1 added, 0 removed, 0 with other bytes, 2 with other metadata, 1 of"
                            + " another type."));
    assertThat(operator.run("-q", "diff", "3", "4")).isEqualTo(new Ran(0, "", ""));
    assertThat(operator.run("diff", "3", "4").err()).endsWith("No difference.\n");
  }

  @Test
  void diff_refusesWhatItCannotCompare() {
    assertThat(operator.run("diff").status()).isEqualTo(64);
    assertThat(operator.run("diff", "/etc").status()).isEqualTo(64);
    assertThat(operator.run("diff", "1", "2", "3").status()).isEqualTo(64);
    assertThat(operator.run("diff", "yesterday").err())
        .startsWith("deferred-sync: TIME: 'yesterday' is no time");
    assertFails(
        1,
        "[ERROR] deferred-sync: there is no snapshot 9, only 1 to 4; see \"deferred-sync"
            + " snapshots\"",
        "diff",
        "1",
        "9");
    assertFails(
        1,
        "[ERROR] deferred-sync: /nowhere: not in snapshot 4; see \"deferred-sync ls --at 4 /\"",
        "diff",
        "1",
        "/nowhere");
  }

  // --- JSON ------------------------------------------------------------------------------------

  @Test
  void json_isReadByAParser() throws Exception {
    assertThat(
            json(
                "[(f['type'], f.get('bytes'), f['snapshots']) for f in v]", "find", "f*", "--json"))
        .isEqualTo("[('directory', None, [1, 2, 3, 4])]");
    assertThat(json("v", "find", "nothing", "--json")).isEqualTo("[]");
    String[] history = {"history", "--json", source + "/file"};
    assertThat(json("[(h['snapshots'], h['present'], h['type']) for h in v]", history))
        .isEqualTo("[([3, 4], True, 'directory'), ([2], True, 'file'), ([1], True, 'file')]");
    assertThat(json("(v[1]['sha256'], v[1]['content'], v[1]['mode'], v[1]['bytes'])", history))
        .isEqualTo("('" + SECOND + "', 'good', '0644', 6)");
    String[] diff = {"diff", "2", "--json"};
    assertThat(
            json(
                "[(d['path'].split('/')[-1], d['change'], 'before' in d, d['after']['type'])"
                    + " for d in v]",
                diff))
        .isEqualTo(
            "[('source', 'metadata', True, 'directory'), ('file', 'type', True, 'directory'),"
                + " ('deep', 'metadata', True, 'directory'), ('letter.txt', 'added', False,"
                + " 'file')]");
    assertThat(
            json(
                "[(s['path'][-7:], s['state'], s['expired']) for s in v[0]['sources']]",
                "snapshots",
                "--json"))
        .isEqualTo("[('/source', 'complete', False)]");
  }

  // --- snapshots -------------------------------------------------------------------------------

  @Test
  void snapshots_nameTheSourcesThatAreNotComplete() throws Exception {
    Path other = Files.createDirectories(operator.scratch.resolve("a/other"));
    Files.writeString(other.resolve("x"), "x");
    operator.configure("BACKUPDIRS='" + source + " " + other + "'");
    backUp();
    Files.move(other, operator.scratch.resolve("elsewhere"));
    assertThat(operator.job().status()).isEqualTo(3);
    List<String> lines = out("snapshots").lines().toList();
    assertThat(lines).hasSize(7);
    assertThat(lines.get(0)).matches(" +ID +TIME +FILES +SIZE +CHANGES +STATE");
    assertThat(lines.get(5)).matches(" +5 .* complete");
    assertThat(lines.get(6)).endsWith(" complete: " + source + "; held: " + other);
    assertThat(
            json(
                "[(s['state'], len(s['reason']) > 0) for s in v[5]['sources']] + [v[5]['state']]",
                "snapshots",
                "--json"))
        .isEqualTo("[('held', True), ('complete', False), 'held']");
    Ran held = operator.run("ls", "--at", "6", other.toString());
    assertThat(held.err()).endsWith(other + ": not in that run; as in snapshot 5.\n");
    assertThat(held.out()).endsWith(" x\n");
    assertThat(found("diff", "5", "6")).isEmpty();
  }

  // --- all of them -----------------------------------------------------------------------------

  @Test
  void help_fitsTheScreen_andHasAnExample() {
    for (String command : List.of("cat", "find", "history", "diff", "ls", "snapshots")) {
      String help = out(command, "--help");
      assertThat(help.lines().count()).as(command).isLessThanOrEqualTo(36);
      assertThat(help).startsWith("Usage: deferred-sync " + command);
      assertThat(help).contains("\nExample: deferred-sync " + command);
      assertThat(help.lines()).allMatch(line -> line.length() <= 80);
    }
  }

  @Test
  void looking_changesNothing_onAReadOnlyTarget() throws Exception {
    assumeTrue(Operator.isRoot());
    List<String[]> commands =
        List.of(
            new String[] {"cat", "--at", "1", source + "/file"},
            new String[] {"find", "*"},
            new String[] {"history", source + "/file"},
            new String[] {"diff", "1", "3"});
    Ran mounted =
        operator.sh(
            "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"", operator.target);
    assumeTrue(mounted.status() == 0, "this system lets nobody mount");
    try {
      for (String[] command : commands) {
        assertThat(out(command)).isNotEmpty();
      }
    } finally {
      operator.sh("umount \"$1\"", operator.target);
    }
  }
}
