package org.deferredsync.plugin.dump;

import java.util.Map;

/**
 * Follows the contents of a dump while they pass: whether they are whole by the rules of their own
 * format, what is in them, and their hash. Works in memory that does not grow with them, but with
 * the number of tables.
 */
interface Contents {
  /** Takes the next {@code length} bytes. */
  void take(byte[] bytes, int length);

  /** What is wrong with all that was taken, as the end of a sentence; empty if it is whole. */
  String fault();

  /** How many rows each table has, or what stands for them in this format, by name. */
  Map<String, Long> tables();

  /** SHA-256 of what was taken, without what differs between dumps of equal databases. */
  String hash();
}
