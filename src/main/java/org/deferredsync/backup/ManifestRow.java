package org.deferredsync.backup;

import java.time.Instant;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * One line of a manifest, read as what somebody may have changed: nothing but plain absolute paths,
 * known types and numbers in their range gets through.
 */
sealed interface ManifestRow {
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

  /**
   * The last batch, and whether those behind it delete what has expired, of which no manifest
   * tells.
   */
  record Reached(long batch, boolean deleting) implements ManifestRow {}

  /** The last line. */
  record End(long rows) implements ManifestRow {}

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException if it is none that a run writes
   */
  static ManifestRow parse(byte[] line) {
    ManifestFields fields = new ManifestFields(line);
    ManifestRow row =
        switch (fields.word()) {
          case "+" -> stored(fields, false);
          case "past" -> stored(fields, true);
          case "end" -> new Ended(fields.entry(), fields.id());
          case "forget" -> new Forgotten(fields.entry());
          case "seen" -> new Seen(fields.entry(), fields.evidence());
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
          case "generation" -> new Reached(fields.count(), fields.flag("deleting"));
          case "rows" -> new End(fields.count());
          default -> throw new IllegalArgumentException("a row of an unknown kind");
        };
    fields.requireEnd();
    return row;
  }

  private static Stored stored(ManifestFields fields, boolean past) {
    FilePath path = fields.entry();
    if (path.name().length > LONGEST_NAME) {
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
}
