package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random exclude files over random trees, decided by ours and by the installed rsync. */
final class ExcludeRulesRsyncIT {
  private static final int RULE_SETS = 2000;
  private static final int TREES = 4;

  @Test
  void parse_keepsTheFilesThatRsyncKeeps_forRandomRuleSets(@TempDir Path directory)
      throws Exception {
    long seed = Long.getLong("exclude.seed", new Random().nextLong());
    System.out.println("exclude rules against rsync: -Dexclude.seed=" + seed);
    ExcludeRulesGenerator generator = new ExcludeRulesGenerator(new Random(seed));
    Share matching = new Share();
    Share telling = new Share();
    for (int number = 0; number < TREES; number++) {
      Path root = Files.createDirectory(directory.resolve("tree" + number));
      ExcludeRulesTree tree =
          ExcludeRulesTree.create(root, generator.sourceName(), generator.paths());
      for (int i = 0; i < RULE_SETS / TREES; i++) {
        String text = generator.ruleSet(tree.entries());
        compare(tree, text, "-Dexclude.seed=" + seed, matching, telling);
      }
    }
    System.out.printf(
        "rules that match an entry: %s; rule sets that keep a part: %s%n", matching, telling);
    assertThat(matching.share()).as("share of rules that match something").isGreaterThan(0.5);
    assertThat(telling.share()).as("share of rule sets that keep a part").isGreaterThan(0.5);
  }

  private static void compare(
      ExcludeRulesTree tree, String text, String seed, Share matching, Share telling)
      throws Exception {
    String shown = seed + ", rules " + ExcludeRulesTree.shown(Set.of(text));
    ExcludeRulesTree.Answer rsync = tree.keptByRsync(text);
    ExcludeRules rules;
    try {
      rules = ExcludeRules.parse(ExcludeRulesTree.bytes(text), "exclude.conf");
    } catch (SettingException e) {
      assertThat(rsync.accepted()).as("%s: %s", shown, e.getMessage()).isFalse();
      return;
    }
    assertThat(rsync.accepted()).as("%s: %s", shown, rsync.complaint()).isTrue();
    Set<String> kept = tree.keptBy(rules);
    assertThat(ExcludeRulesTree.shown(kept))
        .as(shown)
        .isEqualTo(ExcludeRulesTree.shown(rsync.kept()));
    for (ExcludeRule rule : rules.rules()) {
      matching.count(tree.entries().stream().anyMatch(entry -> isAbout(rule, entry)));
    }
    telling.count(!kept.isEmpty() && kept.size() < tree.entries().size());
  }

  private static boolean isAbout(ExcludeRule rule, String entry) {
    boolean directory = entry.endsWith("/");
    byte[] path =
        ExcludeRulesTree.bytes(directory ? entry.substring(0, entry.length() - 1) : entry);
    int name = path.length;
    while (name > 0 && path[name - 1] != '/') {
      name--;
    }
    return rule.matches(path, 0, name, path.length, directory);
  }

  /** How many of how many. */
  private static final class Share {
    private int yes;
    private int all;

    void count(boolean hit) {
      yes += hit ? 1 : 0;
      all++;
    }

    double share() {
      return (double) yes / all;
    }

    @Override
    public String toString() {
      return yes + " of " + all;
    }
  }
}
