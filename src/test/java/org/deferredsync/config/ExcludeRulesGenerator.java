package org.deferredsync.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Draws trees with awkward names, and exclude files from the whole of rsync's grammar whose
 * patterns are paths of such a tree, changed here and there so that most still match.
 */
final class ExcludeRulesGenerator {
  private static final List<String> NAMES =
      List.of(
          "a",
          "b",
          "c",
          "ab",
          "ba",
          "abc",
          "abab",
          "a.c",
          "b.c",
          "A",
          "aB",
          "a1",
          "10",
          "_",
          "-",
          "--",
          "!",
          "^",
          "a-b",
          "]",
          "[",
          "[a]",
          "a]b",
          "[ab",
          "*",
          "**",
          "***",
          "a*",
          "*a",
          "a*b",
          "?",
          "a?",
          "\\",
          "a\\b",
          "\\a",
          "a\\",
          "\\*",
          "\\#101",
          " ",
          " a",
          "a ",
          "+ a",
          "- b",
          "+a",
          "# c",
          "#",
          ";",
          "; d",
          ".a",
          "..a",
          "...",
          "a.",
          ":",
          "[:",
          ":]",
          "a:b",
          "\t",
          "\n",
          "a\nb",
          "\r",
          "\u0001",
          "\u007f",
          "\u00c3\u00a9",
          "\u00ff",
          "a\u00e9",
          "\u00e9b",
          "\u0080",
          "\u00c3",
          "aaaaaaaaaaaa",
          "aaabaaab");

  private static final List<String> CLASS_NAMES =
      List.of(
          "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
          "upper", "xdigit");

  private static final List<String> CLASS_SCRAPS =
      List.of(
          "",
          "",
          "a",
          "z",
          "0",
          "-",
          "-",
          "-",
          "]",
          "[",
          "!",
          "^",
          "*",
          "\\]",
          "\\-",
          "\\\\",
          "a-c",
          "A-[",
          "!-/",
          "[:digit:]",
          "[:punct:]",
          "[:",
          ":]",
          "\u0080",
          "\u00ff");

  private static final List<String> SCRAPS =
      List.of(
          "*",
          "**",
          "***",
          "?",
          "[",
          "]",
          "[]",
          "[!",
          "[^]",
          "\\",
          "\\\\",
          "/",
          "//",
          "/**/",
          "/*/",
          "[a",
          "[[:",
          "[[:alpha:]",
          "[[:foo:]]",
          "[[::]]",
          "[[:a]",
          "[[:]",
          "[/]",
          "[!/]",
          "[**]",
          "[a-",
          "[a-]",
          "[-a]",
          "[--0]",
          "[]-a]",
          "[!]a]",
          "[z-a]",
          "[\\]]",
          "[\\a-\\c]",
          "[a-[:alpha:]]",
          "[[:alpha:]-z]",
          "[a-c-e]",
          "./",
          "../",
          "\u00ff",
          "[\u0080-\u00ff]",
          "a",
          "b",
          " ");

  private final Random random;

  ExcludeRulesGenerator(Random random) {
    this.random = random;
  }

  String sourceName() {
    return one(List.of("src", "a", "ab", "a.c", "aaabaaab"));
  }

  /** Some seventy paths, up to six deep; a directory ends with a slash. */
  Set<String> paths() {
    List<String> directories = new ArrayList<>(List.of(""));
    Set<String> used = new TreeSet<>();
    Set<String> paths = new TreeSet<>();
    while (paths.size() < 70) {
      String parent = one(directories);
      String path = parent + one(NAMES);
      if (!used.add(path)) {
        continue;
      }
      boolean directory = chance(0.4) && depth(path) < 5;
      if (directory) {
        directories.add(path + "/");
      }
      paths.add(directory ? path + "/" : path);
    }
    return paths;
  }

  private static int depth(String path) {
    return (int) path.chars().filter(c -> c == '/').count();
  }

  /** The text of an exclude file about these entries. */
  String ruleSet(List<String> entries) {
    StringBuilder text = new StringBuilder();
    if (chance(0.6)) {
      text.append("+ ").append('/').append(entries.get(0)).append(lineEnd());
    }
    int rules = 1 + (chance(0.5) ? 0 : random.nextInt(8));
    for (int i = 0; i < rules; i++) {
      if (chance(0.1)) {
        text.append(oddLine()).append(lineEnd());
      }
      text.append(prefix()).append(pattern(one(entries))).append(lineEnd());
    }
    if (chance(0.3)) {
      text.append("- ").append(pattern(one(entries)));
    }
    return text.toString();
  }

  private String prefix() {
    return one(List.of("", "", "", "- ", "+ ", "+ "));
  }

  private String lineEnd() {
    int kind = random.nextInt(40);
    return kind == 0 ? "\r\n" : kind == 1 ? "\r" : kind == 2 ? "\0# c\n" : "\n";
  }

  private String oddLine() {
    return one(
        List.of(
            "",
            "#",
            "# a",
            ";a",
            " # a",
            "\t",
            " ",
            "!",
            "! ",
            " !",
            "+",
            "-",
            "+a",
            "-a",
            "-_a",
            "- !",
            "- #",
            "- - a",
            ". a",
            ": a",
            "H a",
            "merge a",
            "/",
            "//",
            "\0a",
            "+ \u00ff",
            random.nextInt(4) == 0 ? "- " : "**/"));
  }

  /** A pattern made of the path of this entry. */
  private String pattern(String entry) {
    boolean directory = entry.endsWith("/");
    String path = directory ? entry.substring(0, entry.length() - 1) : entry;
    if (chance(0.1)) {
      return escaped(path.substring(path.lastIndexOf('/') + 1), 0) + end(directory);
    }
    List<String> parts = new ArrayList<>(List.of(path.split("/", -1)));
    boolean anchored = chance(0.3);
    if (!anchored) {
      int from = random.nextInt(parts.size());
      parts = parts.subList(chance(0.5) ? parts.size() - 1 : from, parts.size());
    }
    double changes = one(List.of(0.0, 0.1, 0.3, 0.6));
    StringBuilder pattern = new StringBuilder(anchored ? "/" : "");
    for (int i = 0; i < parts.size(); i++) {
      pattern.append(i == 0 ? "" : "/");
      if (parts.size() > 1 && chance(changes / 2)) {
        pattern.append(one(List.of("*", "**", "***", "?*", "*[!x]")));
      } else {
        pattern.append(changed(parts.get(i), changes));
      }
    }
    if (!anchored && chance(0.1)) {
      pattern.insert(0, one(List.of("**", "**/", "*/", "***/", "/**/")));
    }
    if (chance(0.12)) {
      pattern.insert(random.nextInt(pattern.length() + 1), one(SCRAPS));
    }
    if (parts.size() > 1 && chance(0.1)) {
      pattern.deleteCharAt(anchored ? 1 : 0);
    }
    if (pattern.length() > 1 && chance(0.05)) {
      pattern.deleteCharAt(random.nextInt(pattern.length()));
    }
    String text = pattern + end(directory);
    return text.isEmpty() ? "*" : text.replace('\n', '?').replace('\r', '?');
  }

  private String end(boolean directory) {
    if (!directory) {
      return one(List.of("", "", "", "", "", "", "", "", "*", "**", "***", "/"));
    }
    return one(List.of("", "/", "/", "/*", "/**", "/***", "/***/", "/**/", "***", "**", "*/"));
  }

  private String changed(String name, double changes) {
    StringBuilder result = new StringBuilder();
    int i = 0;
    while (i < name.length()) {
      if (!chance(changes)) {
        result.append(escaped(name.substring(i, i + 1), 0.15));
        i++;
      } else if (chance(0.3)) {
        result.append(one(List.of("*", "*", "*", "**", "***")));
        i += random.nextInt(name.length() - i + 1);
      } else if (chance(0.3)) {
        result.append('?');
        i++;
      } else {
        result.append(characterClass(name.charAt(i)));
        i++;
      }
    }
    return result.toString();
  }

  /** The text with its wildcards escaped, most of the time, and others too at this rate. */
  private String escaped(String text, double rate) {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean special = "*?[\\".indexOf(c) >= 0;
      if (special ? chance(0.8) : chance(rate)) {
        result.append('\\');
      }
      result.append(c == '\n' || c == '\r' ? '?' : c);
    }
    return result.toString();
  }

  /** A class that, as a rule, accepts this character. */
  private String characterClass(char c) {
    String member = (c == ']' || c == '\\' || c == '[' ? "\\" : chance(0.1) ? "\\" : "") + c;
    return switch (random.nextInt(11)) {
      case 0 -> "[" + member + "]";
      case 1 -> "[!" + one(List.of("x", "0-9", "]", "a-", "-", "^", "\\]")) + "]";
      case 2 -> "[^" + one(List.of("x", "[:digit:]", "]", "!", "\u00e0-\u00ff", "^")) + "]";
      case 3 -> "[" + (char) Math.max(1, c - 1) + "-" + (char) Math.min(255, c + 2) + "]";
      case 4 -> "[" + one(List.of("]", "x", "-", "a-c", "\\]")) + member + "]";
      case 5 -> "[" + member + one(List.of("-", "x", "[:digit:]", "-\\z", "\\\\")) + "]";
      case 6 -> "[[:" + one(CLASS_NAMES) + ":]" + member + "]";
      case 7 -> "[[:" + (Character.isLetter(c) ? "alpha" : one(CLASS_NAMES)) + ":]]";
      case 8, 9 -> classOfScraps(member);
      default -> "[^[:" + one(CLASS_NAMES) + ":]]";
    };
  }

  private String classOfScraps(String member) {
    StringBuilder result = new StringBuilder(one(List.of("[", "[", "[!", "[^")));
    int at = random.nextInt(4);
    for (int i = 0; i < 4; i++) {
      result.append(i == at ? member : one(CLASS_SCRAPS));
    }
    return result.append(']').toString();
  }

  private boolean chance(double share) {
    return random.nextDouble() < share;
  }

  private <T> T one(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
