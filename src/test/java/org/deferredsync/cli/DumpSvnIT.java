package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** dump_svn against real repositories, which their own program makes and loads. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class DumpSvnIT {
  /** A repository with a binary file, a copy, odd names, properties and an empty directory. */
  private static final String AWKWARD =
      """
      repository=$1 work=$2
      svnadmin create "$repository"
      svn -q checkout "file://$repository" "$work"
      cd "$work"
      mkdir empty 'odd name' "Ünï"
      printf 'Content-length: 5\\n\\nRevision-number: 99\\n' >headers
      head -c 20000 /dev/urandom >binary
      : >nothing
      echo text >"odd name/it's @ \\"q\\""
      svn -q add --force . --auto-props
      svn -q propset svn:executable x headers
      svn -q commit -m 'first
      line: 2'
      svn -q copy headers "Ünï/copied"
      svn -q remove binary
      svn -q commit -m second
      """;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private DumpGround ground;
  private Path repository;
  private Path work;

  @BeforeEach
  void configure() throws Exception {
    ground = new DumpGround(scratch, "dump_svn");
    Path parent = Files.createDirectory(ground.operator.scratch.resolve("svn"));
    repository = parent.resolve("project");
    work = ground.operator.scratch.resolve("work");
    sh(AWKWARD, repository, work);
    ground.configure(
        "SVN_REPOS=project", "SVN_PATH=" + parent, "SVNDUMP=" + ground.dumps, "DUMP_TIMEOUT=1m");
  }

  @AfterEach
  void clear() throws Exception {
    ground.close();
  }

  private String sh(String script, Object... parameters) throws Exception {
    Ran ran = ground.operator.sh("export LC_ALL=C.UTF-8\n" + script, parameters);
    assertThat(ran.status()).as(ran.out() + ran.err()).isZero();
    return ran.out();
  }

  /** A line more, in a new revision. */
  private void commit() throws Exception {
    sh("cd \"$1\"; echo more >>headers; svn -q commit -m more", work);
  }

  private String images(Object back, Object... dumps) throws Exception {
    sh("svnadmin create \"$1\"", back);
    for (Object dump : dumps) {
      sh("gzip -dc \"$2\" | svnadmin load -q \"$1\"", back, ground.dumps.resolve(dump.toString()));
    }
    return sh("svnadmin dump -q \"$1\" | sha256sum", back);
  }

  @Test
  void dump_loads_andIsTheSame() throws Exception {
    Job job = ground.good();
    assertThat(ground.names()).containsExactly("project.dump.gz");
    assertThat(ground.identity("project.dump.gz")).contains("mode=33152");
    assertThat(ground.said(job))
        .anyMatch(line -> line.contains("project.dump.gz: 3 revisions, 9 nodes, "));
    Ran loaded =
        ground.follow(
            "svn",
            Map.of(
                "/home/svndump",
                ground.dumps.toString(),
                "/var/lib/svn",
                requireNonNull(repository.getParent()).toString()),
            Map.of());
    assertThat(loaded.status()).as(loaded.err()).isZero();
    String image = "svnadmin dump -q \"$1\" | sha256sum";
    assertThat(sh(image, repository.resolveSibling("project_back")))
        .isEqualTo(sh(image, repository));

    String before = ground.identity("project.dump.gz");
    assertThat(ground.said(ground.good())).anyMatch(line -> line.contains("has not changed"));
    assertThat(ground.identity("project.dump.gz")).isEqualTo(before);
    commit();
    ground.good();
    assertThat(ground.identity("project.dump.gz")).isNotEqualTo(before);
    ground.configureAlso("DUMP_COMPRESSION=zip");
    ground.good();
    assertThat(ground.names()).containsExactly("project.zip");
  }

  @Test
  void dump_ofNewRevisionsAlone_loadsBehindTheWholeOne_andBeginsAnewForAnotherHistory()
      throws Exception {
    ground.configureAlso("SVN_INCREMENTAL=true");
    ground.good();
    assertThat(ground.said(ground.good())).anyMatch(line -> line.contains("has not changed"));
    commit();
    commit();
    ground.good();
    commit();
    ground.good();
    String[] chain = {
      "project.dump.gz",
      "project.000000003-000000004.dump.gz",
      "project.000000005-000000005.dump.gz"
    };
    assertThat(ground.names()).containsExactlyInAnyOrder(chain);
    assertThat(images(ground.operator.scratch.resolve("back"), (Object[]) chain))
        .isEqualTo(sh("svnadmin dump -q \"$1\" | sha256sum", repository));
    Ran drill = ground.drill();
    assertThat(drill.status()).as(drill.out() + drill.err()).isZero();
    assertThat(drill.out())
        .contains(chain[2] + ": proven: loaded into Subversion 1", "6 revisions");

    // The same identity, taken back to an older state and gone on from there.
    sh(
        "svnadmin dump -q -r 0:3 \"$1\" >old; rm -r \"$1\"; svnadmin create \"$1\";"
            + " svnadmin load -q --force-uuid \"$1\" <old; rm -rf \"$2\";"
            + " svn -q checkout \"file://$1\" \"$2\"",
        repository,
        work);
    commit();
    sh("cd \"$1\"; echo other >>headers; svn -q commit -m other", work);
    ground.good();
    assertThat(ground.names()).containsExactly("project.dump.gz");
    assertThat(images(ground.operator.scratch.resolve("again"), "project.dump.gz"))
        .isEqualTo(sh("svnadmin dump -q \"$1\" | sha256sum", repository));
  }

  @Test
  void dump_ofNewRevisionsAlone_beginsAnew_ifTheWholeOneIsCutShort() throws Exception {
    ground.configureAlso("SVN_INCREMENTAL=true");
    ground.good();
    sh("truncate -s -1 \"$1\"", ground.dumps.resolve("project.dump.gz"));
    ground.good();
    images(ground.operator.scratch.resolve("back"), "project.dump.gz");
    commit();
    sh("truncate -s -1 \"$1\"", ground.dumps.resolve("project.dump.gz"));
    ground.good();
    assertThat(ground.names()).containsExactly("project.dump.gz");
    assertThat(images(ground.operator.scratch.resolve("again"), "project.dump.gz"))
        .isEqualTo(sh("svnadmin dump -q \"$1\" | sha256sum", repository));
  }

  @Test
  void dump_goesOn_afterOneThatIsNotThere_orIsDamaged() throws Exception {
    sh("cp -R \"$1\" \"$1-bad\"; rm -r \"$1-bad/db/revs\"", repository);
    ground.configureAlso("SVN_REPOS='absent project-bad project'");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(3);
    assertThat(ground.names()).containsExactly("project.dump.gz");
    assertThat(ground.said(job))
        .anyMatch(line -> line.contains("/absent: no repository"))
        .anyMatch(line -> line.contains("project-bad") && line.contains("not dumped: "));
  }

  @Test
  void dump_thatIsKilled_orHasNoRoom_leavesTheLastOne() throws Exception {
    ground.good();
    String before = ground.identity("project.dump.gz");
    sh(
        "cd \"$1\"; head -c 30000000 /dev/urandom >large; svn -q add large;"
            + " svn -q commit -m grown",
        work);
    Job killed =
        ground.runMeeting(
            () -> {
              ground.awaitBegun("project.dump.gz");
              DumpGround.kill("svnadmin", repository.toString());
            });
    assertThat(killed.status()).as("%s", killed.records()).isEqualTo(1);
    assertThat(ground.said(killed))
        .anyMatch(line -> line.contains("not dumped: svnadmin was ended by signal 9"));
    assertThat(ground.identity("project.dump.gz")).isEqualTo(before);
    assertThat(ground.names()).containsExactly("project.dump.gz");

    assumeTrue(Operator.isRoot(), "mounting needs root");
    ground.configureAlso("SVN_REPOS=small");
    sh("svnadmin create \"$1\"", repository.resolveSibling("small"));
    Ran ran =
        ground.runOnFullDisk(
            "small.dump.gz",
            64,
            "svnmucc -m x -U file://"
                + repository.resolveSibling("small")
                + " put "
                + work.resolve("large")
                + " large >/dev/null");
    assertThat(ran.status()).as(ran.out() + ran.err()).isEqualTo(1);
    assertThat(ran.err()).hasLineCount(1).contains("small.dump.gz: not dumped: no room in ");
    assertThat(ran.out()).isEqualTo("the last good one is whole\nsmall.dump.gz\n");
  }

  @Test
  void settings_thatCannotBe_areRefused_beforeAnythingIsDumped() throws Exception {
    for (String wrong :
        new String[] {
          "SVN_REPOS='project ../project'",
          "SVN_REPOS=-r0",
          "SVN_REPOS=",
          "SVN_PATH=/nonexistent/svn",
          "SVNDUMP=/nonexistent/dumps",
          "SVN_INCREMENTAL=perhaps"
        }) {
      ground.configureAlso(wrong);
      Job job = ground.run();
      assertThat(job.status()).as(wrong).isEqualTo(3);
      assertThat(job.ran().err()).hasLineCount(1).contains(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(ground.names()).isEmpty();
  }
}
