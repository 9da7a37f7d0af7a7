package org.deferredsync.cli;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Writes one JSON text (RFC 8259) as it comes, without holding it. Calls in an order that no JSON
 * text has are refused. Unpaired surrogates are written as U+FFFD, so that the text is always valid
 * UTF-8.
 */
final class JsonWriter implements AutoCloseable {
  private enum Place {
    ARRAY,
    OBJECT
  }

  private final PrintStream out;
  private final Deque<Place> open = new ArrayDeque<>();
  private boolean first = true;
  private boolean named;
  private boolean done;

  JsonWriter(PrintStream out) {
    this.out = out;
  }

  JsonWriter beginArray() {
    return begin(Place.ARRAY, '[');
  }

  JsonWriter endArray() {
    return end(Place.ARRAY, ']');
  }

  JsonWriter beginObject() {
    return begin(Place.OBJECT, '{');
  }

  JsonWriter endObject() {
    return end(Place.OBJECT, '}');
  }

  private JsonWriter begin(Place place, char bracket) {
    beforeValue();
    out.print(bracket);
    open.push(place);
    first = true;
    return this;
  }

  private JsonWriter end(Place place, char bracket) {
    if (open.peek() != place || named) {
      throw new IllegalStateException("nothing to end with " + bracket);
    }
    open.pop();
    if (!first && open.isEmpty()) {
      out.print('\n');
    }
    out.print(bracket);
    first = false;
    done = open.isEmpty();
    return this;
  }

  /** The name of the next value of an object. */
  JsonWriter name(String name) {
    if (open.peek() != Place.OBJECT || named) {
      throw new IllegalStateException("a name where none can be: " + name);
    }
    separate();
    string(name);
    out.print(':');
    named = true;
    return this;
  }

  JsonWriter value(String text) {
    beforeValue();
    string(text);
    return afterValue();
  }

  JsonWriter value(long number) {
    beforeValue();
    out.print(number);
    return afterValue();
  }

  JsonWriter value(boolean flag) {
    beforeValue();
    out.print(flag);
    return afterValue();
  }

  JsonWriter nullValue() {
    beforeValue();
    out.print("null");
    return afterValue();
  }

  JsonWriter member(String name, String text) {
    return name(name).value(text);
  }

  JsonWriter member(String name, long number) {
    return name(name).value(number);
  }

  JsonWriter member(String name, boolean flag) {
    return name(name).value(flag);
  }

  private void beforeValue() {
    if (done || (open.peek() == Place.OBJECT && !named)) {
      throw new IllegalStateException("a value where none can be");
    }
    if (!named && !open.isEmpty()) {
      separate();
    }
    named = false;
  }

  private JsonWriter afterValue() {
    first = false;
    done = open.isEmpty();
    return this;
  }

  /** The elements of the outermost array or object stand on lines of their own. */
  private void separate() {
    if (!first) {
      out.print(',');
    }
    if (open.size() == 1) {
      out.print('\n');
    }
    first = false;
  }

  private void string(String text) {
    out.print('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.print("\\\"");
        case '\\' -> out.print("\\\\");
        case '\n' -> out.print("\\n");
        case '\r' -> out.print("\\r");
        case '\t' -> out.print("\\t");
        default -> i = character(text, i, c);
      }
    }
    out.print('"');
  }

  private int character(String text, int i, char c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '\u2028' || c == '\u2029') {
      out.print(String.format(Locale.ROOT, "\\u%04x", (int) c));
    } else if (Character.isHighSurrogate(c)
        && i + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(i + 1))) {
      out.print(text.substring(i, i + 2));
      return i + 1;
    } else {
      out.print(Character.isSurrogate(c) ? '\ufffd' : c);
    }
    return i;
  }

  /** Ends the text with a newline. */
  @Override
  public void close() {
    out.print('\n');
    out.flush();
  }
}
