package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one line of a manifest, taken one after the other: each is what it is said to be,
 * and in its range, or the line is refused.
 */
final class ManifestFields {
  private final byte[] line;
  private int position;

  ManifestFields(byte[] line) {
    this.line = line;
  }

  private byte[] raw() {
    if (position > line.length) {
      throw new IllegalArgumentException("a row that ends too early");
    }
    int end = position;
    while (end < line.length && line[end] != ' ') {
      end++;
    }
    byte[] field = Arrays.copyOfRange(line, position, end);
    position = end + 1;
    if (field.length == 0) {
      throw new IllegalArgumentException("a row with an empty field");
    }
    return field;
  }

  void requireEnd() {
    if (position <= line.length) {
      throw new IllegalArgumentException("a row with a field too many");
    }
  }

  String word() {
    return new String(raw(), StandardCharsets.ISO_8859_1);
  }

  boolean flag(String set) {
    String word = word();
    if (!word.equals("-") && !word.equals(set)) {
      throw new IllegalArgumentException("a row with a wrong flag");
    }
    return word.equals(set);
  }

  long number() {
    return Long.parseLong(word());
  }

  long count() {
    return atLeast(0, number());
  }

  long id() {
    return atLeast(1, number());
  }

  @Nullable Long idOrNull() {
    String word = word();
    return word.equals("-") ? null : atLeast(1, Long.parseLong(word));
  }

  private static long atLeast(long least, long number) {
    if (number < least) {
      throw new IllegalArgumentException("a number below " + least);
    }
    return number;
  }

  int user() {
    return Integer.parseUnsignedInt(word());
  }

  int mode() {
    int mode = Integer.parseInt(word(), 8);
    FileType.ofMode(mode); // or it is none
    return mode;
  }

  long time() {
    String word = word();
    int dot = word.indexOf('.');
    if (dot < 0 || word.length() - dot != 10) {
      throw new IllegalArgumentException("a row with a wrong time");
    }
    String digits = word.substring(0, dot) + word.substring(dot + 1);
    return Long.parseLong(digits);
  }

  Instant instant() {
    long ns = time();
    return Instant.ofEpochSecond(
        Math.floorDiv(ns, 1_000_000_000L), Math.floorMod(ns, 1_000_000_000L));
  }

  @Nullable Instant instantOrNull() {
    if (position < line.length && line[position] == '-' && isLastOf(position)) {
      word();
      return null;
    }
    return instant();
  }

  private boolean isLastOf(int index) {
    return index + 1 == line.length || line[index + 1] == ' ';
  }

  FilePath path() {
    return FilePath.of(unescape(raw()));
  }

  /** The path of what has a row: the root has none. */
  FilePath entry() {
    FilePath path = path();
    if (path.isRoot()) {
      throw new IllegalArgumentException("a row of the root");
    }
    return path;
  }

  byte @Nullable [] bytesOrNull() {
    byte[] raw = raw();
    return raw.length == 1 && raw[0] == '-' ? null : unescape(raw);
  }

  @Nullable ContentHash hash() {
    String word = word();
    return word.equals("-") ? null : new ContentHash(HexFormat.of().parseHex(word));
  }

  @Nullable String increment() {
    String word = word();
    if (word.equals("-")) {
      return null;
    }
    return IncrementName.parse(word)
        .orElseThrow(() -> new IllegalArgumentException("a row with a wrong increment"))
        .toString();
  }

  ExtendedAttributes attributes() {
    byte[] raw = raw();
    if (raw.length == 1 && raw[0] == '-') {
      return ExtendedAttributes.NONE;
    }
    List<Attribute> attributes = new ArrayList<>();
    for (byte[] one : split(raw, (byte) ',')) {
      List<byte[]> parts = split(one, (byte) '=');
      if (parts.size() != 2) {
        throw new IllegalArgumentException("a row with a wrong attribute");
      }
      attributes.add(new Attribute(unescape(parts.get(0)), unescape(parts.get(1))));
    }
    return ExtendedAttributes.of(attributes);
  }

  Evidence evidence() {
    long ctime = time();
    long inode = number();
    int nlink = Math.toIntExact(count());
    boolean racy = flag("racy");
    return new Evidence(ctime, inode, nlink, racy, flag("mount"));
  }

  Operation operation() {
    long batch = id();
    long run = count();
    Kind kind = Kind.valueOf(word().toUpperCase(Locale.ROOT));
    String staged = word();
    if (!staged.matches("[0-9a-z-]+")) {
      throw new IllegalArgumentException("a row with a wrong name in staging");
    }
    FilePath path = path();
    return new Operation(batch, run, kind, staged.equals("-") ? null : staged, path, number());
  }

  RunSource source() {
    FilePath path = path();
    SourceState state = SourceState.ofWord(word());
    boolean expired = flag("expired");
    Counts counts =
        new Counts(count(), count(), count(), count(), count(), count(), count(), count(), count());
    Turnover turnover = new Turnover(count(), count());
    List<Hold> holds = holds();
    byte[] reason = unescape(raw());
    return new RunSource(
        path, state, new String(reason, StandardCharsets.UTF_8), counts, expired, turnover, holds);
  }

  private List<Hold> holds() {
    byte[] raw = raw();
    List<Hold> holds = new ArrayList<>();
    if (raw.length == 1 && raw[0] == '-') {
      return holds;
    }
    for (byte[] one : split(raw, (byte) ',')) {
      List<byte[]> parts = split(one, (byte) '=');
      if (parts.size() < 3) {
        throw new IllegalArgumentException("a row with a wrong hold");
      }
      List<FilePath> mounts = new ArrayList<>();
      parts.subList(3, parts.size()).forEach(mount -> mounts.add(FilePath.of(unescape(mount))));
      holds.add(
          new Hold(
              Hold.Kind.ofWord(ascii(parts.get(0))),
              Long.parseUnsignedLong(ascii(parts.get(1))),
              Long.parseUnsignedLong(ascii(parts.get(2))),
              mounts));
    }
    return holds;
  }

  private static String ascii(byte[] escaped) {
    return new String(unescape(escaped), StandardCharsets.US_ASCII);
  }

  private static List<byte[]> split(byte[] bytes, byte at) {
    List<byte[]> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == at) {
        parts.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    return parts;
  }

  private static byte[] unescape(byte[] text) {
    if (text.length == 2 && text[0] == '"' && text[1] == '"') {
      return new byte[0];
    }
    ByteArrayOutputStream plain = new ByteArrayOutputStream(text.length);
    for (int i = 0; i < text.length; i++) {
      if (text[i] == '%') {
        if (i + 2 >= text.length) {
          throw new IllegalArgumentException("a row with half an escape");
        }
        plain.write(
            HexFormat.fromHexDigits(new String(text, i + 1, 2, StandardCharsets.ISO_8859_1)));
        i += 2;
      } else {
        plain.write(text[i]);
      }
    }
    return plain.toByteArray();
  }
}
