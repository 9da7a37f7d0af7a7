package org.deferredsync.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments as the bytes that they were given as, where the JVM has only text that cannot hold
 * every file name. Read on Linux from /proc/self/cmdline, see proc(5); elsewhere the text's UTF-8.
 */
final class RawArguments {
  private final List<String> texts;
  private final List<byte[]> raw;
  private final boolean[] taken;

  /**
   * @param arguments those of {@code main}, all of them
   */
  RawArguments(String[] arguments) {
    this(arguments, commandLine());
  }

  RawArguments(String[] arguments, byte[] commandLine) {
    this.texts = List.of(arguments);
    this.raw = last(split(commandLine), arguments.length);
    this.taken = new boolean[arguments.length];
  }

  private static byte[] commandLine() {
    try {
      return Files.readAllBytes(Path.of("/proc/self/cmdline"));
    } catch (IOException e) {
      // No /proc: the text is all there is.
      return new byte[0];
    }
  }

  private static List<byte[]> split(byte[] commandLine) {
    List<byte[]> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        parts.add(Arrays.copyOfRange(commandLine, start, i));
        start = i + 1;
      }
    }
    return parts;
  }

  private static List<byte[]> last(List<byte[]> parts, int count) {
    return parts.size() < count ? List.of() : parts.subList(parts.size() - count, parts.size());
  }

  /**
   * The bytes of an argument or of the value of a {@code --name=value}. Different bytes may have
   * the same text, so each occurrence is given once, in the order of the command line; asking for
   * all of them in that order gives all of them right.
   */
  byte[] take(String text) {
    for (int i = 0; i < raw.size(); i++) {
      if (!taken[i] && texts.get(i).equals(text)) {
        taken[i] = true;
        return raw.get(i);
      }
    }
    for (int i = 0; i < raw.size(); i++) {
      if (!taken[i] && texts.get(i).startsWith("--") && texts.get(i).endsWith("=" + text)) {
        taken[i] = true;
        return afterEquals(raw.get(i));
      }
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] afterEquals(byte[] option) {
    int equals = 0;
    while (option[equals] != '=') {
      equals++;
    }
    return Arrays.copyOfRange(option, equals + 1, option.length);
  }
}
