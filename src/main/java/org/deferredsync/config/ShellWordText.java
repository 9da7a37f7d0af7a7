package org.deferredsync.config;

import org.jspecify.annotations.Nullable;

/** A value as it is written between double quotes, or in YAML, where these stand for themselves. */
final class ShellWordText {
  private static final String ESCAPED = "$`\\";

  private ShellWordText() {}

  /** The text that {@link ConfWords#quoted} reads as this word. */
  static String quoted(ShellWord word) {
    return text(word, ESCAPED);
  }

  private static String text(ShellWord word, String escaped) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < word.parts().size(); i++) {
      ShellWord.Part part = word.parts().get(i);
      if (part instanceof ShellWord.Literal literal) {
        literal
            .text()
            .chars()
            .forEach(c -> text.append(escaped.indexOf(c) >= 0 ? "\\" : "").append((char) c));
      } else if (part instanceof ShellWord.Name name) {
        text.append(name(name, i + 1 < word.parts().size() ? word.parts().get(i + 1) : null));
      } else if (part instanceof ShellWord.Home) {
        text.append("${HOME}");
      } else if (part instanceof ShellWord.Host host) {
        text.append(
            switch (host.form()) {
              case PLAIN -> "$(hostname)";
              case SHORT -> "$(hostname -s)";
              case FULL -> "$(hostname -f)";
            });
      } else if (part instanceof ShellWord.Date date) {
        text.append(date(date.format()));
      }
    }
    return text.toString();
  }

  private static String name(ShellWord.Name name, ShellWord.@Nullable Part next) {
    if (name.otherwise() != null) {
      return "${" + name.name() + ":-" + text(name.otherwise(), ESCAPED + "\"}") + "}";
    }
    boolean ends =
        next == null
            || (next instanceof ShellWord.Literal literal
                && !literal.text().substring(0, 1).matches("[A-Za-z0-9_]"));
    return ends ? "$" + name.name() : "${" + name.name() + "}";
  }

  private static String date(String format) {
    boolean plain = format.matches("[A-Za-z0-9%:/_.,-]*");
    return "$(date +" + (plain ? format : "'" + format.replace("'", "'\\''") + "'") + ")";
  }
}
