package org.deferredsync.plugin.dump;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a dump is called: the name of what it holds and its kind of text, such as {@code app} and
 * {@code .sql}. One that can be a file of the dump directory, and nothing else.
 *
 * @param file what the file is called; empty where the compression decides
 */
record DumpName(String stem, String suffix, String file) {
  /** Leaves room for suffixes in a name of 255 bytes. */
  private static final int LONGEST = 200;

  DumpName {
    if (complaint(stem).isPresent()) {
      throw new IllegalArgumentException(stem);
    }
  }

  DumpName(String stem, String suffix) {
    this(stem, suffix, "");
  }

  /** Why no dump can be called so; nothing if it can. */
  static Optional<String> complaint(String stem) {
    if (stem.isEmpty()) {
      return Optional.of("is empty");
    } else if (stem.startsWith("-")) {
      return Optional.of("begins with - and would be an option");
    } else if (stem.startsWith(".")) {
      return Optional.of("begins with a dot");
    } else if (stem.indexOf('/') >= 0) {
      return Optional.of("has a / in it and would be elsewhere");
    } else if (stem.codePoints().anyMatch(Character::isISOControl)) {
      return Optional.of("has a control character in it");
    } else if (stem.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      return Optional.of("has more than " + LONGEST + " bytes");
    }
    return Optional.empty();
  }

  /** What the contents would be called without compression. */
  String contents() {
    return stem + suffix;
  }

  /** The name of the file. */
  String file(Compression compression) {
    if (!file.isEmpty()) {
      return file;
    }
    return compression == Compression.ZIP
        ? stem + Compression.ZIP.suffix()
        : contents() + compression.suffix();
  }
}
