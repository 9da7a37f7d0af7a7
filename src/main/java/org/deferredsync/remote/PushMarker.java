package org.deferredsync.remote;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What stands in a copy on another host about what it is: the base of the next push.
 *
 * @param target the id of the target that it is a copy of
 * @param journal what {@code seq} belongs to
 * @param generation of the mirror that was sent
 * @param seq the change up to which everything is there, and nothing that is no more
 * @param comparedSeconds when everything was compared last, in seconds since 1970; 0 if never
 */
public record PushMarker(
    String target, String journal, long generation, long seq, long comparedSeconds) {
  /** The number of a copy of which is not known what it lacks. */
  static final long UNKNOWN = -1;

  /** The name of its file, in the directory of ours. */
  static final String FILE = "pushed";

  public PushMarker {
    if (!target.matches("[0-9A-Za-z-]{1,64}") || !journal.matches("[0-9a-f]{0,64}")) {
      throw new IllegalArgumentException("no marker of a push: " + target + " " + journal);
    }
  }

  /** Reads the text of the file. */
  static Optional<PushMarker> parse(String text) {
    Map<String, String> values = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", 2);
      if (words.length == 2) {
        values.put(words[0], words[1]);
      }
    }
    try {
      return Optional.of(
          new PushMarker(
              values.getOrDefault("target", ""),
              values.getOrDefault("journal", ""),
              Long.parseLong(values.getOrDefault("generation", "")),
              Long.parseLong(values.getOrDefault("seq", "")),
              Long.parseLong(values.getOrDefault("compared", ""))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  String text() {
    return "target "
        + target
        + "\njournal "
        + journal
        + "\ngeneration "
        + generation
        + "\nseq "
        + seq
        + "\ncompared "
        + comparedSeconds
        + "\n";
  }
}
