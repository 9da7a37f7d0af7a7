package org.deferredsync.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A value as it is written: text, and what is to be put in for names, the host and the date. */
record ShellWord(List<Part> parts) {
  ShellWord {
    parts = List.copyOf(parts);
  }

  /** One piece of a value. */
  sealed interface Part permits Literal, Name, Home, Host, Date {}

  /** Text that stands for itself. */
  record Literal(String text) implements Part {}

  /**
   * The value of another name.
   *
   * @param otherwise what is put in if it is unset or empty, or null for nothing
   */
  record Name(String name, @Nullable ShellWord otherwise, int line) implements Part {}

  /** The home directory of the running user, written as an unquoted tilde. */
  record Home(int line) implements Part {}

  /** The name of this host. */
  record Host(HostName.Form form) implements Part {}

  /** The time of reading in that format, as date(1) writes it. */
  record Date(String format, int line) implements Part {}
}
