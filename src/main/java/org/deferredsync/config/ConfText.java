package org.deferredsync.config;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.deferredsync.logging.Printable;

/**
 * The text of a configuration file and the place where reading stands: one character of lookahead,
 * and the line of that character.
 */
final class ConfText {
  /** What {@link #peek} says at the end. */
  static final int END = -1;

  private static final int SHOWN = 40;

  private final String file;
  private final boolean oneLine;
  private final String text;
  private int at;
  private int line;

  private ConfText(String file, boolean oneLine, String text, int line) {
    this.file = file;
    this.oneLine = oneLine;
    this.text = text;
    this.line = line;
  }

  /**
   * The text of these bytes: without byte order mark, every CRLF read as LF; a byte that is not
   * valid UTF-8 becomes a low surrogate of its own, which {@link #isInvalid} tells.
   */
  static ConfText of(String file, byte[] bytes) {
    String text = decode(bytes);
    if (text.startsWith("\ufeff")) {
      text = text.substring(1);
    }
    text = text.replace("\r\n", "\n");
    if (text.endsWith("\r")) {
      text = text.substring(0, text.length() - 1);
    }
    return new ConfText(file, false, text, 1);
  }

  /** A value that stands at that place of another file, which errors are about, as a whole. */
  static ConfText at(String place, String text) {
    return new ConfText(place, true, text, 1);
  }

  private static String decode(byte[] bytes) {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (true) {
      var result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (0xdc00 + (in.get() & 0xff)));
      }
      decoder.reset();
    }
  }

  /** Other text that stands at this line of the same file. */
  ConfText within(String part, int firstLine) {
    return new ConfText(file, oneLine, part, firstLine);
  }

  /** The line of the next character, from 1. */
  int line() {
    return line;
  }

  /** The next character, after any backslash-newline, or {@link #END}. */
  int peek() {
    while (at + 1 < text.length() && text.charAt(at) == '\\' && text.charAt(at + 1) == '\n') {
      at += 2;
      line++;
    }
    return peekRaw();
  }

  /** The next character even if a backslash-newline stands there, or {@link #END}. */
  int peekRaw() {
    return at < text.length() ? text.charAt(at) : END;
  }

  /** Goes past the character that was peeked at and gives it. Not at the end. */
  char take() {
    char c = text.charAt(at++);
    if (c == '\n') {
      line++;
    }
    return c;
  }

  /** Whether the character taken last stands for a byte that is not valid UTF-8, or is NUL. */
  boolean isInvalid() {
    char c = text.charAt(at - 1);
    return c == 0
        || (Character.isLowSurrogate(c)
            && (at < 2 || !Character.isHighSurrogate(text.charAt(at - 2))));
  }

  void skipBlanks() {
    while (peek() == ' ' || peek() == '\t') {
      take();
    }
  }

  /** Goes to the end of this line, whatever stands there; a backslash does not continue it. */
  void skipComment() {
    while (peekRaw() != END && peekRaw() != '\n') {
      take();
    }
  }

  /** Takes a name of the shell (a letter or _, then letters, digits and _), perhaps none. */
  String takeName() {
    StringBuilder name = new StringBuilder();
    while (isNamePart(peek(), name.isEmpty())) {
      name.append(take());
    }
    return name.toString();
  }

  private static boolean isNamePart(int c, boolean first) {
    return c == '_'
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (!first && c >= '0' && c <= '9');
  }

  /** The rest of this line, without going there. */
  String restOfLine() {
    int end = text.indexOf('\n', at);
    return text.substring(at, end < 0 ? text.length() : end);
  }

  /** An error of that line: {@code FILE:LINE: WHAT}, or at the place that the text has. */
  SettingException error(int where, String what) {
    return new SettingException(file + (oneLine ? "" : ":" + where) + ": " + what);
  }

  /** Text of the file as it may be shown in one line: printable, and not too long. */
  static String shown(String part) {
    String shown = Printable.of(part);
    return shown.length() <= SHOWN ? shown : shown.substring(0, SHOWN) + "...";
  }
}
