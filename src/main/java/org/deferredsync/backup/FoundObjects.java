package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.InodeNumbers;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Objects of mirror and increments as versions: what has one inode is one content, which is hashed
 * once, or one link group, whatever names it has.
 */
final class FoundObjects implements AutoCloseable {
  private final Posix posix;
  private final Catalogue catalogue;
  private final ContentDigest digest;
  private final FileCopy reading;
  private final Progress progress;
  private final InodeNumbers contentOf = InodeNumbers.open();
  private final InodeNumbers groupOf = InodeNumbers.open();
  private long lastContent;
  private long lastGroup;

  /**
   * @param lastRun the latest run that the objects may be of
   */
  FoundObjects(Engine engine, Catalogue catalogue, long lastRun) throws IOException {
    this.posix = engine.posix();
    this.catalogue = catalogue;
    this.digest = ContentDigest.beside();
    this.reading = new FileCopy(posix, engine.clock(), engine.progress(), digest);
    this.progress = engine.progress();
    this.lastContent = catalogue.contents().lastId();
    // A run takes its own id times 2^32 for its groups: these are in between.
    this.lastGroup = (lastRun << 32) + (1L << 31);
  }

  /** What lies at the path; the bytes of a regular file become a content of the catalogue. */
  Version version(DirectoryTree tree, FilePath path, Stat stat) throws IOException {
    return version(tree, path, stat, stat.isRegular() ? contentOf(tree, path, stat) : null);
  }

  /** The same where the content is known. */
  Version version(DirectoryTree tree, FilePath path, Stat stat, @Nullable Long content)
      throws IOException {
    Long group = stat.isRegular() || stat.isDirectory() || stat.nlink() < 2 ? null : groupOf(stat);
    int parent = tree.open(path.above());
    byte[] link = stat.isSymlink() ? posix.readLink(parent, path.name()) : null;
    ExtendedAttributes attributes = Metadata.attributes(posix, parent, path.name());
    return Versions.of(stat, link, group, content, false)
        .withXattr(catalogue.xattrs().idOf(attributes));
  }

  private long groupOf(Stat stat) throws IOException {
    Optional<Long> known = groupOf.find(stat.inode());
    if (known.isPresent()) {
      return known.get();
    }
    groupOf.set(stat.inode(), ++lastGroup);
    return lastGroup;
  }

  private long contentOf(DirectoryTree tree, FilePath path, Stat stat) throws IOException {
    if (stat.nlink() > 1) {
      Optional<Long> known = contentOf.find(stat.inode());
      if (known.isPresent()) {
        return known.get();
      }
    }
    ContentHash hash = hash(tree, path);
    progress.advance(1, 0);
    catalogue.contents().add(++lastContent, hash, stat.size(), 0);
    if (stat.nlink() > 1) {
      contentOf.set(stat.inode(), lastContent);
    }
    return lastContent;
  }

  private ContentHash hash(DirectoryTree tree, FilePath path) throws IOException {
    int file = posix.openFile(tree.open(path.above()), path.name());
    try {
      return reading.read(file, -1).hash();
    } catch (SourceException e) {
      throw new IOException(
          path + ": " + e.getMessage() + "; rebuild again when it can be read", e);
    } finally {
      posix.close(file);
    }
  }

  /** Whether an object is the stored one; the bytes decide where the time does not. */
  boolean isStored(DirectoryTree tree, FilePath path, Stat there, Version version)
      throws IOException {
    if (FileType.ofMode(there.mode()) != version.type()) {
      return false;
    }
    return switch (version.type()) {
      case FILE ->
          there.size() == version.size()
              && version.content() != null
              && (there.mtimeNs() == version.mtimeNs()
                  || isContent(version.content(), hash(tree, path)));
      case SYMLINK ->
          Arrays.equals(version.linkTarget(), posix.readLink(tree.open(path.above()), path.name()));
      default -> true;
    };
  }

  private boolean isContent(long content, ContentHash hash) throws IOException {
    return catalogue.contents().find(content).orElseThrow().hash().equals(hash);
  }

  @Override
  public void close() throws IOException {
    digest.close();
    contentOf.close();
    groupOf.close();
  }
}
