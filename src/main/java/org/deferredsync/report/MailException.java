package org.deferredsync.report;

/** A mail did not go out: one line that says why and what to do. */
final class MailException extends Exception {
  private static final long serialVersionUID = 1L;

  MailException(String message) {
    super(message);
  }

  MailException(String message, Throwable cause) {
    super(message, cause);
  }
}
