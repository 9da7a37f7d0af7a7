package org.deferredsync.cli;

import org.deferredsync.snapshot.Version;

/** Type and permissions as {@code ls -l} writes them. */
final class Modes {
  private Modes() {}

  static String text(Version version) {
    int bits = version.permissions();
    char[] text = "rwxrwxrwx".toCharArray();
    for (int i = 0; i < text.length; i++) {
      if ((bits & (0400 >> i)) == 0) {
        text[i] = '-';
      }
    }
    special(text, 2, (bits & 04000) != 0, 's');
    special(text, 5, (bits & 02000) != 0, 's');
    special(text, 8, (bits & 01000) != 0, 't');
    return version.type().letter() + new String(text);
  }

  private static void special(char[] text, int at, boolean set, char letter) {
    if (set) {
      text[at] = text[at] == 'x' ? letter : Character.toUpperCase(letter);
    }
  }
}
