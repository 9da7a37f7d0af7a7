package org.deferredsync;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every rule that the engine's protocol needs has a test that plays the sequence behind it, and
 * which says so by its tag: {@code rule-N}, or {@code small-rule-N} for the smaller ones.
 */
final class EngineRulesTest {
  private static final int RULES = 21;
  private static final int SMALL_RULES = 16;

  /** What has no test yet, and why. */
  private static final Map<String, String> NOT_DUE =
      Map.of(
          "rule-20", "comes with the push",
          "small-rule-16", "only XFS shows these attributes");

  @Test
  void everyRule_hasATest() throws Exception {
    Set<String> due = new TreeSet<>();
    for (int number = 1; number <= RULES; number++) {
      due.add("rule-" + number);
    }
    for (int number = 1; number <= SMALL_RULES; number++) {
      due.add("small-rule-" + number);
    }
    due.removeAll(NOT_DUE.keySet());

    assertThat(tags()).containsAll(due);
  }

  private static Set<String> tags() throws Exception {
    Path top = classes();
    Set<String> tags = new TreeSet<>();
    try (Stream<Path> files = Files.walk(top)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
        String name = top.relativize(file).toString().replace('/', '.');
        Class<?> type =
            Class.forName(
                name.substring(0, name.length() - ".class".length()),
                false,
                EngineRulesTest.class.getClassLoader());
        for (Tag tag : type.getAnnotationsByType(Tag.class)) {
          tags.add(tag.value());
        }
        for (Method method : type.getDeclaredMethods()) {
          for (Tag tag : method.getAnnotationsByType(Tag.class)) {
            tags.add(tag.value());
          }
        }
      }
    }
    return tags;
  }

  private static Path classes() throws URISyntaxException {
    return Path.of(
        EngineRulesTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
