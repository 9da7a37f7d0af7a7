package org.deferredsync.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the statements of {@code sync.conf}: assignments, exported or not, and nothing else. */
final class ConfStatements {
  private static final Set<String> COMPOUND =
      Set.of(
          "if",
          "then",
          "else",
          "elif",
          "fi",
          "case",
          "esac",
          "for",
          "while",
          "until",
          "do",
          "done",
          "function",
          "test",
          "select",
          "time");

  private final ConfText text;
  private final List<Assignment> assignments = new ArrayList<>();
  private final List<String> above = new ArrayList<>();
  private int lastAbove;

  private ConfStatements(ConfText text) {
    this.text = text;
  }

  /**
   * One {@code KEY=value}.
   *
   * @param line where the key stands
   * @param comments what stands in comments right above it and behind it, from the # on
   */
  record Assignment(String key, ShellWord value, int line, List<String> comments) {
    Assignment {
      comments = List.copyOf(comments);
    }

    Assignment and(String comment) {
      List<String> all = new ArrayList<>(comments);
      all.add(comment);
      return new Assignment(key, value, line, all);
    }
  }

  /**
   * The assignments of that text in their order.
   *
   * @throws SettingException if anything else stands there, with its line and what to write instead
   */
  static List<Assignment> read(ConfText text) throws SettingException {
    ConfStatements statements = new ConfStatements(text);
    while (text.peek() != ConfText.END) {
      statements.line();
    }
    return statements.assignments;
  }

  private void line() throws SettingException {
    boolean export = false;
    int before = assignments.size();
    while (true) {
      text.skipBlanks();
      int c = text.peek();
      if (c == '#') {
        keepComment(before);
        text.skipComment();
        c = text.peek();
      }
      int line = text.line();
      if (c == '\n') {
        text.take();
        return;
      }
      if (c == ConfText.END) {
        return;
      }
      boolean first = !export && assignments.size() == before;
      String name = text.takeName();
      if (!name.isEmpty() && text.peek() == '=') {
        text.take();
        List<String> comments = lastAbove == line - 1 ? List.copyOf(above) : List.of();
        above.clear();
        assignments.add(new Assignment(name, ConfWords.value(text, name), line, comments));
      } else if (first && name.equals("export") && namesFollow()) {
        export = true;
      } else if (!export || name.isEmpty() || !endsWord(text.peek())) {
        throw refused(name, line, first ? null : lastKey(before));
      }
    }
  }

  /** A comment that begins here belongs to the setting before it in the line, or to one below. */
  private void keepComment(int before) {
    int last = assignments.size() - 1;
    if (last >= before) {
      assignments.set(last, assignments.get(last).and(text.restOfLine()));
      return;
    }
    if (lastAbove != text.line() - 1) {
      above.clear();
    }
    above.add(text.restOfLine());
    lastAbove = text.line();
  }

  /** Whether a name comes after {@code export}, and not an option or the end of the line. */
  private boolean namesFollow() {
    text.skipBlanks();
    int c = text.peek();
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean endsWord(int c) {
    return c == ConfText.END || c == ' ' || c == '\t' || c == '\n';
  }

  private @Nullable String lastKey(int before) {
    return assignments.size() > before ? assignments.get(assignments.size() - 1).key() : null;
  }

  private SettingException refused(String name, int line, @Nullable String previous) {
    String rest = text.restOfLine();
    boolean secret = previous != null && Settings.isSecret(previous);
    String word = secret ? "what follows" : ConfText.shown(name + rest.split("[ \t;]", 2)[0]);
    return text.error(line, why(name, rest, word, previous));
  }

  private static String why(String name, String rest, String word, @Nullable String previous) {
    char next = rest.isEmpty() ? '\n' : rest.charAt(0);
    if (";&|".indexOf(next) >= 0) {
      return "the shell's "
          + next
          + " is not read; write each setting on a line of its own"
          + ", and quote the value if it belongs to it";
    }
    if ("<>".indexOf(next) >= 0) {
      return "a redirection ("
          + next
          + ") is not read; remove it, and quote the value if it belongs to it";
    }
    if (name.isEmpty() && "()".indexOf(next) >= 0) {
      return "a bare " + next + " is not read; quote the value if it belongs to it";
    }
    if (previous != null) {
      return word
          + " after "
          + previous
          + "=… would be a command and is not run; quote a value that"
          + " has blanks: "
          + previous
          + "=\"… …\"";
    }
    if (!name.isEmpty() && rest.startsWith("+=")) {
      return name + "+= is not read; write " + name + "=\"$" + name + " …\"";
    }
    if (!name.isEmpty() && next == '[') {
      return word + " is a list of another shell; write " + name + "=\"one two\", in one string";
    }
    if (!name.isEmpty() && rest.strip().startsWith("(")) {
      return name + "() would be a function and is not read; remove it";
    }
    if (!name.isEmpty() && rest.strip().startsWith("=")) {
      return "blanks before the = of " + name + "; write " + name + "=value";
    }
    if ((name.isEmpty() && rest.matches("\\.[ \t].*")) || name.equals("source")) {
      return "another file is not read from here; copy its settings into this one";
    }
    if (COMPOUND.contains(name) || (name.isEmpty() && "[{!".indexOf(next) >= 0)) {
      return word
          + " belongs to a condition, loop or block of the shell, which is not read; write"
          + " the setting's value itself";
    }
    if (name.equals("unset")) {
      return "unset is not read; remove the setting, or write KEY= for an empty value";
    }
    if (name.equals("export")) {
      return "export without a name is not read; write export KEY=value";
    }
    int equals = rest.indexOf('=');
    if (equals >= 0 && !rest.substring(0, equals).matches(".*[ \t].*")) {
      return ConfText.shown(name + rest.substring(0, equals))
          + " is not the name of a setting; letters, digits and _ only, no digit first";
    }
    if (name.isEmpty() && isInvisible(next)) {
      return String.format(
          Locale.ROOT,
          "the character U+%04X looks like a blank and is none; remove it",
          (int) next);
    }
    return word + " would be a command and is not run; only KEY=value and # comments are read";
  }

  private static boolean isInvisible(char c) {
    return c > 0x7f && (Character.isSpaceChar(c) || Character.getType(c) == Character.FORMAT);
  }
}
