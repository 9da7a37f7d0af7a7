package org.deferredsync.plugin;

import java.util.Set;
import org.deferredsync.logging.Printable;

/** A name that an operator wrote and no plugin has: fails in its turn, and says why. */
record UnknownPlugin(String name) implements Plugin {
  @Override
  public int number() {
    return 0;
  }

  @Override
  public String description() {
    return "does not exist";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context) throws PluginException {
    throw new PluginException(ReturnCode.PREREQUISITE, complaint(name));
  }

  static String complaint(String name) {
    return "There is no plugin of the name \""
        + Printable.of(name)
        + "\"; correct it, or see \"deferred-sync plugins\" for those there are.";
  }
}
