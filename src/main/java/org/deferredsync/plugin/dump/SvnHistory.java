package org.deferredsync.plugin.dump;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;

/**
 * Which history a repository has: its identity, its last revision, and what that one says. A
 * repository that was made anew, or taken back to an older state, has another one.
 */
record SvnHistory(String uuid, long youngest, String info) {
  /** Of the repository at that path, up to its youngest revision. */
  static SvnHistory of(Dumps dumps, String path) throws PluginException, InterruptedException {
    String youngest = said(dumps, "youngest", path);
    if (!youngest.matches("[0-9]{1,9}")) {
      throw new PluginException(ReturnCode.FAILURE, "svnlook youngest says " + youngest + ".");
    }
    return of(dumps, path, Long.parseLong(youngest));
  }

  /** Of the same up to a revision. */
  static SvnHistory of(Dumps dumps, String path, long revision)
      throws PluginException, InterruptedException {
    return new SvnHistory(
        said(dumps, "uuid", path), revision, said(dumps, "info", "--revision=" + revision, path));
  }

  private static String said(Dumps dumps, String... arguments)
      throws PluginException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("svnlook"));
    all.addAll(List.of(arguments));
    List<String> lines = new ArrayList<>();
    Optional<String> failure = dumps.clients().read(Command.of(all), lines::add);
    if (failure.isPresent()) {
      throw new PluginException(ReturnCode.FAILURE, failure.get());
    }
    return String.join("\n", lines);
  }

  /** In one word, to be compared with that of the same repository at the same revision later. */
  String mark() {
    byte[] text = info.getBytes(StandardCharsets.UTF_8);
    return uuid
        + ":"
        + youngest
        + ":"
        + HexFormat.of().formatHex(Digests.sha256().digest(text), 0, 8);
  }
}
