package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A random tree backed up with changes between, restored at each point and compared by rsync with
 * copies kept aside.
 */
@Timeout(300)
final class RestoreIT {
  private static final String[] LOCALES = {"C", "C.UTF-8", "C"};
  private static final String[] UMASKS = {"000", "022", "077"};

  @TempDir private Path scratch;

  @Test
  void restore_bringsEverySnapshotBack_afterRandomChanges() throws Exception {
    long seed = Long.getLong("tree.seed", new Random().nextLong());
    System.out.println("restored snapshots against copies: -Dtree.seed=" + seed);
    Random random = new Random(seed);
    try (Operator operator = new Operator(scratch)) {
      Path one = Files.createDirectories(operator.scratch.resolve("one/data"));
      Path two = Files.createDirectories(operator.scratch.resolve("two/data"));
      // One change in hundreds removes a directory with a quarter of all that there is.
      operator.configure("BACKUPDIRS='" + one + " " + two + "'", "GUARD_PERCENT=100");
      List<GeneratedTree> trees =
          List.of(new GeneratedTree(one, random), new GeneratedTree(two, random));
      for (GeneratedTree tree : trees) {
        tree.grow(1_500);
      }
      for (int run = 1; run <= 3; run++) {
        if (run > 1) {
          for (GeneratedTree tree : trees) {
            tree.change(200);
          }
        }
        Ran ran = program(operator, UMASKS[run - 1], LOCALES[run - 1], List.of("run"));
        assertThat(ran)
            .as("seed %d, run %d, log %s", seed, run, Files.readString(operator.log))
            .isEqualTo(new Ran(0, "", ""));
        operator.sh(
            "mkdir \"$1\"; cp -a \"$2\" \"$1/\"", operator.scratch.resolve("1at" + run), one);
        operator.sh(
            "mkdir \"$1\"; cp -a \"$2\" \"$1/\"", operator.scratch.resolve("2at" + run), two);
        for (Path source : List.of(one, two)) {
          assertSame(operator, source, mirror(operator, source), "-niaX", seed);
        }
        assertOursIsPrivate(operator);
      }
      for (int run = 1; run <= 3; run++) {
        for (int source = 1; source <= 2; source++) {
          Path to = operator.scratch.resolve("restored" + source + run);
          Path path = source == 1 ? one : two;
          List<String> command =
              List.of("restore", "--at", "" + run, path.toString(), "--to", to.toString());
          Ran ran =
              run == 1
                  ? program(operator, UMASKS[source], LOCALES[source], command)
                  : operator.run(command.toArray(String[]::new));
          assertThat(ran.status()).as("seed %d: %s", seed, ran.err()).isZero();
          Path copy = operator.scratch.resolve(source + "at" + run + "/data");
          assertSame(operator, copy, to.resolve("data"), "-niaHX", seed);
        }
      }
      assertThat(program(operator, "022", "C", List.of("verify")).out())
          .contains(" 0 damaged, 0 missing, 0 unknown");
    }
  }

  private static Ran program(Operator operator, String umask, String locale, List<String> arguments)
      throws Exception {
    List<String> command =
        new ArrayList<>(List.of("/bin/sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"));
    command.addAll(operator.command(arguments.toArray(String[]::new)));
    return operator.process(Map.of("LC_ALL", locale), command);
  }

  private static Path mirror(Operator operator, Path source) {
    return operator.target.resolve(source.toString().substring(1));
  }

  private static void assertSame(
      Operator operator, Path wanted, Path found, String options, long seed) throws Exception {
    Ran ran =
        operator.sh(
            "exec rsync \"$1\" --delete --checksum --modify-window=-1 -- \"$2/\" \"$3/\"",
            options,
            wanted,
            found);
    assertThat(ran).as("seed %d: %s and %s", seed, wanted, found).isEqualTo(new Ran(0, "", ""));
  }

  private static void assertOursIsPrivate(Operator operator) throws Exception {
    Ran ran =
        operator.sh(
            """
            find "$1/.deferred-sync" \\( -type d ! -perm 0700 -o ! -type d ! -perm 0600 \\) -print
            find "$1" -maxdepth 1 -type d ! -perm 0700 -print
            path=$1
            for name in $(printf %s "${2#/}" | tr / ' '); do
                find "$path" -maxdepth 0 ! -perm 0700 -print
                path=$path/$name
            done
            find "$3" ! -perm 0600 -print
            """,
            operator.target, operator.scratch.resolve("one"), operator.log);
    assertThat(ran).isEqualTo(new Ran(0, "", ""));
  }

  @Test
  void restore_inPlace_keepsWhatWasThere_afterADryRunThatChangesNothing() throws Exception {
    try (Operator operator = new Operator(scratch)) {
      Path source = Files.createDirectories(operator.scratch.resolve("home/data"));
      operator.sh("cd \"$1\"; echo 1 >changed; echo 1 >stays; echo 1 >gone; ln stays name", source);
      operator.configure("BACKUPDIRS=" + source);
      assertThat(operator.job().status()).isZero();
      Map<String, String> wanted = TreeText.of(source);
      operator.sh("cd \"$1\"; echo 2 >changed; rm gone; echo 2 >extra", source);
      Map<String, String> before = TreeText.of(operator.scratch);

      Ran dry = operator.run("restore", source.toString(), "--in-place", "--dry-run");
      assertThat(dry.status()).as(dry.err()).isZero();
      assertThat(dry.out().lines())
          .containsExactlyInAnyOrder(
              "aside " + source + "/changed",
              "write " + source + "/changed",
              "write " + source + "/gone",
              "aside " + source + "/extra",
              "set   " + source);
      assertThat(dry.err()).contains("Would restore 2 files in 1 directory, 4 bytes, in place");
      assertThat(TreeText.of(operator.scratch)).isEqualTo(before);

      Ran ran = operator.run("restore", "--in-place", "--json", source.toString());
      assertThat(ran.status()).as(ran.err()).isZero();
      assertThat(ran.out().replaceAll("\\s", ""))
          .contains("\"files\":2,", "\"same\":2,", "\"aside\":2,", "\"failed\":0,")
          .contains("/home/.deferred-sync-aside-");
      assertThat(TreeText.of(source)).isEqualTo(wanted);
      try (var names = Files.list(source.resolveSibling(""))) {
        Path aside = names.filter(n -> n.toString().contains("aside")).findFirst().orElseThrow();
        assertThat(aside.resolve("data/changed")).hasContent("2");
        assertThat(aside.resolve("data/extra")).hasContent("2");
        assertThat(ran.err()).contains("; 2 moved aside to " + aside);
      }
      Ran both = operator.run("restore", "/x", "--in-place", "--to", "/y");
      assertThat(both.status()).isEqualTo(64);
      assertThat(both.err()).contains("--in-place").contains("mutually exclusive");
    }
  }

  @Test
  void restore_dryRun_toADirectory_namesWhatItWouldWrite() throws Exception {
    try (Operator operator = new Operator(scratch)) {
      Path source = Files.createDirectories(operator.scratch.resolve("data"));
      operator.sh("cd \"$1\"; echo 1 >one; ln -s one link", source);
      operator.configure("BACKUPDIRS=" + source);
      assertThat(operator.job().status()).isZero();
      Map<String, String> before = TreeText.of(operator.scratch);
      String to = operator.scratch + "/to";
      Ran ran = operator.run("restore", source.toString(), "--to", to, "-n");
      assertThat(ran.status()).as(ran.err()).isZero();
      assertThat(ran.out())
          .isEqualTo(
              "write " + to + "/data\nwrite " + to + "/data/link\nwrite " + to + "/data/one\n");
      assertThat(ran.err()).contains("Would restore 2 files in 1 directory, 2 bytes, to " + to);
      assertThat(TreeText.of(operator.scratch)).isEqualTo(before);
    }
  }

  @Test
  void restore_takesNamesOfAnyBytes_inEveryLocale() throws Exception {
    try (Operator operator = new Operator(scratch)) {
      Path source = Files.createDirectories(operator.scratch.resolve("data"));
      String name = "\"$(printf 'a\\377\\033 \\n-')\"";
      operator.sh("cd \"$1\"; printf other >a; printf wanted >" + name, source);
      operator.configure("BACKUPDIRS=" + source);
      assertThat(operator.job().status()).isZero();
      for (String locale : List.of("C", "C.UTF-8")) {
        List<String> command = new ArrayList<>();
        command.addAll(
            List.of(
                "/bin/sh",
                "-c",
                "to=$1 from=$2; shift 2; exec \"$@\" restore --to=\"$to\" \"$from/\"" + name,
                "sh",
                operator.scratch.resolve("to-" + locale).toString(),
                source.toString()));
        command.addAll(operator.command());
        Ran ran = operator.process(Map.of("LC_ALL", locale), command);
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.err()).doesNotContain("\033").contains("Restored 1 file");
        Ran read = operator.sh("cd \"$1\"; cat " + name, operator.scratch.resolve("to-" + locale));
        assertThat(read.out()).isEqualTo("wanted");
      }
    }
  }
}
