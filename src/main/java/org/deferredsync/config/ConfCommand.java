package org.deferredsync.config;

import java.util.ArrayList;
import java.util.List;

/**
 * The two commands that a value may hold, {@code hostname} and {@code date}: understood, never run.
 */
final class ConfCommand {
  private static final String INSTEAD =
      "; only $(hostname), $(hostname -s), $(hostname -f) and $(date +FORMAT) are read: write the"
          + " value itself";

  private final ConfText text;
  private final int line;
  private final boolean secret;
  private final String shown;

  private ConfCommand(ConfText text, int line, boolean secret) {
    this.text = text;
    this.line = line;
    this.secret = secret;
    this.shown = text.restOfLine();
  }

  /**
   * The command that begins here, up to its closing parenthesis or the end of the text.
   *
   * @throws SettingException if it is another one
   */
  static ShellWord.Part read(ConfText text, int line, boolean secret) throws SettingException {
    ConfCommand command = new ConfCommand(text, line, secret);
    return command.meaning(command.words());
  }

  private List<String> words() throws SettingException {
    List<String> words = new ArrayList<>();
    while (true) {
      while (text.peek() == '\n' || text.peek() == ' ' || text.peek() == '\t') {
        text.take();
      }
      if (text.peek() == ConfText.END) {
        return words;
      }
      if (text.peek() == ')') {
        text.take();
        return words;
      }
      if (text.peek() == '#' || text.peek() == '~') {
        throw refused();
      }
      words.add(word());
    }
  }

  private String word() throws SettingException {
    StringBuilder word = new StringBuilder();
    while (text.peek() != ConfText.END && " \t\n)".indexOf(text.peek()) < 0) {
      char c = text.take();
      if (c == '\'') {
        untilSingleQuote(word);
      } else if (c == '"') {
        untilDoubleQuote(word);
      } else if (c == '\\' && text.peekRaw() != ConfText.END) {
        word.append(text.take());
      } else if (";&|<>($`*?[".indexOf(c) >= 0 || text.isInvalid()) {
        throw refused();
      } else {
        word.append(c);
      }
    }
    return word.toString();
  }

  private void untilSingleQuote(StringBuilder word) throws SettingException {
    while (text.peekRaw() != '\'') {
      word.append(takeQuoted(text.peekRaw()));
    }
    text.take();
  }

  private void untilDoubleQuote(StringBuilder word) throws SettingException {
    while (text.peek() != '"') {
      char c = takeQuoted(text.peek());
      if (c == '$' || c == '`') {
        throw refused();
      }
      word.append(c == '\\' && "$`\"\\".indexOf(text.peekRaw()) >= 0 ? text.take() : c);
    }
    text.take();
  }

  private char takeQuoted(int peeked) throws SettingException {
    if (peeked == ConfText.END) {
      throw refused();
    }
    char c = text.take();
    if (text.isInvalid()) {
      throw refused();
    }
    return c;
  }

  private ShellWord.Part meaning(List<String> words) throws SettingException {
    if (words.equals(List.of("hostname"))) {
      return new ShellWord.Host(HostName.Form.PLAIN);
    }
    if (words.equals(List.of("hostname", "-s"))) {
      return new ShellWord.Host(HostName.Form.SHORT);
    }
    if (words.equals(List.of("hostname", "-f"))) {
      return new ShellWord.Host(HostName.Form.FULL);
    }
    if (words.size() == 2 && words.get(0).equals("date") && words.get(1).startsWith("+")) {
      String format = words.get(1).substring(1);
      if (DateFormat.firstUnknown(format).isPresent()) {
        throw text.error(
            line,
            "date has no "
                + ConfText.shown(DateFormat.firstUnknown(format).get())
                + " here; it reads "
                + DateFormat.KNOWN);
      }
      return new ShellWord.Date(format, line);
    }
    throw refused();
  }

  private SettingException refused() {
    int end = shown.indexOf(')');
    String command = end < 0 ? shown : shown.substring(0, end);
    String what = secret ? "the command here" : "the command " + ConfText.shown(command.strip());
    return text.error(line, what + " is not run" + INSTEAD);
  }
}
