package org.deferredsync.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.logging.Printable;

/** Writes settings as a {@code sync.yaml}: each at its place, under the comments it has. */
final class YamlWriter {
  private static final String PLAIN = "[A-Za-z0-9/._$][A-Za-z0-9/._$(){}+@%=~:-]*";

  private final Group top = new Group();

  private sealed interface Part permits Group, Leaf {}

  private record Group(Map<String, Part> parts) implements Part {
    Group() {
      this(new LinkedHashMap<>());
    }
  }

  /**
   * A value or a list.
   *
   * @param words one alone unless it is a list
   */
  private record Leaf(List<String> words, boolean list, List<String> comments) implements Part {}

  /** Puts a value there, as it is to be read. */
  void put(String place, String text, List<String> comments) {
    put(place, new Leaf(List.of(text), false, comments));
  }

  /** Puts a list there. */
  void put(String place, List<String> words, List<String> comments) {
    put(place, new Leaf(words, true, comments));
  }

  private void put(String place, Leaf leaf) {
    Group group = top;
    String rest = place;
    for (int dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
      Part below = group.parts().computeIfAbsent(rest.substring(0, dot), name -> new Group());
      if (!(below instanceof Group inner)) {
        throw new IllegalArgumentException(place + " lies in a value");
      }
      group = inner;
      rest = rest.substring(dot + 1);
    }
    group.parts().put(rest, leaf);
  }

  /** The lines. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (top.parts().isEmpty()) {
      lines.add("{}");
    }
    write(top, "", lines);
    return lines;
  }

  private static void write(Group group, String indent, List<String> lines) {
    group
        .parts()
        .forEach(
            (name, part) -> {
              if (indent.isEmpty() && !lines.isEmpty()) {
                lines.add("");
              }
              if (part instanceof Leaf leaf) {
                write(name, leaf, indent, lines);
              } else if (part instanceof Group inner) {
                lines.add(indent + name + ":");
                write(inner, indent + "  ", lines);
              }
            });
  }

  private static void write(String name, Leaf leaf, String indent, List<String> lines) {
    leaf.comments().forEach(comment -> lines.add(indent + Printable.of(comment)));
    if (!leaf.list()) {
      lines.add(indent + name + ": " + scalar(leaf.words().get(0)));
    } else if (leaf.words().isEmpty()) {
      lines.add(indent + name + ": []");
    } else {
      lines.add(indent + name + ":");
      leaf.words().forEach(word -> lines.add(indent + "  - " + scalar(word)));
    }
  }

  /** The text as a scalar that gives it back, as plain as can be. */
  static String scalar(String text) {
    boolean word = text.equalsIgnoreCase("null") || text.endsWith(":");
    if (text.matches(PLAIN) && !word) {
      return text;
    }
    boolean printable = text.chars().allMatch(c -> c >= ' ' && c <= '~');
    return printable ? "'" + text.replace("'", "''") + "'" : doubleQuoted(text);
  }

  private static String doubleQuoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
              } else if (c == '\n') {
                quoted.append("\\n");
              } else if (c > 0xffff || (c >= ' ' && c <= '~') || Character.isLetterOrDigit(c)) {
                quoted.appendCodePoint(c);
              } else {
                quoted.append(String.format("\\u%04x", c));
              }
            });
    return quoted.append('"').toString();
  }
}
