package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.logging.Printable;

/**
 * What a source leaves out for what it is, whatever it is called: what other file systems hold,
 * caches, what lies beside a marker, and large files. All of it is off unless it is set.
 *
 * @param oneFileSystem of what is mounted in the source only the empty directory is kept
 * @param caches of a directory with a valid CACHEDIR.TAG only that tag is kept
 * @param markers of a directory that has one of these names only these are kept
 * @param largest regular files of more bytes are left out; {@link #UNLIMITED} for none
 */
public record Omissions(boolean oneFileSystem, boolean caches, List<String> markers, long largest) {
  public static final long UNLIMITED = Long.MAX_VALUE;

  public static final Omissions NONE = new Omissions(false, false, List.of(), UNLIMITED);

  public Omissions {
    markers = List.copyOf(markers);
    if (markers.stream().anyMatch(name -> name.isEmpty() || name.indexOf('/') >= 0)) {
      throw new IllegalArgumentException("a marker is the name of a file");
    }
    if (largest < 0) {
      throw new IllegalArgumentException("a file has at least 0 bytes");
    }
  }

  /** All that is set, in words; empty if nothing is. */
  public String describe() {
    List<String> parts = new ArrayList<>();
    if (oneFileSystem) {
      parts.add("what is mounted in it");
    }
    if (caches) {
      parts.add("caches");
    }
    for (String marker : markers) {
      parts.add("what is beside " + Printable.of(marker));
    }
    if (largest != UNLIMITED) {
      parts.add("files of more than " + Sizes.text(largest));
    }
    return String.join(", ", parts);
  }

  /** Stands for the rules and these together: it is the rules' own where nothing is set. */
  byte[] fingerprint(byte[] rules) {
    if (equals(NONE)) {
      return rules;
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(rules);
    all.write(oneFileSystem ? 1 : 0);
    all.write(caches ? 1 : 0);
    all.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(0, largest).array());
    for (String marker : markers) {
      all.writeBytes(marker.getBytes(StandardCharsets.UTF_8));
      all.write(0);
    }
    return all.toByteArray();
  }
}
