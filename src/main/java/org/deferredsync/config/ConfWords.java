package org.deferredsync.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of {@code sync.conf}: the quoting and expansion of the shell's assignments
 * (POSIX, Shell Command Language, 2.2 and 2.6), as far as they need no command to be run.
 */
final class ConfWords {
  private static final int DEEPEST = 20;
  private static final String SPECIAL = "0123456789@*#?$!-";

  private final ConfText text;
  private final String key;
  private final boolean secret;

  private ConfWords(ConfText text, String key) {
    this.text = text;
    this.key = key;
    this.secret = Settings.isSecret(key);
  }

  /**
   * The value that begins here, up to the blank, newline or operator after it.
   *
   * @throws SettingException if it is not one that can be read as data
   */
  static ShellWord value(ConfText text, String key) throws SettingException {
    return new ConfWords(text, key).value();
  }

  /**
   * All of the text as a value: it is read as between double quotes, which stand for themselves.
   *
   * @throws SettingException if it is not one that can be read as data
   */
  static ShellWord quoted(ConfText text, String key) throws SettingException {
    ConfWords words = new ConfWords(text, key);
    Pieces pieces = new Pieces();
    while (text.peek() != ConfText.END) {
      words.insideQuotes(pieces, "$`\"\\", 0);
    }
    return pieces.word();
  }

  private ShellWord value() throws SettingException {
    int start = text.line();
    if (text.peek() == '(') {
      throw text.error(
          start,
          key + "=( is a list of another shell; write " + key + "=\"one two\", in one string");
    }
    Pieces pieces = new Pieces();
    boolean tilde = true;
    while (!endsWord(text.peek())) {
      int c = text.peek();
      if (c == '~' && tilde) {
        pieces.add(home());
        tilde = false;
      } else {
        unquoted(pieces, 0);
        tilde = c == ':';
      }
    }
    return pieces.word();
  }

  private static boolean endsWord(int c) {
    return c == ConfText.END || " \t\n;&|<>()".indexOf(c) >= 0;
  }

  private ShellWord.Part home() throws SettingException {
    int line = text.line();
    text.take();
    int c = text.peek();
    if (c == '/' || c == ':' || endsWord(c)) {
      return new ShellWord.Home(line);
    }
    throw text.error(
        line, "~ with a name after it is not read; write the path, or '~' in quotes for itself");
  }

  /** One character outside quotes, or what begins with it. */
  private void unquoted(Pieces pieces, int depth) throws SettingException {
    int line = text.line();
    char c = text.take();
    switch (c) {
      case '\'' -> singleQuoted(pieces, line);
      case '"' -> doubleQuoted(pieces, line, depth);
      case '\\' -> {
        if (text.peekRaw() == ConfText.END) {
          pieces.add(c);
        } else {
          literal(pieces, text.take());
        }
      }
      case '$' -> dollar(pieces, line, false, depth);
      case '`' -> pieces.add(backquoted(line, false));
      default -> literal(pieces, c);
    }
  }

  private void literal(Pieces pieces, char c) throws SettingException {
    if (text.isInvalid()) {
      throw text.error(
          text.line(),
          c == 0
              ? "a NUL byte in a value; remove it"
              : String.format(
                  "the byte \\x%02x is not valid UTF-8; save the file as UTF-8", c & 0xff));
    }
    pieces.add(c);
  }

  private void singleQuoted(Pieces pieces, int line) throws SettingException {
    while (text.peekRaw() != '\'') {
      requireMore(text.peekRaw(), line, "'");
      literal(pieces, text.take());
    }
    text.take();
  }

  private void requireMore(int c, int line, String opened) throws SettingException {
    if (c == ConfText.END) {
      throw text.error(
          line,
          "the "
              + opened
              + " that begins here, in the value of "
              + key
              + ", is not closed; add the one that is missing, here or above");
    }
  }

  private void doubleQuoted(Pieces pieces, int line, int depth) throws SettingException {
    while (text.peek() != '"') {
      requireMore(text.peek(), line, "\"");
      insideQuotes(pieces, "$`\"\\", depth);
    }
    text.take();
  }

  /** One character within double quotes, or what begins with it; a backslash escapes these. */
  private void insideQuotes(Pieces pieces, String escaped, int depth) throws SettingException {
    int line = text.line();
    char c = text.take();
    switch (c) {
      case '\\' -> literal(pieces, escaped.indexOf(text.peekRaw()) >= 0 ? text.take() : c);
      case '$' -> dollar(pieces, line, true, depth);
      case '`' -> pieces.add(backquoted(line, true));
      default -> literal(pieces, c);
    }
  }

  private void dollar(Pieces pieces, int line, boolean quoted, int depth) throws SettingException {
    int c = text.peek();
    String name = text.takeName();
    if (!name.isEmpty()) {
      pieces.add(new ShellWord.Name(name, null, line));
    } else if (c == '{') {
      text.take();
      pieces.add(braces(line, quoted, depth));
    } else if (c == '(') {
      text.take();
      pieces.add(ConfCommand.read(text, line, secret));
    } else if (c == '[' || (c != ConfText.END && SPECIAL.indexOf(c) >= 0)) {
      throw text.error(
          line,
          quoted("$" + (char) c)
              + " means something to a shell and is not read; for a plain dollar sign write \\$,"
              + " or put the value in single quotes");
    } else if (!quoted && (c == '\'' || c == '"')) {
      throw text.error(
          line, "$ before a quote is not read; write \\$ for a plain dollar sign, or drop it");
    } else {
      pieces.add('$');
    }
  }

  private ShellWord.Part braces(int line, boolean quoted, int depth) throws SettingException {
    if (depth == DEEPEST) {
      throw text.error(line, "${ nested more than " + DEEPEST + " deep");
    }
    String name = text.takeName();
    int c = text.peek();
    requireMore(c, line, "${");
    if (!name.isEmpty() && c == '}') {
      text.take();
      return new ShellWord.Name(name, null, line);
    }
    if (!name.isEmpty() && c == ':') {
      text.take();
      if (text.peek() == '-') {
        text.take();
        return new ShellWord.Name(name, otherwise(line, quoted, depth + 1), line);
      }
    }
    throw text.error(
        line,
        quoted("${" + name + (char) c)
            + " is not read; write $NAME, ${NAME} or ${NAME:-default}, and \\$ for a dollar sign");
  }

  /** The default of {@code ${NAME:-default}}, and its closing brace. */
  private ShellWord otherwise(int line, boolean quoted, int depth) throws SettingException {
    Pieces pieces = new Pieces();
    boolean tilde = true;
    while (text.peek() != '}') {
      int c = text.peek();
      requireMore(c, line, "${");
      if (c == '~' && tilde && !quoted) {
        throw text.error(text.line(), "~ in a default is not read; write $HOME");
      }
      if (!quoted && "<>()".indexOf(c) >= 0) {
        throw text.error(
            text.line(), "a bare " + (char) c + " in a default is not read; put it in quotes");
      }
      if (c == '"' && quoted) {
        throw text.error(
            text.line(), "\" in a default that is in quotes itself is not read; write \\\"");
      }
      if (quoted) {
        insideQuotes(pieces, "$`\"\\}", depth);
      } else {
        unquoted(pieces, depth);
      }
      tilde = c == ':';
    }
    text.take();
    return pieces.word();
  }

  /** The older form of command substitution, whose text loses one level of backslashes first. */
  private ShellWord.Part backquoted(int line, boolean quoted) throws SettingException {
    StringBuilder inner = new StringBuilder();
    while (text.peek() != '`') {
      requireMore(text.peek(), line, "`");
      char c = text.take();
      boolean escape = c == '\\' && (quoted ? "$`\\\"" : "$`\\").indexOf(text.peekRaw()) >= 0;
      inner.append(escape ? text.take() : c);
    }
    text.take();
    return ConfCommand.read(text.within(inner.toString(), line), line, secret);
  }

  private String quoted(String part) {
    return secret ? "what stands here" : ConfText.shown(part);
  }

  /** The parts of a word as they come, neighbouring text joined. */
  private static final class Pieces {
    private final List<ShellWord.Part> parts = new ArrayList<>();
    private @Nullable StringBuilder literal;

    void add(char c) {
      if (literal == null) {
        literal = new StringBuilder();
      }
      literal.append(c);
    }

    void add(ShellWord.Part part) {
      flush();
      parts.add(part);
    }

    ShellWord word() {
      flush();
      return new ShellWord(parts);
    }

    private void flush() {
      if (literal != null) {
        parts.add(new ShellWord.Literal(literal.toString()));
        literal = null;
      }
    }
  }
}
