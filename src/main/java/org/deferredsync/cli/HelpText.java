package org.deferredsync.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What {@code --help} prints, kept ready: building every command to list it takes longer than all
 * else. A test compares it with what the commands say.
 */
final class HelpText {
  /** Stands for ESC in the file, which is to be readable. */
  static final char ESCAPE = '\u241b';

  private static final Pattern COLOUR = Pattern.compile(ESCAPE + "\\[[0-9;]*m");

  private HelpText() {}

  static String read(boolean coloured) throws IOException {
    try (InputStream in = HelpText.class.getResourceAsStream("help.txt")) {
      if (in == null) {
        throw new IOException("help.txt is not in the program; install it again");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return coloured ? text.replace(ESCAPE, '\u001b') : COLOUR.matcher(text).replaceAll("");
    }
  }
}
