package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.deferredsync.backup.BackupReport.Verdict;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that the engine does to a target and that may be cut short: the target before, what is
 * done, and what an operator does after it, which is an ordinary run for all but a few.
 */
@SuppressWarnings("NullAway.Init") // prepare() comes before all else
abstract class CrashScenario {
  private static final Logger LOG = LoggerFactory.getLogger("scenario");

  final String name;
  EngineFixture fixture;
  Oracle oracle;
  Path source;
  private Duration ahead = Duration.ofSeconds(10);

  /** Whether all that belongs to a file can be kept on it: names, times, attributes. */
  boolean keepsAll = true;

  /** Whether nothing may stay that the catalogue does not know. */
  boolean leavesNothing = true;

  CrashScenario(String name) {
    this.name = name;
  }

  /** Makes what is there before, in a scratch directory of its own. */
  final void prepare(Path scratch) throws Exception {
    fixture = new EngineFixture(scratch).with(new Batch.Limits(4, 1 << 20));
    source = fixture.source;
    oracle = new Oracle(fixture);
    prepare();
  }

  abstract void prepare() throws Exception;

  /** What comes before each attempt, and is not part of what is saved and brought back. */
  void begin() throws Exception {}

  /** What dies, or fails; to its end if it does not. The report is null if it is no run. */
  @Nullable BackupReport act() throws Exception {
    return fixture.run();
  }

  /** What must hold before anybody mends anything. */
  void atOnce(Oracle judge) throws Exception {
    judge.holds();
  }

  /** What is done then; at the end everything has to be in order. */
  void mend(Oracle judge) throws Exception {
    judge.heals(fixture.run());
  }

  /** So much time goes by. */
  final void later(Duration time) {
    ahead = ahead.plus(time);
    fixture.ahead(ahead);
  }

  /** A run that ends well, which the oracle remembers; then half a minute goes by. */
  final void good(Path... sources) throws Exception {
    BackupReport report = fixture.run(sources);
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    oracle.reported(requireNonNull(report.run()));
    later(Duration.ofSeconds(30));
  }

  /** The first run over all kinds of entries, in many batches. */
  static final class First extends CrashScenario {
    First() {
      super("first");
    }

    @Override
    void prepare() throws Exception {
      ChangingTree.make(source);
      oracle.changed();
    }
  }

  /** A run over all kinds of changes, in batches of a size. */
  static final class Changes extends CrashScenario {
    private final int files;

    Changes(int files) {
      super("changes by " + files);
      this.files = files;
    }

    @Override
    void prepare() throws Exception {
      ChangingTree.make(source);
      good(source);
      ChangingTree.change(source);
      oracle.changed();
      fixture.with(new Batch.Limits(files, 1 << 20));
    }
  }

  /** What a run that died behind a commit left is finished, and then the run is made again. */
  static final class Recovering extends CrashScenario {
    private final int commit;

    Recovering(int commit) {
      super("recovery behind commit " + commit);
      this.commit = commit;
    }

    @Override
    void prepare() throws Exception {
      ChangingTree.make(source);
      good(source);
      ChangingTree.change(source);
      oracle.changed();
    }

    /** What is pending knows inodes: a copy of a target that died would be none. */
    @Override
    void begin() throws Exception {
      assertThat(fixture.diesAfterCommit(commit)).isTrue();
    }
  }

  /** Directories and files that get other names, some of them those of others. */
  static final class Moves extends CrashScenario {
    Moves() {
      super("moves");
    }

    @Override
    void prepare() throws Exception {
      for (String name : List.of("d0/f0", "d0/f1", "d0/f2", "d1/f0", "d1/f1", "d1/f2")) {
        ChangingTree.write(source, "a/" + name, name);
      }
      ChangingTree.write(source, "one", "one");
      ChangingTree.write(source, "over", "is replaced");
      ChangingTree.write(source, "two", "two");
      good(source);
      Files.move(source.resolve("a"), source.resolve("b"));
      Files.move(source.resolve("b/d0/f0"), source.resolve("out"));
      Files.delete(source.resolve("over"));
      Files.move(source.resolve("one"), source.resolve("over"));
      Files.move(source.resolve("two"), source.resolve("one"));
      Files.setPosixFilePermissions(
          source.resolve("b/d1/f1"), PosixFilePermissions.fromString("rwxr-x---"));
      oracle.changed();
    }
  }

  /** A run over changes at random, the third of its target. */
  static final class AtRandom extends CrashScenario {
    private final Random random;

    AtRandom(String name, Random random) {
      super(name);
      this.random = random;
    }

    @Override
    void prepare() throws Exception {
      RandomSource changing = new RandomSource(source, random);
      fixture.with(new Batch.Limits(1 + random.nextInt(20), 1 << 20));
      changing.change(50);
      good(source);
      changing.change(30);
      good(source);
      changing.change(40);
      oracle.changed();
    }
  }

  /** Snapshots expire: in a run, or by hand. */
  static final class Expiry extends CrashScenario {
    private final boolean byHand;
    private final Retention retention = new Retention(2, 1);

    Expiry(boolean byHand) {
      super(byHand ? "prune" : "expiry in a run");
      this.byHand = byHand;
    }

    @Override
    void prepare() throws Exception {
      oracle.keeping(1);
      ChangingTree.make(source);
      good(source);
      ChangingTree.change(source);
      later(Duration.ofDays(1));
      good(source);
      ChangingTree.write(source, "content", "three");
      ChangingTree.write(source, "file-to-directory/new", "3");
      Files.delete(source.resolve("same-size"));
      if (byHand) {
        good(source);
      } else {
        oracle.changed();
      }
      later(Duration.ofDays(2).plusHours(12));
      fixture.with(retention);
    }

    @Override
    @Nullable BackupReport act() throws Exception {
      if (!byHand) {
        return super.act();
      }
      new Prune(
              fixture.engine(),
              EngineFixture.filePath(fixture.target),
              Set.of(EngineFixture.filePath(source)),
              LOG)
          .run(retention);
      return null;
    }
  }

  /** A retired source is removed, of which another holds a name of a file. */
  static final class Removal extends CrashScenario {
    private Path retired = Path.of("");

    Removal() {
      super("removal of a source");
    }

    @Override
    void prepare() throws Exception {
      retired = Files.createDirectory(fixture.home.resolve("retired"));
      ChangingTree.make(source);
      ChangingTree.make(retired);
      Files.createLink(retired.resolve("shared"), source.resolve("content"));
      good(source, retired);
      ChangingTree.change(source);
      ChangingTree.change(retired);
      good(source, retired);
      good(source);
    }

    @Override
    @Nullable BackupReport act() throws Exception {
      new Prune(
              fixture.engine(),
              EngineFixture.filePath(fixture.target),
              Set.of(EngineFixture.filePath(source)),
              LOG)
          .remove(EngineFixture.filePath(retired));
      return null;
    }

    @Override
    void mend(Oracle judge) throws Exception {
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD); // as any night, meanwhile
      judge.holds();
      if (TargetChecks.knows(fixture, retired)) {
        act();
      }
      if (leavesNothing) {
        assertThat(fixture.mirror(retired)).doesNotExist();
      }
      later(Duration.ofSeconds(1));
      super.mend(judge);
    }
  }

  /** Damaged and missing files of the mirror are brought back. */
  static final class Repair extends CrashScenario {
    Repair() {
      super("repair");
    }

    @Override
    void prepare() throws Exception {
      ChangingTree.make(source);
      good(source);
      VerificationTest.rot(fixture.mirror(source.resolve("content")));
      VerificationTest.rot(fixture.mirror(source.resolve("pair-one")));
      Files.delete(fixture.mirror(source.resolve("gone")));
    }

    private Verification verification() {
      return new Verification(fixture.engine(), EngineFixture.filePath(fixture.target), LOG);
    }

    @Override
    @Nullable BackupReport act() throws Exception {
      return verification().repair(fixture.request(source), Verifier.ALL).report();
    }

    @Override
    void atOnce(Oracle judge) {}

    @Override
    void mend(Oracle judge) throws Exception {
      later(Duration.ofSeconds(1));
      act(); // once more: it may have stored one of two names alone
      later(Duration.ofSeconds(1));
      super.mend(judge);
    }
  }

  /** A lost catalogue is made again, from manifests or without them. */
  static final class Rebuilding extends CrashScenario {
    private final boolean manifests;

    Rebuilding(boolean manifests) {
      super(manifests ? "rebuild" : "rebuild without manifests");
      this.manifests = manifests;
    }

    @Override
    void prepare() throws Exception {
      ChangingTree.make(source);
      good(source);
      ChangingTree.write(source, "content", "two");
      Files.delete(source.resolve("gone"));
      good(source);
      Path own = fixture.target.resolve(".deferred-sync");
      Files.delete(own.resolve("catalogue.db"));
      if (!manifests) {
        TargetChecks.delete(own.resolve("manifests"));
        oracle.forget(); // what was there at which run nobody knows any more
      }
    }

    @Override
    @Nullable BackupReport act() throws Exception {
      Rebuild rebuild =
          new Rebuild(
              fixture.engine(),
              EngineFixture.filePath(fixture.target),
              Set.of(EngineFixture.filePath(source)),
              LOG);
      assertThat(rebuild.run(false).exact()).isEqualTo(manifests);
      return null;
    }

    @Override
    void atOnce(Oracle judge) throws IOException {
      judge.mirrorHolds();
    }

    @Override
    void mend(Oracle judge) throws Exception {
      if (!Files.exists(fixture.target.resolve(".deferred-sync/catalogue.db"))) {
        act();
      }
      super.mend(judge);
    }
  }
}
