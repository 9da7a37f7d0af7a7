package org.deferredsync.remote;

import java.util.Map;
import java.util.OptionalLong;

/**
 * What a host that lets us in has told.
 *
 * @param restricted whether it runs a command of its own instead of ours, as authorized_keys can
 *     say: then nothing else is known, and rsync itself will find out
 * @param room the free bytes at those of the directories asked for that are there
 */
public record Readiness(boolean restricted, Map<RemotePath, Long> room) {
  public Readiness {
    room = Map.copyOf(room);
  }

  /** Whether the directory is known not to be there. */
  public boolean lacks(RemotePath directory) {
    return !restricted && !room.containsKey(directory);
  }

  /** The free bytes at the directory, if they are known. */
  public OptionalLong roomAt(RemotePath directory) {
    Long bytes = room.get(directory);
    return bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes);
  }
}
