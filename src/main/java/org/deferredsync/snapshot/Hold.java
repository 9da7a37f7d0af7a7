package org.deferredsync.snapshot;

import java.util.List;
import java.util.Locale;

/**
 * Why a run did not believe a source, with the figures by which it judged. What is recorded so can
 * be released by the operator, once and up to these figures.
 *
 * @param count how many entries are gone, or out of sight in {@code mounts}; for changed contents
 *     how many files have other bytes
 * @param of how many there had been
 * @param mounts what is not mounted and can be released, the source itself if it is that; empty for
 *     other kinds
 */
public record Hold(Kind kind, long count, long of, List<FilePath> mounts) {
  public Hold {
    mounts = List.copyOf(mounts);
  }

  public Hold(Kind kind, long count, long of) {
    this(kind, count, of, List.of());
  }

  /** What is wrong with the source. */
  public enum Kind {
    /** It is not there, or is no directory. */
    MISSING,
    /** It, or a directory in it, was or has to be a mount and is none now. */
    UNMOUNTED,
    /** It is empty and was not. */
    EMPTY,
    /** Too much of it is gone. */
    LOST,
    /** Too many of its files have other bytes; it was backed up nevertheless. */
    CONTENT_CHANGED;

    /** The word for it in the catalogue and JSON. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The kind with this word.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Kind ofWord(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }
}
