package org.deferredsync.plugin.backup;

import org.deferredsync.backup.EntryFilter;
import org.deferredsync.config.ExcludeRules;
import org.deferredsync.snapshot.FilePath;

/**
 * The exclude file's rules for one source: anchored at the source's parent, as rsync anchors them.
 */
final class RuleFilter implements EntryFilter {
  private final ExcludeRules rules;
  private final byte[] fingerprint;
  private final int anchor;

  RuleFilter(ExcludeRules rules, FilePath source) {
    this.rules = rules;
    this.fingerprint = rules.fingerprint();
    FilePath parent = source.parent();
    this.anchor = parent == null || parent.isRoot() ? 1 : parent.length() + 1;
  }

  @Override
  public boolean excludes(FilePath path, boolean directory) {
    byte[] bytes = path.bytes();
    return excludes(bytes, bytes.length, directory);
  }

  @Override
  public boolean excludes(byte[] bytes, int length, boolean directory) {
    return rules.excludes(bytes, anchor, length, directory);
  }

  @Override
  public byte[] fingerprint() {
    return fingerprint;
  }
}
