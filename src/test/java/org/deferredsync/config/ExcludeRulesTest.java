package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ExcludeRulesTest {
  private static final List<String> PATHS =
      List.of(
          "a",
          "a.c",
          "b.pyc",
          ".pyc",
          "c/",
          "cache/x",
          "d/a",
          "d/cache",
          "d/e/a/f/g",
          "d/e/b.pyc",
          "d/ab/cache/y",
          "w/ a",
          "w/a ",
          "w/a\t",
          "w/#c",
          "w/;c",
          "w/ # c",
          "w/+a",
          "w/-a",
          "w/- a",
          "w/!",
          "w/! ",
          "w/+",
          "w/-",
          "w/. a",
          "w/H a",
          "w/clear",
          "q/*",
          "q/**",
          "q/?",
          "q/[a]",
          "q/]",
          "q/^",
          "q/!",
          "q/-",
          "q/:",
          "q/[",
          "q/\\",
          "q/x\\y",
          "q/x\\",
          "q/xy",
          "l/1",
          "l/A",
          "l/z",
          "l/_",
          "l/ ",
          "l/\t",
          "l/\u0001",
          "l/\u007f",
          "l/\u00e9",
          "l/\u00c3\u00a9",
          "l/\n",
          "r/xaay/z",
          "r/x/y/z");

  private static ExcludeRulesTree tree;

  @BeforeAll
  static void makeTree(@TempDir Path directory) throws Exception {
    tree = ExcludeRulesTree.create(directory, "src", PATHS);
  }

  /** Rules, and the topmost entries that they exclude. */
  static Stream<Arguments> cases() {
    return Stream.of(
        // lines
        excluding(""),
        excluding("\n\n\r\n\r"),
        excluding("# a\n;a\na.c", "a.c"),
        excluding("w/ # c", "w/ # c"),
        excluding("- #c\n- ;c", "w/#c", "w/;c"),
        excluding("w/ a", "w/ a"),
        excluding(" a", "w/ a"),
        excluding("a \n", "w/a "),
        excluding("a.c\r\nb.pyc\rc", "a.c", "b.pyc", "d/e/b.pyc", "c/"),
        excluding("- a.c\n+ b.pyc\n*.pyc", "a.c", ".pyc"),
        excluding("- a.c\n+ a.c", "a.c"),
        excluding("+ a.c\n- a.c"),
        excluding("-a\n+a", "w/-a", "w/+a"),
        excluding("- - a", "w/- a"),
        excluding("-\n+", "w/-", "q/-", "w/+"),
        excluding(". a\nH a\nclear", "w/. a", "w/H a", "w/clear"),
        excluding("a\n!\na.c", "a.c"),
        excluding("a\n!\r\na.c", "a.c"),
        excluding("- !", "w/!", "q/!"),
        excluding("! ", "w/! "),
        excluding("a.c\0b\n\0cache\nb.pyc", "a.c", "b.pyc", "d/e/b.pyc"),
        excluding("\u00ef\u00bb\u00bf# c\na.c", "a.c"),
        excluding("c".repeat(5000) + "\na.c", "a.c"),
        excluding("a.c\0" + "x".repeat(5200)),
        excluding("*".repeat(4096)),
        excluding("- " + "*".repeat(4095), ""),
        // where a pattern is compared
        excluding("cache", "cache/", "d/cache", "d/ab/cache/"),
        excluding("cache/", "cache/", "d/ab/cache/"),
        excluding("d/cache", "d/cache"),
        excluding("/cache"),
        excluding("b/cache"),
        excluding("s[!/]c\ns[/]c\n?[!/]rc"),
        excluding("/src/cache", "cache/"),
        excluding("/src/cache/", "cache/"),
        excluding("/src/d/cache/"),
        excluding("src", ""),
        excluding("/src/", ""),
        excluding("/\n//\n///"),
        excluding("d//\nd//cache\n//src\n./a\n../a\n.\n./"),
        excluding("/src/d/e/a/f/g", "d/e/a/f/g"),
        excluding("e/a/f", "d/e/a/f/"),
        excluding("*.pyc", "b.pyc", ".pyc", "d/e/b.pyc"),
        excluding("*.py[c]", "b.pyc", ".pyc", "d/e/b.pyc"),
        excluding("*\\.pyc", "b.pyc", ".pyc", "d/e/b.pyc"),
        excluding("?.pyc", "b.pyc", "d/e/b.pyc"),
        excluding("/src/*.pyc", "b.pyc", ".pyc"),
        excluding("/*.pyc"),
        excluding("/*", ""),
        excluding("e/*.pyc", "d/e/b.pyc"),
        excluding("*/*/*.pyc", "d/e/b.pyc"),
        excluding("*/*/*/*/f", "d/e/a/f/"),
        excluding("*/*/*/*/*/f"),
        excluding(
            "+ /src/\n+ d/\n+ e/\n+ b.pyc\n*",
            "a",
            "a.c",
            ".pyc",
            "c/",
            "cache/",
            "d/a",
            "d/cache",
            "d/e/a/",
            "d/ab/",
            "w/",
            "q/",
            "l/",
            "r/"),
        // two stars and three
        excluding("d/**", "d/a", "d/cache", "d/e/", "d/ab/"),
        excluding("d/***", "d/"),
        excluding("d/***/", "d/"),
        excluding("d/**/", "d/e/", "d/ab/"),
        excluding("/src/d/***", "d/"),
        excluding("/d/***"),
        excluding("e/**/g", "d/e/a/f/g"),
        excluding("e/**/a"),
        excluding("e**a", "d/e/a/"),
        excluding("**/src", ""),
        excluding("/**/src"),
        excluding("**/g", "d/e/a/f/g"),
        excluding("r/x**y", "r/xaay/", "r/x/y/"),
        excluding("r/x*y", "r/xaay/"),
        excluding("x?y", "q/x\\y"),
        // escapes
        excluding("x\\y", "q/x\\y"),
        excluding("x\\", "q/x\\"),
        excluding("x\\y*", "q/xy"),
        excluding("x\\\\*", "q/x\\", "q/x\\y"),
        excluding("\\*", "q/*"),
        excluding("\\**", "q/*", "q/**"),
        excluding("\\[a]", "q/[a]"),
        excluding("q/\\[a]\\"),
        excluding("q/\\[[a]]", "q/[a]"),
        excluding("q*\\"),
        // classes
        excluding("q/[]]", "q/]"),
        excluding("q/[]-a]", "q/]", "q/^"),
        excluding("q/[a\\-z]", "q/-"),
        excluding("q/[--0]", "q/-"),
        excluding("q/[+-]", "q/-"),
        excluding("q/[+-\\-]", "q/-"),
        excluding("q/[z-a]"),
        excluding("q/[\\]]", "q/]"),
        excluding("q/[\\\\]", "q/\\"),
        excluding("q/[**]", "q/*"),
        excluding("[**]", "q/*"),
        excluding("q/[!!-~]"),
        excluding("q/[!]a-z!]", "q/*", "q/?", "q/^", "q/-", "q/:", "q/[", "q/\\"),
        excluding("q/[^^-]", "q/*", "q/?", "q/]", "q/!", "q/:", "q/[", "q/\\"),
        excluding("q/[[:]", "q/[", "q/:"),
        excluding("q/[[:a]", "q/[", "q/:"),
        excluding("q/[[:punct:]-]", "q/*", "q/?", "q/]", "q/^", "q/!", "q/-", "q/:", "q/[", "q/\\"),
        excluding("q/[\nq/[!\nq/[]\nq/[[::]]\nq/[[:foo:]]\nq/[[:PUNCT:]]\nq/[*-\nq/[\\"),
        excluding("q[/]x*\nq[!a]x*\nq?x*"),
        excluding("l/[[:alpha:]]", "l/A", "l/z"),
        excluding("l/[[:upper:][:digit:]]", "l/A", "l/1"),
        excluding("l/[[:lower:]_]", "l/z", "l/_"),
        excluding("l/[[:alnum:]]", "l/1", "l/A", "l/z"),
        excluding("l/[[:xdigit:]]", "l/1", "l/A"),
        excluding("l/[+-.-z]", "l/z"),
        excluding("l/[A[:digit:]-z]", "l/1", "l/A", "l/z"),
        excluding("l/[[:blank:]]", "l/ ", "l/\t"),
        excluding("l/[[:space:]]", "l/ ", "l/\t", "l/\n"),
        excluding("l/[[:cntrl:]]", "l/\t", "l/\u0001", "l/\u007f", "l/\n"),
        excluding("l/[[:graph:]]", "l/1", "l/A", "l/z", "l/_"),
        excluding("l/[[:print:]]", "l/1", "l/A", "l/z", "l/_", "l/ "),
        excluding("l/[^[:print:]]", "l/\t", "l/\u0001", "l/\u007f", "l/\u00e9", "l/\n"),
        // bytes, not characters
        excluding("l/\u00e9", "l/\u00e9"),
        excluding("\u00c3\u00a9", "l/\u00c3\u00a9"),
        excluding("l/??", "l/\u00c3\u00a9"),
        excluding("*\u00a9", "l/\u00c3\u00a9"),
        excluding("l/[\u0080-\u00ff]", "l/\u00e9"));
  }

  private static Arguments excluding(String rules, String... topmost) {
    return arguments(rules, List.of(topmost));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void excludes_decidesAsRsync(String rules, List<String> topmost) throws Exception {
    Set<String> kept = tree.keptBy(parse(rules));

    assertThat(ExcludeRulesTree.shown(topmostMissing(kept)))
        .isEqualTo(ExcludeRulesTree.shown(new TreeSet<>(topmost)));
    ExcludeRulesTree.Answer rsync = tree.keptByRsync(rules);
    assertThat(rsync.accepted()).as(rsync.complaint()).isTrue();
    assertThat(ExcludeRulesTree.shown(kept)).isEqualTo(ExcludeRulesTree.shown(rsync.kept()));
  }

  private static Set<String> topmostMissing(Set<String> kept) {
    Set<String> topmost = new TreeSet<>();
    for (String entry : tree.entries()) {
      String parent = entry.substring(0, entry.lastIndexOf('/', entry.length() - 2) + 1);
      if (!kept.contains(entry) && (parent.isEmpty() || kept.contains(parent))) {
        topmost.add(entry.substring("src/".length()));
      }
    }
    return topmost;
  }

  private static ExcludeRules parse(String text) throws SettingException {
    return ExcludeRules.parse(ExcludeRulesTree.bytes(text), "exclude.conf");
  }

  @ParameterizedTest
  @MethodSource("filesWithoutPattern")
  void parse_refusesAPrefixWithoutPattern_withItsLine(String text, String place) throws Exception {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith(place)
        .hasMessageContaining("has no pattern");
    assertThat(tree.keptByRsync(text).accepted()).isFalse();
  }

  static Stream<Arguments> filesWithoutPattern() {
    return Stream.of(
        arguments("- ", "exclude.conf:1: \"- \" "),
        arguments("a\r\n+ \r\nb", "exclude.conf:2: \"+ \" "),
        arguments("a\r\r- \0a\n!", "exclude.conf:3: \"- \" "));
  }

  @Test
  void warnings_nameTheLine_whereRsyncDropsOrNeverMatches() throws Exception {
    ExcludeRules rules =
        parse(
            "a[\nb*\\\n" + "c".repeat(4096) + "\n" + "#".repeat(6000) + "\ne\0f\n" + "- \u001b[b");

    assertThat(rules.warnings())
        .containsExactly(
            "exclude.conf:1: \"- a[\" matches nothing: its last class or backslash has no end,"
                + " or its class is unknown",
            "exclude.conf:2: \"- b*\\\" matches nothing: its last class or backslash has no end,"
                + " or its class is unknown",
            "exclude.conf:3: has a pattern of more than 4095 bytes and has no effect, as with rsync",
            "exclude.conf:5: has a NUL byte; it and what follows it are ignored, as rsync does",
            "exclude.conf:6: \"- \\x1b[b\" matches nothing: its last class or backslash has no"
                + " end, or its class is unknown");
    assertThat(parse("a\n[b]\n*\n!\n").warnings()).isEmpty();
  }

  @Test
  void decidedBy_namesTheFirstRuleThatMatches() throws Exception {
    ExcludeRules rules = parse("# caches\n+ /src/cache\ncache\n");

    ExcludeRule kept = rules.decidedBy("src/cache".getBytes(US_ASCII), true).orElseThrow();
    assertThat(kept.includes()).isTrue();
    assertThat(kept.line()).isEqualTo(2);
    assertThat(kept.text()).isEqualTo("+ /src/cache");
    ExcludeRule excluded = rules.decidedBy("src/d/cache".getBytes(US_ASCII), false).orElseThrow();
    assertThat(excluded.includes()).isFalse();
    assertThat(excluded.line()).isEqualTo(3);
    assertThat(excluded.text()).isEqualTo("- cache");
    assertThat(rules.decidedBy("src/d".getBytes(US_ASCII), true)).isEmpty();
  }

  @Test
  void excludes_looksAtThePartOfTheBufferAlone() throws Exception {
    byte[] buffer = "/home/ubuntu/tmp/x".getBytes(US_ASCII);

    assertThat(parse("/ubuntu/tmp").excludes(buffer, 6, 16, true)).isTrue();
    assertThat(parse("/ubuntu/tmp").excludes(buffer, 6, 18, true)).isFalse();
    assertThat(parse("home/ubuntu/tmp").excludes(buffer, 6, 16, true)).isFalse();
    assertThat(parse("home/*/tmp").excludes(buffer, 6, 16, true)).isFalse();
    assertThat(parse("home/**").excludes(buffer, 6, 16, true)).isFalse();
    assertThat(parse("**/ubuntu/tmp").excludes(buffer, 6, 16, true)).isTrue();
  }

  @Test
  void fingerprint_dependsOnTheRulesInForceAlone() throws Exception {
    byte[] rules = parse("a\n+ b\n").fingerprint();

    assertThat(rules).hasSize(32).isEqualTo(parse("# c\nx\n!\n- a\r\n\n+ b").fingerprint());
    assertThat(Stream.of("+ b\na", "a\nb", "a+ b", "a\n+ b\nc", "a\n+ b/", "", "a\n+ b\n+ b"))
        .allSatisfy(other -> assertThat(parse(other).fingerprint()).isNotEqualTo(rules));
    assertThat(parse("# a\n").fingerprint()).isEqualTo(ExcludeRules.none().fingerprint());
  }

  @Test
  void none_excludesNothing() {
    assertThat(ExcludeRules.none().excludes("src/a".getBytes(US_ASCII), false)).isFalse();
    assertThat(ExcludeRules.none().decidedBy("src".getBytes(US_ASCII), true)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("expensivePatterns")
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void excludes_endsSoon_forPatternsThatInviteBacktracking(String pattern) throws Exception {
    ExcludeRules rules = parse(pattern);

    assertThat(rules.excludes("a".repeat(4095).getBytes(US_ASCII), false)).isFalse();
    assertThat(rules.excludes("a/".repeat(2047).concat("a").getBytes(US_ASCII), false)).isFalse();
    String component = "a".repeat(255);
    String path = (component + "/").repeat(15) + component;
    assertThat(rules.excludes(path.getBytes(US_ASCII), false)).isFalse();
  }

  static Stream<String> expensivePatterns() {
    return Stream.of(
        "*a".repeat(30) + "*b",
        "**a".repeat(30) + "**b",
        "a" + "**a".repeat(30) + "**b",
        "/" + "**/a".repeat(30) + "**b",
        "**" + "a*".repeat(30) + "b",
        "**" + "*[a]?".repeat(20) + "**b",
        "a**" + "a".repeat(100) + "b");
  }
}
