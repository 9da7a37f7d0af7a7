package org.deferredsync.config;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A size as operators write it: a whole number of bytes, or of units of 1024, its powers. */
final class SizeText {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})([KMGTkmgt]?)");
  private static final String UNITS = "KMGT";

  private SizeText() {}

  /** The bytes that the text means, or nothing if it means none; blanks around it do not count. */
  static OptionalLong parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    String unit = matcher.group(2);
    int shift =
        unit.isEmpty() ? 0 : 10 * (UNITS.indexOf(Character.toUpperCase(unit.charAt(0))) + 1);
    return number > Long.MAX_VALUE >> shift
        ? OptionalLong.empty()
        : OptionalLong.of(number << shift);
  }
}
