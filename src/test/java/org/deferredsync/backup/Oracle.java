package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.sweep.Program;

/**
 * What every run of a target was, and what must hold of it after a fault. Knows the source as it
 * was at each run that was reported complete: bytes, type, names of one file, metadata and
 * attributes of each path. The letters are those of the checks.
 */
final class Oracle {
  /** Where the program has its locks, which are the only files of a job outside its home. */
  private static final String LOCKS = "/run/lock/deferred-sync/";

  private final EngineFixture fixture;
  private final TreeMap<Long, Map<String, String>> complete = new TreeMap<>();

  private final Set<Long> partial = new HashSet<>();

  /** The source at the last complete run and at every one begun since. */
  private final List<Map<String, String>> possible = new ArrayList<>();

  private int kept = Integer.MAX_VALUE;
  private boolean forgotten;
  private boolean metadataMayDiffer;
  private boolean restoredMayDiffer;
  private boolean unknownMayStay;

  Oracle(EngineFixture fixture) {
    this.fixture = fixture;
  }

  /** Snapshots may expire, but not the newest ones, of which there are so many. */
  Oracle keeping(int newest) {
    kept = newest;
    return this;
  }

  /** A run was reported complete: its snapshot is the source as it is. */
  void reported(long snapshot) throws IOException {
    Map<String, String> now = TreeText.of(fixture.source);
    complete.put(snapshot, now);
    possible.clear();
    possible.add(now);
  }

  /** A run was reported, but not as complete: of each path it has the old or the new version. */
  void reportedPartial(long snapshot) {
    partial.add(snapshot);
  }

  /** The source is other than at the last run: a run may bring it into the mirror. */
  void changed() throws IOException {
    possible.add(TreeText.of(fixture.source));
  }

  /** What the catalogue knew is lost: of snapshots nothing is expected any more. */
  void forget() {
    complete.clear();
    forgotten = true;
  }

  /**
   * What the mirror's file system does not keep stands in the catalogue alone; or, of names that it
   * could not give, not even there.
   */
  void metadataMayDiffer(boolean restoredToo) {
    metadataMayDiffer = true;
    restoredMayDiffer = restoredToo;
  }

  /** What was said not to be there may stay: nobody deletes what is not known. */
  void unknownMayStay() {
    unknownMayStay = true;
  }

  /** A source that was restored or saved, and a target with it, is to be judged by this again. */
  Oracle copy() {
    Oracle copy = new Oracle(fixture).keeping(kept);
    copy.complete.putAll(complete);
    copy.possible.addAll(possible);
    copy.forgotten = forgotten;
    return copy;
  }

  /** At any instant: (b) every snapshot restores, and (c) each mirror path is old or new. */
  void holds() throws Exception {
    restores();
    mirrorHolds();
  }

  /**
   * (a) The next run has ended well, and so (b) every snapshot restores, (d) every version has its
   * file with its bytes and no other file is there, (e) nothing is left over.
   */
  void heals(BackupReport report) throws Exception {
    assertThat(report.verdict()).as("(a) the next run: %s", report).isEqualTo(Verdict.GOOD);
    whole();
  }

  /** A run has ended well. */
  void sound() throws Exception {
    Map<String, String> mirror = TreeText.of(fixture.mirror(fixture.source));
    Map<String, String> wanted = TreeText.of(fixture.source);
    if (unknownMayStay) {
      mirror.keySet().retainAll(wanted.keySet());
    }
    assertThat(metadataMayDiffer ? essence(mirror) : mirror)
        .as("mirror")
        .isEqualTo(metadataMayDiffer ? essence(wanted) : wanted);
    TargetChecks.verified(fixture, unknownMayStay);
  }

  /** The same for a run of the program. */
  void heals(Program.Ended ended) throws Exception {
    assertThat(ended.complaints()).as("(a) the next run").isEmpty();
    assertThat(ended.status()).as("(a) the next run").isZero();
    whole();
  }

  private void whole() throws Exception {
    sound();
    restores();
    assertThat(TargetChecks.leftByExpired(fixture)).as("(d) left by the expired").isEmpty();
    noFileIsInBoth();
  }

  /**
   * (f) and (g): a run of the program that failed has said so, by one line with path and cause and
   * no stack trace, and by a status that fits.
   */
  void tells(Program.Ended ended) {
    assertThat(ended.status()).as("(g) %s", ended.complaints()).isIn(0, 1, 3);
    if (ended.status() != 0) {
      assertThat(ended.complaints()).as("(f)").isNotEmpty();
    }
    for (String line : ended.complaints()) {
      assertThat(line)
          .as("(f) %s", ended)
          .doesNotContainPattern("\\bat [a-z.]+\\(|Exception|^\\s|^$");
      if (line.startsWith("[ERROR]") || line.contains(" incremental_backup: ")) {
        assertThat(line).as("(f) path").containsAnyOf(fixture.home.toString(), LOCKS);
      }
    }
  }

  /** (d) No file of the mirror has a name in an increment. */
  private void noFileIsInBoth() throws IOException {
    Set<Object> mirror = new HashSet<>();
    Set<Object> increments = new HashSet<>();
    try (Stream<Path> all = Files.walk(fixture.target)) {
      for (Path path : all.toList()) {
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          String top = fixture.target.relativize(path).getName(0).toString();
          (top.startsWith("_backup_") ? increments : mirror)
              .add(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        }
      }
    }
    mirror.retainAll(increments);
    assertThat(mirror).as("(d) inodes both in the mirror and in an increment").isEmpty();
  }

  /** (b) Whatever is there to be restored is what it was; what was reported is there. */
  private void restores() throws Exception {
    if (complete.isEmpty()
        && !Files.exists(fixture.target.resolve(".deferred-sync/catalogue.db"))) {
      return;
    }
    List<Long> there = TargetChecks.snapshots(fixture);
    assertThat(there).as("(b) snapshots").containsAll(mustBeThere(there));
    for (long snapshot : there) {
      if (partial.contains(snapshot) && complete.isEmpty()) {
        continue; // a first one, which may have nothing of the source
      }
      Map<String, String> restored = TargetChecks.restored(fixture, snapshot);
      if (forgotten) {
        continue;
      }
      if (partial.contains(snapshot)) {
        isOldOrNew("(b) partial snapshot " + snapshot, restored);
        continue;
      }
      Map<String, String> model = complete.getOrDefault(snapshot, now());
      assertThat(restoredMayDiffer ? essence(restored) : restored)
          .as("(b) snapshot %d", snapshot)
          .isEqualTo(restoredMayDiffer ? essence(model) : model);
      complete.putIfAbsent(snapshot, now()); // a run that was killed behind its last commit
    }
    complete.keySet().removeIf(snapshot -> !there.contains(snapshot)); // expired, and for ever
  }

  private Map<String, String> now() {
    return possible.get(possible.size() - 1);
  }

  /** What was reported, but for what is older than the newest that always stay. */
  private List<Long> mustBeThere(List<Long> there) {
    TreeSet<Long> all = new TreeSet<>(complete.keySet());
    all.addAll(there);
    return all.descendingSet().stream().limit(kept).filter(complete::containsKey).toList();
  }

  /** (c) Nothing in the mirror is a mixture, or empty, or gone while no version lacks it. */
  void mirrorHolds() throws IOException {
    if (Files.exists(fixture.mirror(fixture.source))) {
      isOldOrNew("(c)", TreeText.of(fixture.mirror(fixture.source)));
    } else {
      assertThat(complete).as("(c) mirror").isEmpty();
    }
  }

  private void isOldOrNew(String as, Map<String, String> tree) {
    TreeSet<String> paths = new TreeSet<>(tree.keySet());
    possible.forEach(version -> paths.addAll(version.keySet()));
    for (String path : paths) {
      List<String> versions = possible.stream().map(v -> v.getOrDefault(path, "absent")).toList();
      String line = tree.get(path);
      if (line != null) {
        assertThat(versions.stream().map(Oracle::essence))
            .as("%s %s: %s", as, path, versions)
            .contains(essence(line));
      } else if (!complete.isEmpty()) {
        assertThat(mayBeAbsent(path)).as("%s %s is gone: %s", as, path, versions).isTrue();
      }
    }
  }

  /** Some version lacks it, or it or what it lies in is replaced by something of another type. */
  private boolean mayBeAbsent(String path) {
    if (possible.stream().anyMatch(version -> !version.containsKey(path))) {
      return true;
    }
    for (String at = path; ; at = at.contains("/") ? at.substring(0, at.lastIndexOf('/')) : "") {
      if (at.isEmpty()) {
        return false;
      }
      String name = at;
      if (possible.stream()
              .map(version -> type(requireNonNull(version.get(name))))
              .distinct()
              .count()
          > 1) {
        return true;
      }
    }
  }

  /** Types and bytes alone. */
  static Map<String, String> essence(Map<String, String> tree) {
    Map<String, String> essence = new TreeMap<>(tree);
    essence.replaceAll((path, line) -> essence(line));
    return essence;
  }

  private static String type(String line) {
    return line.substring(0, line.indexOf(' ') - 4);
  }

  /** Type, and bytes or where a link leads; metadata are set one after the other. */
  private static String essence(String line) {
    if (line.equals("absent")) {
      return line;
    }
    String[] words = line.replaceAll(" (= |\\[).*", "").split(" ", 4);
    return type(line) + (words.length > 3 ? " " + words[3] : "");
  }

  @Override
  public String toString() {
    return complete.keySet().stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
