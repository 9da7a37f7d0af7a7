package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.backup.Status.OfSource;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StatusTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path other;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch.toRealPath());
    other = Files.createDirectories(fixture.home.resolve("source-other"));
    Files.writeString(fixture.source.resolve("file"), "x".repeat(100));
    Files.writeString(other.resolve("file"), "x".repeat(7));
  }

  private Status status(Path... configured) throws Exception {
    List<FilePath> paths = Arrays.stream(configured).map(EngineFixture::filePath).toList();
    Engine engine = fixture.engine();
    try (TargetReader reader = TargetReader.open(engine, EngineFixture.filePath(fixture.target))) {
      return Status.of(reader, paths, engine.clock().instant());
    }
  }

  private OfSource source(Path path, Path... configured) throws Exception {
    return status(configured).sources().stream()
        .filter(source -> source.path().equals(EngineFixture.filePath(path)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void sizes_areThoseOfEachSource_andOfTheWhole() throws Exception {
    fixture.run(fixture.source, other);
    Files.writeString(fixture.source.resolve("file"), "y".repeat(40));
    Files.writeString(other.resolve("file"), "y".repeat(5));
    fixture.run(fixture.source, other);

    Status status = status(fixture.source, other);

    assertThat(status.sources()).extracting(OfSource::historyBytes).containsExactly(100L, 7L);
    assertThat(status.target().mirrorBytes()).isEqualTo(45);
    assertThat(status.target().historyBytes()).isEqualTo(107);
    assertThat(status.target().freeBytes()).isPositive();
    assertThat(status.target().daysUntilFull()).isEmpty();
  }

  @Test
  void history_ofASourceWithinAnother_isCountedOnce() throws Exception {
    Path inner = Files.createDirectories(fixture.source.resolve("inner"));
    Files.writeString(inner.resolve("file"), "x".repeat(7));
    EntryFilter withoutInner = filter(EngineFixture.filePath(inner));
    List<Source> sources =
        List.of(
            new Source(EngineFixture.filePath(fixture.source), withoutInner),
            new Source(EngineFixture.filePath(inner), EntryFilter.NONE));
    fixture.run(sources);
    Files.writeString(fixture.source.resolve("file"), "y".repeat(40));
    Files.writeString(inner.resolve("file"), "y".repeat(5));
    fixture.run(sources);

    Status status = status(fixture.source, inner);

    assertThat(status.sources()).extracting(OfSource::historyBytes).containsExactly(100L, 7L);
    assertThat(status.target().historyBytes()).isEqualTo(107);
  }

  private static EntryFilter filter(FilePath excluded) {
    return new EntryFilter() {
      @Override
      public boolean excludes(FilePath path, boolean directory) {
        return path.equals(excluded);
      }

      @Override
      public byte[] fingerprint() {
        return excluded.bytes();
      }
    };
  }

  @Test
  void history_leavesOutWhatTheMirrorHasUnderAnotherName() throws Exception {
    Files.createLink(fixture.source.resolve("name"), fixture.source.resolve("file"));
    fixture.run();
    Files.delete(fixture.source.resolve("name"));
    fixture.run();

    Status status = status(fixture.source);

    assertThat(status.target().mirrorBytes()).isEqualTo(100);
    assertThat(status.target().historyBytes()).isZero();
    assertThat(status.sources().get(0).historyBytes()).isZero();
  }

  @Test
  void states_areThoseOfTheLastRun_andRetiredSourcesStay() throws Exception {
    fixture.run(fixture.source, other);
    fixture.run(fixture.source);
    Files.move(fixture.source, fixture.home.resolve("away"));
    fixture.run(fixture.source);
    Path fresh = fixture.home.resolve("fresh");

    OfSource held = source(fixture.source, fixture.source, fresh);
    assertThat(held.retired()).isFalse();
    assertThat(held.complete()).isNotNull().satisfies(run -> assertThat(run.id()).isEqualTo(2));
    assertThat(held.last()).isNotNull().satisfies(run -> assertThat(run.id()).isEqualTo(3));
    assertThat(held.result())
        .isNotNull()
        .satisfies(
            result -> {
              assertThat(result.state()).isEqualTo(SourceState.HELD);
              assertThat(result.holds()).extracting(Hold::kind).containsExactly(Hold.Kind.MISSING);
            });
    OfSource retired = source(other, fixture.source, fresh);
    assertThat(retired.retired()).isTrue();
    assertThat(retired.complete()).isNotNull().satisfies(run -> assertThat(run.id()).isEqualTo(1));
    OfSource never = source(fresh, fixture.source, fresh);
    assertThat(never.last()).isNull();
    assertThat(never.complete()).isNull();
  }

  @Test
  void daysUntilFull_areKnown_onceThereIsGrowth() throws Exception {
    for (int day = 0; day < 3; day++) {
      fixture.ahead(Duration.ofDays(day + 1));
      Files.writeString(fixture.source.resolve("file" + day), "x".repeat(1000));
      fixture.run();
    }
    assertThat(status(fixture.source).target().daysUntilFull()).isPresent();
    assertThat(status(other).target().daysUntilFull()).as("no source grows any more").isEmpty();
  }
}
