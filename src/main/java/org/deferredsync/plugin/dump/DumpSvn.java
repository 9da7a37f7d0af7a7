package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;

/** Dumps repositories of Subversion, whole or, after a first time, the new revisions alone. */
public final class DumpSvn implements Plugin {
  private static final String PATH = "SVN_PATH";
  private static final String REPOSITORIES = "SVN_REPOS";
  private static final String SUFFIX = ".dump";

  @Override
  public String name() {
    return "dump_svn";
  }

  @Override
  public int number() {
    return 35;
  }

  @Override
  public String description() {
    return "dumps the Subversion repositories SVN_REPOS of SVN_PATH to SVNDUMP";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        REPOSITORIES, PATH, "SVNDUMP", "SVN_INCREMENTAL", "DUMP_COMPRESSION", "DUMP_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    List<String> names = Names.of(settings, REPOSITORIES);
    for (String name : names) {
      if (SvnParts.isPart(name + SUFFIX)) {
        throw settings.invalid(
            REPOSITORIES,
            "names \"" + name + "\", which dumps of new revisions are called; rename it");
      }
    }
    boolean incremental = settings.flag("SVN_INCREMENTAL");
    try (Dumps dumps = Dumps.to(Kind.SVN, context, "SVNDUMP");
        DumpDirectory repositories = DumpDirectory.of(Posix.ofSystem(), settings, PATH)) {
      for (String name : names) {
        String path = repositories.pathOf(name);
        if (!repositories.hasDirectory(name)) {
          dumps
              .outcomes()
              .refuse(
                  new DumpName(name, SUFFIX),
                  ReturnCode.PREREQUISITE,
                  path + ": no repository; make it, or take it out of SVN_REPOS.");
        } else if (context.dryRun()) {
          context.log().info("Dry run: {} would be dumped.", path);
        } else {
          dump(dumps, name, path, incremental);
        }
      }
      dumps.forgetGone();
      return dumps.outcomes().code();
    }
  }

  private static void dump(Dumps dumps, String name, String path, boolean incremental)
      throws IOException, InterruptedException {
    DumpName whole = new DumpName(name, SUFFIX);
    try {
      SvnHistory history = SvnHistory.of(dumps, path);
      SvnParts parts = SvnParts.of(dumps, whole);
      if (!incremental || !parts.continueWith(dumps, path, history)) {
        if (dumps.make(part(dumps, whole, path, 0, history))) {
          parts.removeLater(dumps);
        }
      } else if (parts.last() < history.youngest()) {
        DumpName part =
            new DumpName(
                String.format(
                    Locale.ROOT, "%s.%09d-%09d", name, parts.last() + 1, history.youngest()),
                SUFFIX);
        dumps.make(part(dumps, part, path, parts.last() + 1, history));
      } else {
        dumps.confirm(parts.newest());
      }
    } catch (PluginException e) {
      dumps.fail(whole, e.code(), path + ": " + e.getMessage());
    }
  }

  private static Dump part(Dumps dumps, DumpName name, String path, long from, SvnHistory history) {
    List<String> arguments = new ArrayList<>(List.of("svnadmin", "dump", "--quiet"));
    if (from > 0) {
      arguments.add("--incremental");
    }
    arguments.add("--revision=" + from + ":" + history.youngest());
    arguments.add(path);
    return new Dump(
            name,
            dumps.compression(),
            new SvnStream(history.youngest()),
            dumps.clients().from(Command.of(arguments)))
        .marked(history.mark());
  }
}
