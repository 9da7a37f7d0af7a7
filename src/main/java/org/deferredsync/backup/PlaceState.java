package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;

/**
 * Tells whether what lies at a place is what a version says: type, size, time, mode, owner,
 * extended attributes, the text of a link, and the bytes by their hash. What an ordinary user
 * cannot set makes no difference; it is said once.
 */
final class PlaceState {
  private final Posix posix;
  private final ContentReader reader;
  private final Unkept unkept;
  private final int user;

  PlaceState(Posix posix, ContentReader reader, Unkept unkept) {
    this.posix = posix;
    this.reader = reader;
    this.unkept = unkept;
    this.user = posix.effectiveUser();
  }

  /** Whether the object of this name is the version, bytes included; not if it is unreadable. */
  boolean is(int directory, byte[] name, Stat there, Found found, ExtendedAttributes attributes)
      throws IOException {
    try {
      return isReadably(directory, name, there, found, attributes);
    } catch (SourceException e) {
      return false; // it gives way to what can be read
    }
  }

  /** The same of one that was found or made to be it: not to be able to read it is an error. */
  boolean isStill(
      int directory, byte[] name, Stat there, Found found, ExtendedAttributes attributes)
      throws IOException {
    try {
      return isReadably(directory, name, there, found, attributes);
    } catch (SourceException e) {
      throw e.reason();
    }
  }

  private boolean isReadably(
      int directory, byte[] name, Stat there, Found found, ExtendedAttributes attributes)
      throws SourceException, IOException {
    Version version = found.version();
    if (!hasMetadata(there, version)) {
      return false;
    }
    boolean same =
        switch (version.type()) {
          case FILE -> there.size() == version.size() && hasBytes(directory, name, there, found);
          case SYMLINK ->
              java.util.Arrays.equals(posix.readLink(directory, name), version.linkTarget());
          case CHARACTER_DEVICE, BLOCK_DEVICE -> there.rdev() == version.rdev();
          default -> true;
        };
    same = same && hasAttributes(Metadata.attributes(posix, directory, name), attributes);
    if (same) {
      sayWhatStays(found.path(), there, version);
    }
    return same;
  }

  /** Whether the open directory has the metadata of the version. */
  boolean isDirectory(
      int directory, FilePath path, Stat there, Version version, ExtendedAttributes attributes)
      throws IOException {
    boolean same =
        hasMetadata(there, version)
            && hasAttributes(Metadata.attributes(posix, directory), attributes);
    if (same) {
      sayWhatStays(path, there, version);
    }
    return same;
  }

  /** Of what is left alone as it is: an ordinary user restores neither owner nor group in place. */
  private void sayWhatStays(FilePath path, Stat there, Version version) {
    if (there.uid() != version.uid()) {
      unkept.add("the owner", path, "that takes root");
    }
    if (there.gid() != version.gid()) {
      unkept.add("the group", path, "on what else is as it was, that takes root");
    }
  }

  private boolean hasMetadata(Stat there, Version version) {
    boolean owned =
        user == 0
            ? there.uid() == version.uid() && there.gid() == version.gid()
            : there.uid() == user;
    int possible = user == 0 || version.uid() == user ? 07777 : 01777;
    boolean mode =
        version.type() == FileType.SYMLINK
            || there.permissions() == (version.permissions() & possible);
    return there.type() == (version.mode() & Stat.TYPE_MASK)
        && owned
        && mode
        && there.mtimeNs() == version.mtimeNs();
  }

  private boolean hasBytes(int directory, byte[] name, Stat there, Found found)
      throws SourceException, IOException {
    ContentHash hash = found.hash();
    if (hash == null) {
      return false;
    }
    int file = SourceException.reading(() -> posix.openFile(directory, name));
    try {
      return posix.stat(file).sameObject(there) && reader.has(file, hash);
    } finally {
      posix.close(file);
    }
  }

  private boolean hasAttributes(ExtendedAttributes there, ExtendedAttributes wanted) {
    return settable(there).equals(settable(wanted));
  }

  private ExtendedAttributes settable(ExtendedAttributes all) {
    if (user == 0 || all.isEmpty()) {
      return all;
    }
    List<Attribute> own =
        all.list().stream()
            .filter(
                one -> {
                  String name = new String(one.name(), StandardCharsets.ISO_8859_1);
                  return name.startsWith("user.") || name.startsWith("system.posix_acl_");
                })
            .toList();
    return ExtendedAttributes.of(own);
  }
}
