package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.util.Optional;
import org.deferredsync.plugin.PluginException;

/**
 * A dump to be made.
 *
 * @param contents follows what the source writes
 * @param check looks again at what was written
 * @param mark where the next one has to go on, for dumps in parts; else empty
 */
record Dump(
    DumpName name,
    Compression compression,
    Contents contents,
    Source source,
    Check check,
    String mark) {

  /** Writes the contents of a dump. */
  @FunctionalInterface
  interface Source {
    /** Writes all of it; answers why it could not, or nothing. */
    Optional<String> writeTo(DumpFile file)
        throws IOException, PluginException, InterruptedException;
  }

  /** Looks at a dump that is written to its end and not yet published. */
  @FunctionalInterface
  interface Check {
    /** Answers what is wrong with it, or nothing. */
    Optional<String> fault(DumpFile file) throws IOException, PluginException, InterruptedException;
  }

  Dump(DumpName name, Compression compression, Contents contents, Source source) {
    this(name, compression, contents, source, file -> Optional.empty(), "");
  }

  Dump checkedBy(Check newCheck) {
    return new Dump(name, compression, contents, source, newCheck, mark);
  }

  Dump marked(String newMark) {
    return new Dump(name, compression, contents, source, check, newMark);
  }
}
