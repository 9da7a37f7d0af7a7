package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random exclude files over random trees, decided by ours and by the installed rsync. */
final class ExcludeRulesRsyncIT {
  private static final int TREES = 4;

  @Test
  void parse_keepsTheFilesThatRsyncKeeps_forRandomRuleSets(@TempDir Path directory)
      throws Exception {
    Sweep sweep = Sweep.of("rules");
    int count = sweep.count(2_000, 600);
    Tally all = new Tally();
    // One thread a tree: most of the time goes by waiting for rsync's three processes.
    ExecutorService threads = Executors.newFixedThreadPool(TREES);
    try {
      List<Future<Integer>> met = new ArrayList<>();
      for (int tree = 0; tree < TREES; tree++) {
        long seed = sweep.seed() + tree;
        Path root = Files.createDirectory(directory.resolve("tree" + tree));
        met.add(
            threads.submit(
                () ->
                    sweep.meetMany(
                        "tree " + seed,
                        () -> {
                          Tally tally = compareOneTree(root, seed, count / TREES);
                          all.add(tally);
                          return tally.ruleSets;
                        })));
      }
      for (Future<Integer> one : met) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    sweep.note(all.toString());
    sweep.end(count);
    assertThat(all.matchingRules * 2).as("%s", all).isGreaterThanOrEqualTo(all.rules);
    assertThat(all.partlyKept * 2).as("%s", all).isGreaterThanOrEqualTo(all.ruleSets);
  }

  private static Tally compareOneTree(Path root, long seed, int count) throws Exception {
    ExcludeRulesGenerator generator = new ExcludeRulesGenerator(new Random(seed));
    ExcludeRulesTree tree =
        ExcludeRulesTree.create(root, generator.sourceName(), generator.paths());
    Tally tally = new Tally();
    for (int i = 0; i < count; i++) {
      compare(tree, generator.ruleSet(tree.entries()), tally);
    }
    return tally;
  }

  private static void compare(ExcludeRulesTree tree, String text, Tally tally) throws Exception {
    String shown = "rules " + ExcludeRulesTree.shown(Set.of(text));
    tally.ruleSets++;
    ExcludeRulesTree.Answer rsync = tree.keptByRsync(text);
    ExcludeRules rules;
    try {
      rules = ExcludeRules.parse(ExcludeRulesTree.bytes(text), "exclude.conf");
    } catch (SettingException e) {
      assertThat(rsync.accepted()).as("%s: %s", shown, e.getMessage()).isFalse();
      tally.refused++;
      return;
    }
    assertThat(rsync.accepted()).as("%s: %s", shown, rsync.complaint()).isTrue();
    Set<String> kept = tree.keptBy(rules);
    assertThat(ExcludeRulesTree.shown(kept))
        .as("%s", shown)
        .isEqualTo(ExcludeRulesTree.shown(rsync.kept()));
    for (ExcludeRule rule : rules.rules()) {
      tally.rules++;
      tally.matchingRules += tree.entries().stream().anyMatch(e -> isAbout(rule, e)) ? 1 : 0;
    }
    tally.partlyKept += !kept.isEmpty() && kept.size() < tree.entries().size() ? 1 : 0;
  }

  private static boolean isAbout(ExcludeRule rule, String entry) {
    boolean directory = entry.endsWith("/");
    byte[] path = ExcludeRulesTree.path(entry);
    int name = path.length;
    while (name > 0 && path[name - 1] != '/') {
      name--;
    }
    return rule.matches(path, 0, name, path.length, directory);
  }

  /** What was compared, so that the test can tell that it compared something. */
  private static final class Tally {
    private int ruleSets;
    private int refused;
    private int partlyKept;
    private int rules;
    private int matchingRules;

    synchronized void add(Tally other) {
      ruleSets += other.ruleSets;
      refused += other.refused;
      partlyKept += other.partlyKept;
      rules += other.rules;
      matchingRules += other.matchingRules;
    }

    @Override
    public String toString() {
      return String.format(
          "%d rule sets, %d refused by both, %d keep a part; %d of %d rules match an entry",
          ruleSets, refused, partlyKept, matchingRules, rules);
    }
  }
}
