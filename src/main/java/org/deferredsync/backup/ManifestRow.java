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
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * One line of a manifest, read as what somebody may have changed: nothing but plain absolute paths,
 * known types and numbers in their range gets through.
 */
sealed interface ManifestRow {
  /** The last byte of everything that {@link ManifestText} writes for a name that is the root's. */
  byte[] ROOT_NAME = {};

  /** How many bytes the operating system lets a name have. */
  int LONGEST_NAME = 255;

  /**
   * A version of a name; its {@code xattr} is never set.
   *
   * @param until the run that ended it, or 0 if it is current
   * @param evidence null for a past one
   */
  record Stored(
      FilePath path,
      long since,
      long until,
      Version version,
      ExtendedAttributes attributes,
      @Nullable ContentHash hash,
      @Nullable Evidence evidence)
      implements ManifestRow {}

  /** The current version became history at the run. */
  record Ended(FilePath path, long run) implements ManifestRow {}

  /** The current version went. */
  record Forgotten(FilePath path) implements ManifestRow {}

  /** The current version was seen with this. */
  record Seen(FilePath path, Evidence evidence) implements ManifestRow {}

  /** A name in an increment. */
  record Placed(
      long run,
      FilePath path,
      @Nullable Long content,
      @Nullable ContentHash hash,
      long size,
      boolean unknown)
      implements ManifestRow {}

  /** An operation of the batch. */
  record Pending(Operation operation) implements ManifestRow {}

  /** A run, without its sources. */
  record Began(long run, Instant started, @Nullable Instant ended, @Nullable String increment)
      implements ManifestRow {}

  /** One source in a run. */
  record Of(long run, RunSource source) implements ManifestRow {}

  /** A source is being removed. */
  record Removing(FilePath source) implements ManifestRow {}

  /** The batch of the manifest before this one. */
  record After(long batch) implements ManifestRow {}

  /** The last line. */
  record End(long rows) implements ManifestRow {}

  /** The directory whose row the entry is in. */
  static FilePath directoryOf(FilePath path) {
    FilePath parent = path.parent();
    return parent == null ? FilePath.ROOT : parent;
  }

  /** The name in that directory; empty for the root itself. */
  static byte[] nameOf(FilePath path) {
    return path.isRoot() ? ROOT_NAME : path.name();
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException if it is none that a run writes
   */
  static ManifestRow parse(byte[] line) {
    Fields fields = new Fields(line);
    ManifestRow row =
        switch (fields.word()) {
          case "+" -> stored(fields, false);
          case "past" -> stored(fields, true);
          case "end" -> new Ended(fields.path(), fields.id());
          case "forget" -> new Forgotten(fields.path());
          case "seen" -> new Seen(fields.path(), fields.evidence());
          case "place" ->
              new Placed(
                  fields.id(),
                  fields.path(),
                  fields.idOrNull(),
                  fields.hash(),
                  fields.count(),
                  fields.flag("unknown"));
          case "do" -> new Pending(fields.operation());
          case "run" ->
              new Began(fields.id(), fields.instant(), fields.instantOrNull(), fields.increment());
          case "source" -> new Of(fields.id(), fields.source());
          case "removing" -> new Removing(fields.path());
          case "after" -> new After(fields.count());
          case "rows" -> new End(fields.count());
          default -> throw new IllegalArgumentException("a row of an unknown kind");
        };
    fields.requireEnd();
    return row;
  }

  private static Stored stored(Fields fields, boolean past) {
    FilePath path = fields.path();
    if (!path.isRoot() && path.name().length > LONGEST_NAME) {
      throw new IllegalArgumentException("a name of " + path.name().length + " bytes");
    }
    long since = fields.id();
    long until = past ? fields.id() : 0;
    if (past && until <= since) {
      throw new IllegalArgumentException("a version that ended before it began");
    }
    int mode = fields.mode();
    int uid = fields.user();
    int gid = fields.user();
    long size = fields.count();
    long mtime = fields.time();
    long rdev = fields.number();
    byte[] target = fields.bytesOrNull();
    Long group = fields.idOrNull();
    ExtendedAttributes attributes = fields.attributes();
    Long content = fields.idOrNull();
    ContentHash hash = fields.hash();
    boolean inconsistent = fields.flag("inconsistent");
    FileType type = FileType.ofMode(mode);
    if ((type == FileType.FILE) != (content != null)
        || (content == null) != (hash == null)
        || (type == FileType.SYMLINK) != (target != null)) {
      throw new IllegalArgumentException("a " + type.words() + " with what it cannot have");
    }
    Version version =
        new Version(mode, uid, gid, size, mtime, rdev, target, group, null, content, inconsistent);
    return new Stored(
        path, since, until, version, attributes, hash, past ? null : fields.evidence());
  }

  /** The fields of one line, taken one after the other. */
  final class Fields {
    private final byte[] line;
    private int position;

    private Fields(byte[] line) {
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

    private void requireEnd() {
      if (position <= line.length) {
        throw new IllegalArgumentException("a row with a field too many");
      }
    }

    private String word() {
      return new String(raw(), StandardCharsets.ISO_8859_1);
    }

    private boolean flag(String set) {
      String word = word();
      if (!word.equals("-") && !word.equals(set)) {
        throw new IllegalArgumentException("a row with a wrong flag");
      }
      return word.equals(set);
    }

    private long number() {
      return Long.parseLong(word());
    }

    private long count() {
      return atLeast(0, number());
    }

    private long id() {
      return atLeast(1, number());
    }

    private @Nullable Long idOrNull() {
      String word = word();
      return word.equals("-") ? null : atLeast(1, Long.parseLong(word));
    }

    private static long atLeast(long least, long number) {
      if (number < least) {
        throw new IllegalArgumentException("a number below " + least);
      }
      return number;
    }

    private int user() {
      return Integer.parseUnsignedInt(word());
    }

    private int mode() {
      int mode = Integer.parseInt(word(), 8);
      FileType.ofMode(mode); // or it is none
      return mode;
    }

    private long time() {
      String word = word();
      int dot = word.indexOf('.');
      if (dot < 0 || word.length() - dot != 10) {
        throw new IllegalArgumentException("a row with a wrong time");
      }
      String digits = word.substring(0, dot) + word.substring(dot + 1);
      return Long.parseLong(digits);
    }

    private Instant instant() {
      long ns = time();
      return Instant.ofEpochSecond(
          Math.floorDiv(ns, 1_000_000_000L), Math.floorMod(ns, 1_000_000_000L));
    }

    private @Nullable Instant instantOrNull() {
      if (position < line.length && line[position] == '-' && isLastOf(position)) {
        word();
        return null;
      }
      return instant();
    }

    private boolean isLastOf(int index) {
      return index + 1 == line.length || line[index + 1] == ' ';
    }

    private FilePath path() {
      return FilePath.of(unescape(raw()));
    }

    private byte @Nullable [] bytesOrNull() {
      byte[] raw = raw();
      return raw.length == 1 && raw[0] == '-' ? null : unescape(raw);
    }

    private @Nullable ContentHash hash() {
      String word = word();
      return word.equals("-") ? null : new ContentHash(HexFormat.of().parseHex(word));
    }

    private @Nullable String increment() {
      String word = word();
      if (word.equals("-")) {
        return null;
      }
      return IncrementName.parse(word)
          .orElseThrow(() -> new IllegalArgumentException("a row with a wrong increment"))
          .toString();
    }

    private ExtendedAttributes attributes() {
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

    private Evidence evidence() {
      long ctime = time();
      long inode = number();
      int nlink = Math.toIntExact(count());
      boolean racy = flag("racy");
      return new Evidence(ctime, inode, nlink, racy, flag("mount"));
    }

    private Operation operation() {
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

    private RunSource source() {
      FilePath path = path();
      SourceState state = SourceState.ofWord(word());
      boolean expired = flag("expired");
      Counts counts =
          new Counts(
              count(), count(), count(), count(), count(), count(), count(), count(), count());
      Turnover turnover = new Turnover(count(), count());
      List<Hold> holds = holds();
      byte[] reason = unescape(raw());
      return new RunSource(
          path,
          state,
          new String(reason, StandardCharsets.UTF_8),
          counts,
          expired,
          turnover,
          holds);
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
}
