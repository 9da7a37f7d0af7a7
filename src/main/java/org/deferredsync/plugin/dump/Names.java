package org.deferredsync.plugin.dump;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Printable;

/** The names that a setting lists, checked before they become paths or arguments. */
final class Names {
  private Names() {}

  /**
   * All of them, in their order.
   *
   * @throws SettingException if there are none, or one could escape or become an option; nothing is
   *     dumped then
   */
  static List<String> of(Settings settings, String key) throws SettingException {
    List<String> names = new ArrayList<>();
    for (String name : settings.list(key)) {
      Optional<String> complaint = DumpName.complaint(name);
      if (complaint.isPresent()) {
        throw settings.invalid(
            key, "names \"" + Printable.of(name) + "\", which " + complaint.get());
      }
      names.add(name);
    }
    if (names.isEmpty()) {
      throw settings.invalid(key, "names nothing; set it");
    }
    return names.stream().distinct().toList();
  }
}
