package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command lines of doc/PLUGINS.md, as written, in a mount namespace with its paths. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class PluginGuideIT {
  private static final Path DOCUMENT = Path.of("doc/PLUGINS.md");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(sh|text)\n(.*?)^```$");
  private static final int NO_MOUNTS = 99;

  private static final String GROUND =
      """
      exec 2>&1
      mount -t tmpfs none /opt && mount -t tmpfs none /var/log && mount -t tmpfs none /srv || exit 99
      mount -t tmpfs none /home && mount -t tmpfs none /var/lib/deferred-sync || exit 99
      mkdir /opt/deferred-sync && mount --bind "$INSTALLATION" /opt/deferred-sync || exit 99
      mkdir /var/log/deferred-sync /home/backup /srv/data /srv/data/letters
      echo dear > /srv/data/report
      set -e
      """;

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
        JOBLOG=/var/log/deferred-sync/sync.log
        STARTSCRIPT=
        ENDSCRIPT=
        EXCLUDEFILE=
        PLUGINS=incremental_backup
        BACKUPDIRS=/srv/data
        BACKUPTO=/home/backup
        """);
    operator.copyClassPath();
    Path version = Files.createDirectories(operator.home.resolve("lib/1.0.0-0123abcd"));
    // As installed: jars in a directory of the version.
    Ran jars =
        operator.sh(
            "cp \"$1\"/*.jar \"$2\"; [ ! -d \"$1\"/classes ] ||"
                + " \"$3\"/bin/jar --create --file \"$2\"/deferred-sync.jar -C \"$1\"/classes .",
            operator.scratch.resolve("lib"),
            version,
            System.getProperty("java.home"));
    assertThat(jars.status()).as(jars.err()).isZero();
    Files.delete(operator.home.resolve("lib/plugins"));
    namespace = new Namespace(operator, "--mount");
    for (String tool : List.of("jar", "javac")) {
      Path program = Path.of(System.getProperty("java.home"), "bin", tool);
      namespace.program(tool, List.of(program.toString()));
    }
    Files.createDirectories(Path.of("/var/lib/deferred-sync"));
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private static List<String> blocks(String kind) throws Exception {
    return BLOCK
        .matcher(Files.readString(DOCUMENT))
        .results()
        .filter(block -> block.group(1).equals(kind))
        .map(block -> block.group(2))
        .toList();
  }

  private Ran follow(String script) throws Exception {
    Ran ran =
        namespace.run(
            Map.of("INSTALLATION", operator.home.toString()), "umask 022\n" + GROUND + script);
    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    return ran;
  }

  @Test
  void document_isFollowedAsWritten() throws Exception {
    List<String> commands = blocks("sh");
    assertThat(commands).hasSizeGreaterThan(4);

    Ran ran = follow(String.join("", commands));

    assertThat(ran.status()).as(ran.out()).isZero();
    for (String quoted : blocks("text")) {
      assertThat(ran.out()).contains(quoted.strip());
    }
    String scripts = operator.home + "/lib/plugins/";
    assertThat(ran.out())
        .containsPattern("75  disk_space +off +runs " + scripts + "75_disk_space")
        .containsPattern(
            "60  count_sources +off +counts .*\\[BACKUPDIRS\\] \\("
                + scripts
                + "count_sources.jar\\)")
        .contains("\"name\":\"count_sources\",\"enabled\":false,\"origin\":\"" + scripts)
        .doesNotContain("[WARN]", "[ERROR]");
  }

  /** Both examples say what is missing, and how to mend it. */
  @Test
  void examples_sayThree_whereTheirDirectoriesAreMissing() throws Exception {
    String script =
        blocks("sh").get(0)
            + blocks("sh").get(2)
            + "rmdir /home/backup; rm -r /srv/data; set +e\n"
            + "for name in disk_space count_sources; do\n"
            + "deferred-sync run --only $name; echo \"$name: $?\"\ndone\n"
            + "cat /var/log/deferred-sync/sync.log\n";
    Ran ran = follow(script);

    assertThat(ran.out())
        .contains("disk_space: 3", "count_sources: 3")
        .contains("BACKUPTO=/home/backup is no directory; make it, or mount its disk.")
        .contains("/srv/data is no directory; mount it, or take it out of BACKUPDIRS.");
    assertThat(Stream.of(ran.out().split("\n", -1))).noneMatch(line -> line.contains("at java"));
  }
}
