package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Loads dumps of one kind into something of its own, and looks what is in it then. */
interface Proof {
  /**
   * Which programs it lacks here, as people call them; empty if it can be done.
   *
   * <p>Only with all of them is anything else called.
   */
  String missing();

  /**
   * Makes an empty instance in a scratch directory and starts it.
   *
   * @throws ProofException if it cannot be made or started
   */
  void start(Scratch scratch) throws ProofException, IOException, InterruptedException;

  /**
   * Loads the parts of a dump, one after the other.
   *
   * @throws ProofException if the instance refuses any of it
   */
  void load(List<StoredDump> parts) throws ProofException, IOException, InterruptedException;

  /** How many rows each table has now, by the same names as in the record. */
  Map<String, Long> tables() throws ProofException, IOException, InterruptedException;

  /** Into what it was loaded, with its version. */
  String instance() throws ProofException, InterruptedException;
}
