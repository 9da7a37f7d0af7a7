package org.deferredsync.catalogue;

import java.util.LinkedHashMap;
import java.util.Map;

/** What was used last, and no more of it than so many. For one thread. */
public final class LastUsed<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int most;

  /**
   * Nothing yet.
   *
   * @param most how many are kept, at least 1
   */
  public LastUsed(int most) {
    super(16, 0.75f, true);
    this.most = most;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > most;
  }
}
