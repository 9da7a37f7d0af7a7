package org.deferredsync.snapshot;

import org.deferredsync.logging.Printable;

/**
 * One name of a directory in the current state.
 *
 * @param name its bytes; not to be changed
 * @param since the run that stored this version
 */
@SuppressWarnings("ArrayRecordComponent") // a row, compared by nobody
public record Entry(byte[] name, long since, Version version, Evidence evidence) {
  @Override
  public String toString() {
    return Printable.of(name) + " " + version;
  }
}
