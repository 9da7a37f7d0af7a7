package org.deferredsync.snapshot;

import java.util.Locale;

/** What a path is; the value holds the type bits of inode(7). */
public enum FileType {
  FILE(0100000, '-'),
  DIRECTORY(0040000, 'd'),
  SYMLINK(0120000, 'l'),
  FIFO(0010000, 'p'),
  SOCKET(0140000, 's'),
  CHARACTER_DEVICE(0020000, 'c'),
  BLOCK_DEVICE(0060000, 'b');

  private static final int MASK = 0170000;

  private final int bits;
  private final char letter;

  FileType(int bits, char letter) {
    this.bits = bits;
    this.letter = letter;
  }

  /**
   * The type in a mode.
   *
   * @throws IllegalArgumentException if the mode has none of the seven
   */
  public static FileType ofMode(int mode) {
    for (FileType type : values()) {
      if ((mode & MASK) == type.bits) {
        return type;
      }
    }
    throw new IllegalArgumentException("a mode without a type: " + Integer.toOctalString(mode));
  }

  /** As people call it, such as {@code block device}. */
  public String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** The letter with which {@code ls -l} begins. */
  public char letter() {
    return letter;
  }
}
