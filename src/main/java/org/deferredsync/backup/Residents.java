package org.deferredsync.backup;

import java.util.List;
import java.util.Set;

/**
 * What may be in a directory before it is a target.
 *
 * @param mirrors the last names of all sources: where the original would have put their mirrors
 * @param dumps what has a dump's name by the settings
 */
record Residents(List<String> mirrors, Set<String> dumps) {
  static final Residents NONE = new Residents(List.of(), Set.of());

  Residents {
    mirrors = List.copyOf(mirrors);
    dumps = Set.copyOf(dumps);
  }
}
