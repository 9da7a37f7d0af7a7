package org.deferredsync.logging;

/**
 * Told of how far long work has come, one phase after the other. Whoever works calls it from any
 * thread as often as it likes: {@link #advance} takes no lock and writes nothing.
 */
public interface Progress {
  /** For a total that nobody knows beforehand. */
  long UNKNOWN = -1;

  /** Nobody is watching. */
  Progress NONE =
      new Progress() {
        @Override
        public void begin(Phase phase, long files, long bytes) {}

        @Override
        public void advance(long files, long bytes) {}

        @Override
        public void end() {}
      };

  /** What is being done. */
  enum Phase {
    SCAN,
    COPY,
    RESTORE,
    VERIFY,
    DUMP
  }

  /**
   * Begins a phase, and ends the one before.
   *
   * @param files how many entries there are to come, or {@link #UNKNOWN}
   * @param bytes how many bytes, or {@link #UNKNOWN}
   */
  void begin(Phase phase, long files, long bytes);

  /** So many more entries and bytes are done; bytes of a large file may come in parts. */
  void advance(long files, long bytes);

  /** Ends the phase under way, if any. */
  void end();
}
