package org.deferredsync.plugin;

import java.util.List;

/**
 * The plugins of one run.
 *
 * @param plugins in the order in which they run
 * @param unknown names that no plugin has, as the operator wrote them
 */
public record PluginSelection(List<Plugin> plugins, List<String> unknown) {
  public PluginSelection {
    plugins = List.copyOf(plugins);
    unknown = List.copyOf(unknown);
  }
}
