package org.deferredsync.logging;

/** Text as one word of a shell's command line, so that a command in a message can be pasted. */
public final class ShellWord {
  private ShellWord() {}

  /** The text itself where a shell takes it as it is, else in quotes. */
  public static String of(String text) {
    return text.matches("[\\p{L}\\p{N}_@%+=:,./-]+")
        ? text
        : "'" + text.replace("'", "'\\''") + "'";
  }
}
