package org.deferredsync.logging;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Text that can neither forge a log line nor drive a terminal: C0 and C1 controls, DEL and bytes
 * that are not valid UTF-8 are written as {@code \xNN}, everything else stays as it is.
 */
public final class Printable {
  private Printable() {}

  /** The bytes read as UTF-8; what is not valid UTF-8 appears byte by byte as {@code \xNN}. */
  public static String of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  /** The same for {@code length} bytes from {@code offset}. */
  public static String of(byte[] bytes, int offset, int length) {
    if (isPlainAscii(bytes, offset, length)) {
      return new String(bytes, offset, length, StandardCharsets.US_ASCII);
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
    CharBuffer out = CharBuffer.allocate(length);
    StringBuilder text = new StringBuilder(length + 8);
    while (true) {
      var result = decoder.decode(in, out, true);
      appendPrintable(text, out.flip());
      out.clear();
      if (!result.isError()) {
        return text.toString();
      }
      for (int i = 0; i < result.length(); i++) {
        appendHex(text, in.get() & 0xff);
      }
      decoder.reset();
    }
  }

  /**
   * The text with every control character as {@code \xNN} (its UTF-8 bytes for C1), unpaired
   * surrogates as '?'.
   */
  public static String of(String text) {
    StringBuilder result = new StringBuilder(text.length());
    appendPrintable(result, CharBuffer.wrap(text));
    return result.toString();
  }

  private static boolean isPlainAscii(byte[] bytes, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
        return false;
      }
    }
    return true;
  }

  private static void appendPrintable(StringBuilder text, CharBuffer chars) {
    for (int i = 0; i < chars.length(); i++) {
      char c = chars.charAt(i);
      if (c < 0x20 || c == 0x7f) {
        appendHex(text, c);
      } else if (c >= 0x80 && c < 0xa0) {
        appendHex(text, 0xc2);
        appendHex(text, c);
      } else if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < chars.length()
                && Character.isLowSurrogate(chars.charAt(i + 1));
        if (pair) {
          text.append(c).append(chars.charAt(++i));
        } else {
          text.append('?');
        }
      } else {
        text.append(c);
      }
    }
  }

  private static void appendHex(StringBuilder text, int value) {
    text.append(String.format(Locale.ROOT, "\\x%02x", value));
  }
}
