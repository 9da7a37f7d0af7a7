package org.deferredsync.plugin.dump;

/** A drill went wrong, in the words of the program that refused. */
final class ProofException extends Exception {
  private static final long serialVersionUID = 1L;

  ProofException(String message) {
    super(message);
  }
}
