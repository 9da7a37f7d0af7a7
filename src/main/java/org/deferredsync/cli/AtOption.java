package org.deferredsync.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says which snapshot a command takes; the latest without it. */
final class AtOption {
  @Option(
      names = "--at",
      paramLabel = "TIME",
      description =
          "latest (default), the id of a snapshot, an age such as 3d or 12h, or a local date or"
              + " date and time; the last snapshot at or before it is taken")
  private @Nullable String value;

  @Nullable String value() {
    return value;
  }

  String valueOr(String other) {
    return value == null ? other : value;
  }
}
