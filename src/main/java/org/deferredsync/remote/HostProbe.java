package org.deferredsync.remote;

/** A way to log in to a host and have one command run there. */
interface HostProbe {
  /** What came of it. */
  sealed interface Outcome {}

  /**
   * The command ran, or what the host runs instead of it.
   *
   * @param status its exit status, -1 if the host did not tell
   */
  record Answer(int status, String output, String errors) implements Outcome {}

  /** There was no login; {@code reason} says in part of a line what is wrong and what to do. */
  record Refused(String reason) implements Outcome {}

  /** This way does not lead there, whatever is wrong or right with the host. */
  record Unable(String reason) implements Outcome {}

  Outcome ask(RemoteHost host, String command) throws InterruptedException;
}
