package org.deferredsync.plugin;

import java.io.IOException;
import java.util.Set;
import org.deferredsync.config.SettingException;

/**
 * A plugin of a jar with what it said of itself when it was loaded: from then on nothing but its
 * run is code of others.
 */
record DropIn(
    String name,
    int number,
    String description,
    Set<String> settings,
    boolean startsServices,
    Plugin code)
    implements Plugin {
  DropIn {
    settings = Set.copyOf(settings);
  }

  /** Asks it all that is asked of a plugin; whatever it throws is thrown. */
  static DropIn of(Plugin code) {
    return new DropIn(
        String.valueOf(code.name()),
        code.number(),
        String.valueOf(code.description()),
        code.settings(),
        code.startsServices(),
        code);
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    return code.run(context);
  }
}
