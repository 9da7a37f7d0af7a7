package org.deferredsync.backup;

import java.io.IOException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.ContentFinder.Candidate;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.slf4j.Logger;

/**
 * Hands out the bytes of a regular file of a snapshot. A file of ours is read to its end and its
 * hash compared before the first byte is handed out, and hashed once more meanwhile: whoever takes
 * the bytes gets the right ones, or none, or is told at the end.
 */
public final class CheckedFile {
  private static final int BUFFER = 256 << 10;

  private final Snapshot snapshot;
  private final Posix posix;
  private final FileCopy copy;
  private final Logger log;

  public CheckedFile(Snapshot snapshot, Clock clock, Logger log) {
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.copy = new FileCopy(posix, clock);
    this.log = log;
  }

  /** Takes the next {@code length} bytes, from the beginning of the buffer. */
  public interface Sink {
    void take(byte[] buffer, int length) throws IOException;
  }

  /**
   * All bytes of the file.
   *
   * @throws BackupException if the path is no regular file of the snapshot, or its bytes are not in
   *     the target; then nothing was handed out, unless the message says that it was
   */
  public void read(FilePath path, Sink sink) throws BackupException, IOException {
    Content content = content(path);
    List<String> tried = new ArrayList<>();
    try (ContentFinder finder = snapshot.contents()) {
      // A second time, since a run may just have moved it.
      if (handOut(path, finder.candidates(content.id()), content.hash(), sink, tried)
          || handOut(path, finder.candidatesNow(content.id()), content.hash(), sink, tried)) {
        return;
      }
    }
    throw BackupException.failure(
        path
            + ": no file in the target has its bytes (SHA-256 "
            + content.hash()
            + "); looked at "
            + String.join(", ", tried.stream().distinct().toList())
            + "; \"deferred-sync history "
            + path
            + "\" shows other versions");
  }

  private Content content(FilePath path) throws BackupException, IOException {
    Optional<Node> node = snapshot.find(path);
    if (node.isEmpty()) {
      throw snapshot.missing(path);
    }
    Version version = node.get().version();
    if (version == null || version.type() != FileType.FILE) {
      throw BackupException.failure(
          path
              + ": no regular file but a "
              + node.get().type().words()
              + "; use \"deferred-sync ls\" or \"deferred-sync restore\"");
    }
    Long id = version.content();
    Optional<Content> content =
        id == null ? Optional.empty() : snapshot.reader().catalogue().contents().find(id);
    return content.orElseThrow(
        () -> BackupException.failure(path + ": the catalogue has no content for it"));
  }

  private boolean handOut(
      FilePath path, List<Candidate> candidates, ContentHash hash, Sink sink, List<String> tried)
      throws BackupException, IOException {
    for (Candidate candidate : candidates) {
      if (handOut(path, candidate, hash, sink)) {
        return true;
      }
      tried.add(candidate.name());
    }
    return false;
  }

  private boolean handOut(FilePath path, Candidate candidate, ContentHash hash, Sink sink)
      throws BackupException, IOException {
    int from;
    try {
      from = candidate.open();
    } catch (PosixException e) {
      return false; // absent, or no file any more: another place may have it
    }
    try {
      if (!posix.stat(from).isRegular() || !copy.read(from, -1).hash().equals(hash)) {
        return false;
      }
      if (!handOut(from, sink).equals(hash)) {
        throw BackupException.failure(
            path
                + ": "
                + candidate.name()
                + " changed while it was printed; do not trust what was printed, try again");
      }
      return true;
    } catch (SourceException e) {
      log.warn("{}: {}", candidate.name(), e.reason().getMessage());
      return false;
    } finally {
      posix.close(from);
    }
  }

  private ContentHash handOut(int from, Sink sink) throws IOException {
    MessageDigest digest = Hashing.sha256();
    byte[] buffer = new byte[BUFFER];
    posix.seek(from, 0);
    for (int n; (n = posix.read(from, buffer, 0, buffer.length)) > 0; ) {
      digest.update(buffer, 0, n);
      sink.take(buffer, n);
    }
    return new ContentHash(digest.digest());
  }
}
