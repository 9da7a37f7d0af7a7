package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deferredsync.backup.Difference.Kind;
import org.deferredsync.backup.Finder.Found;
import org.deferredsync.backup.PathHistory.Stretch;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Finder, history and difference say what a walk through each snapshot says, over random changes to
 * sources that come, go, lie in each other and are taken over.
 */
@EnabledOnOs(OS.LINUX)
final class LookingTest {
  private static final int RUNS = 7;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private final long seed =
      Long.getLong("looking.seed", new Random().nextLong()); // of every random test here
  private final Random random = new Random(seed);
  private EngineFixture fixture;
  private Path outer;
  private Path inner;
  private Path other;

  @BeforeEach
  void run() throws Exception {
    System.out.println("looked at random snapshots: -Dlooking.seed=" + seed);
    fixture = new EngineFixture(scratch);
    outer = Files.createDirectories(fixture.source.resolve("outer"));
    inner = Files.createDirectories(outer.resolve("inner"));
    other = Files.createDirectories(fixture.source.resolve("outer-not"));
    for (Path source : List.of(inner, other)) {
      Files.writeString(source.resolve("kept"), "for an empty source would be held");
    }
    List<Path[]> configured =
        List.of(
            new Path[] {inner, other},
            new Path[] {inner},
            new Path[] {outer, other},
            new Path[] {outer},
            new Path[] {inner, other},
            new Path[] {other},
            new Path[] {outer, other});
    for (int run = 0; run < RUNS; run++) {
      for (int change = 0; change < 12; change++) {
        change(List.of(outer, inner, other).get(random.nextInt(3)));
      }
      fixture.ahead(Duration.ofSeconds(10 + 10L * run));
      fixture.run(configured.get(run));
    }
  }

  /** Makes, changes or removes something; the names sort differently as names and in paths. */
  private void change(Path top) throws IOException {
    String[] names = {"a", "a-b", "a!", "b", "ab", "é", "z", "a.c"};
    Path path = top;
    for (int depth = random.nextInt(3); depth >= 0; depth--) {
      path = path.resolve(names[random.nextInt(names.length)]);
    }
    Path parent = path.getParent();
    for (Path each = parent; each != null && !each.equals(top); each = each.getParent()) {
      if (Files.isRegularFile(each) || Files.isSymbolicLink(each)) {
        Files.delete(each);
      }
    }
    Files.createDirectories(parent);
    boolean there = Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS);
    switch (random.nextInt(6)) {
      case 0 -> {
        TargetChecks.delete(path);
        Files.createDirectories(path);
      }
      case 1 -> {
        TargetChecks.delete(path);
        Files.createSymbolicLink(path, Path.of("to" + random.nextInt(3)));
      }
      case 2 -> {
        if (there && !Files.isSymbolicLink(path)) {
          Files.setPosixFilePermissions(
              path,
              PosixFilePermissions.fromString(random.nextBoolean() ? "rwx------" : "rwxr-x---"));
        }
      }
      case 3 -> TargetChecks.delete(path);
      default -> {
        if (there && !Files.isRegularFile(path)) {
          TargetChecks.delete(path);
        }
        Files.writeString(path, "bytes " + random.nextInt(5));
      }
    }
  }

  /** All of a snapshot, by walking. */
  private static Map<FilePath, Version> walk(Snapshot snapshot) throws IOException {
    Map<FilePath, Version> all = new TreeMap<>();
    List<Node> open = new ArrayList<>(snapshot.children(FilePath.ROOT));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (node.version() != null) {
        all.put(node.path(), node.version());
      }
      if (node.isDirectory()) {
        open.addAll(snapshot.children(node.path()));
      }
    }
    return all;
  }

  private static List<Map<FilePath, Version>> walkAll(List<Snapshot> snapshots) throws IOException {
    List<Map<FilePath, Version>> all = new ArrayList<>();
    for (Snapshot snapshot : snapshots) {
      all.add(walk(snapshot));
    }
    return all;
  }

  private static Map<FilePath, Found> found(TargetReader reader, List<Snapshot> snapshots)
      throws IOException {
    Map<FilePath, Found> found = new LinkedHashMap<>();
    new Finder(reader, snapshots)
        .find(
            FilePath.ROOT,
            directory -> name -> true,
            (path, each) -> assertThat(found.put(path, each)).isNull());
    return found;
  }

  @Test
  void find_saysWhatWalkingSays_inTheOrderOfPaths() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Snapshot> snapshots = reader.snapshots().all();
      assertThat(snapshots).hasSize(RUNS);
      Map<FilePath, List<Integer>> having = new TreeMap<>();
      Map<FilePath, Version> newest = new TreeMap<>();
      List<Map<FilePath, Version>> walked = walkAll(snapshots);
      for (int i = 0; i < RUNS; i++) {
        for (Map.Entry<FilePath, Version> each : walked.get(i).entrySet()) {
          having.computeIfAbsent(each.getKey(), path -> new ArrayList<>()).add(i);
          newest.put(each.getKey(), each.getValue());
        }
      }
      Map<FilePath, Found> expected = new TreeMap<>();
      having.forEach(
          (path, in) -> expected.put(path, new Found(requireNonNull(newest.get(path)), in)));
      Map<FilePath, Found> found = found(reader, snapshots);
      assertThat(found).isEqualTo(expected).hasSizeGreaterThan(10);
      assertThat(new ArrayList<>(found.keySet())).isSorted();

      Snapshot one = snapshots.get(random.nextInt(RUNS));
      assertThat(found(reader, List.of(one)).keySet()).isEqualTo(walk(one).keySet());
      TreeSet<FilePath> first = new TreeSet<>(walked.get(0).keySet());
      first.addAll(walked.get(RUNS - 1).keySet());
      assertThat(found(reader, List.of(snapshots.get(0), snapshots.get(RUNS - 1))).keySet())
          .as("what came and went in between is in neither")
          .isEqualTo(first);
    }
  }

  @Test
  void history_saysWhatWalkingSays() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Snapshot> snapshots = reader.snapshots().all();
      List<Map<FilePath, Version>> walked = walkAll(snapshots);
      TreeSet<FilePath> paths = new TreeSet<>();
      walked.forEach(each -> paths.addAll(each.keySet()));
      for (FilePath path : paths) {
        List<Version> said = new ArrayList<>();
        Version before = null;
        for (Stretch stretch : new PathHistory(reader, snapshots).of(path)) {
          Node node = stretch.node();
          Version version = node == null ? null : node.version();
          stretch.snapshots().forEach(id -> said.add(version));
          assertThat(said.size() == stretch.snapshots().size() || !Objects.equals(version, before))
              .as("two stretches alike of %s", path)
              .isTrue();
          before = version;
          assertThat(stretch.content().isPresent())
              .isEqualTo(version != null && version.type() == FileType.FILE);
        }
        assertThat(said)
            .as("%s", path)
            .isEqualTo(walked.stream().map(each -> each.get(path)).toList());
      }
    }
  }

  @Test
  void difference_saysWhatWalkingSays_betweenAnyTwo_inTheOrderOfPaths() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Snapshot> snapshots = reader.snapshots().all();
      List<Map<FilePath, Version>> walked = walkAll(snapshots);
      List<FilePath> tops =
          Stream.of(fixture.source, outer, inner, outer.resolve("a"), other, Path.of("/"))
              .map(EngineFixture::filePath)
              .toList();
      for (int from = 0; from < RUNS; from++) {
        for (int to = 0; to < RUNS; to++) {
          for (FilePath top : tops) {
            compare(snapshots.get(from), snapshots.get(to), top, walked.get(from), walked.get(to));
          }
        }
      }
    }
  }

  private static void compare(
      Snapshot from,
      Snapshot to,
      FilePath top,
      Map<FilePath, Version> before,
      Map<FilePath, Version> after)
      throws BackupException, IOException {
    TreeMap<FilePath, Boolean> expected = new TreeMap<>();
    TreeSet<FilePath> paths = new TreeSet<>(before.keySet());
    paths.addAll(after.keySet());
    for (FilePath path : paths) {
      if (top.contains(path) && !Objects.equals(before.get(path), after.get(path))) {
        expected.put(path, true);
      }
    }
    List<FilePath> said = new ArrayList<>();
    if (from.find(top).isPresent() || to.find(top).isPresent()) {
      new Difference(from, to)
          .each(
              top,
              (path, change) -> {
                said.add(path);
                assertThat(change.before()).as("%s", path).isEqualTo(before.get(path));
                assertThat(change.after()).as("%s", path).isEqualTo(after.get(path));
                assertThat(change.kind() == Kind.ADDED).isEqualTo(change.before() == null);
                assertThat(change.kind() == Kind.REMOVED).isEqualTo(change.after() == null);
              });
    }
    assertThat(said)
        .as("from %d to %d in %s", from.run().id(), to.run().id(), top)
        .containsExactlyElementsOf(expected.keySet());
  }

  @Test
  void difference_namesEachKind() throws Exception {
    Path kinds = Files.createDirectories(scratch.resolve("kinds"));
    for (String name : List.of("same", "mode", "bytes", "rewritten", "type", "gone", "target")) {
      Files.writeString(kinds.resolve(name), name);
    }
    Files.delete(kinds.resolve("target"));
    Files.createSymbolicLink(kinds.resolve("target"), Path.of("one"));
    fixture.run(kinds);
    Files.setPosixFilePermissions(
        kinds.resolve("mode"), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(kinds.resolve("bytes"), "BYTES");
    Files.delete(kinds.resolve("rewritten"));
    Files.writeString(kinds.resolve("rewritten"), "rewritten");
    Files.delete(kinds.resolve("type"));
    Files.createDirectory(kinds.resolve("type"));
    Files.delete(kinds.resolve("gone"));
    Files.delete(kinds.resolve("target"));
    Files.createSymbolicLink(kinds.resolve("target"), Path.of("two"));
    Files.writeString(kinds.resolve("new"), "new");
    fixture.ahead(Duration.ofSeconds(200));
    fixture.run(kinds);

    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Snapshot> snapshots = reader.snapshots().all();
      List<String> lines = new ArrayList<>();
      new Difference(snapshots.get(RUNS), snapshots.get(RUNS + 1))
          .each(
              EngineFixture.filePath(kinds),
              (path, change) ->
                  lines.add(
                      change.kind().letter()
                          + " "
                          + new String(path.name(), StandardCharsets.UTF_8)));
      assertThat(lines)
          .containsExactly(
              "m kinds",
              "M bytes",
              "- gone",
              "m mode",
              "+ new",
              "m rewritten",
              "M target",
              "T type");
    }
  }

  @Test
  @Tag("rule-6")
  void run_inTheMiddle_changesNothingForWhoLooks_andEmptiesItsLog() throws Exception {
    Path log = fixture.target.resolve(".deferred-sync/catalogue.db-wal");
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Snapshot> snapshots = reader.snapshots().all();
      Map<FilePath, Found> found = found(reader, snapshots);
      Map<FilePath, Found> again = new LinkedHashMap<>();
      int[] runs = new int[1];
      new Finder(reader, snapshots)
          .find(
              FilePath.ROOT,
              directory -> name -> true,
              (path, each) -> {
                again.put(path, each);
                if (again.size() == found.size() / 2) {
                  runs[0] += runBeside(log);
                }
              });
      assertThat(runs[0]).isEqualTo(1);
      assertThat(again).isEqualTo(found);

      Difference difference = new Difference(snapshots.get(0), snapshots.get(RUNS - 1));
      List<FilePath> differing = new ArrayList<>();
      difference.each(FilePath.ROOT, (path, change) -> differing.add(path));
      List<FilePath> differingStill = new ArrayList<>();
      difference.each(
          FilePath.ROOT,
          (path, change) -> {
            differingStill.add(path);
            if (differingStill.size() == differing.size() / 2) {
              runs[0] += runBeside(log);
            }
          });
      assertThat(runs[0]).isEqualTo(2);
      assertThat(differingStill).isEqualTo(differing);
    }
  }

  /** Removes and adds much, and backs that up while the caller is reading. */
  private int runBeside(Path log) throws IOException {
    for (Path top : List.of(outer, inner, other)) {
      for (int change = 0; change < 12; change++) {
        change(top);
      }
      Files.writeString(top.resolve("beside" + System.nanoTime()), "x");
    }
    fixture.ahead(Duration.ofMinutes(5));
    try {
      fixture.run(outer, other);
    } catch (BackupException e) {
      throw new IOException(e);
    }
    assertThat(log).isEmptyFile();
    return 1;
  }
}
