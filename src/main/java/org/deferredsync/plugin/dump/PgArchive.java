package org.deferredsync.plugin.dump;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.deferredsync.process.Command;

/**
 * What pg_dump writes in its own format. That has no trailer, holds the time and differs between
 * versions, so pg_restore reads it to its end, and the script that it makes of it counts.
 */
final class PgArchive implements Contents {
  private static final byte[] MAGIC = "PGDMP".getBytes(StandardCharsets.US_ASCII);

  private final PgText script = new PgText(PgText.OF_DATABASE);
  private int matched;
  private boolean other;

  @Override
  public void take(byte[] bytes, int count) {
    for (int i = 0; i < count && matched < MAGIC.length && !other; i++) {
      other = bytes[i] != MAGIC[matched++];
    }
  }

  /** How every one begins. */
  static byte[] magic() {
    return MAGIC.clone();
  }

  /** The command that reads the archive from {@code in} and hands the script over. */
  Command parsing(InputStream in) {
    return Command.of("pg_restore", "--file=-").reading(in::transferTo).writingTo(script::take);
  }

  PgText script() {
    return script;
  }

  @Override
  public String fault() {
    return other || matched < MAGIC.length ? "it is no archive of pg_dump" : "";
  }

  @Override
  public Map<String, Long> tables() {
    return script.tables();
  }

  @Override
  public String hash() {
    return script.hash();
  }
}
