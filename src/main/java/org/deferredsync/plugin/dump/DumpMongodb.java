package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.snapshot.FilePath;

/** Dumps MongoDB to one archive. */
public final class DumpMongodb implements Plugin {
  private static final String DUMP = "MONGODBDUMP";
  private static final String PROGRAM = "MONGODUMP_BIN";
  private static final String CONFIGURATION = "MONGODUMP_CONFIG";

  @Override
  public String name() {
    return "dump_mongodb";
  }

  @Override
  public int number() {
    return 32;
  }

  @Override
  public String description() {
    return "dumps MongoDB with MONGODUMP_BIN to the archive MONGODBDUMP";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        PROGRAM, CONFIGURATION, "MONGODBDUMP_PATH", DUMP, "DUMP_COMPRESSION", "DUMP_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    Posix posix = Posix.ofSystem();
    FilePath path = DumpDirectory.path(settings, DUMP);
    FilePath parent = path.parent();
    if (parent == null) {
      throw settings.invalid(DUMP, "names no file; correct it");
    }
    String file = new String(path.name(), StandardCharsets.UTF_8);
    Optional<String> complaint = DumpName.complaint(file);
    if (complaint.isPresent()) {
      throw settings.invalid(DUMP, "names a file that " + complaint.get());
    }
    DumpDirectory.of(posix, settings, "MONGODBDUMP_PATH").close();
    Compression compression = compression(settings, file);
    try (Dumps dumps =
        new Dumps(
            Kind.MONGODB,
            context,
            DumpDirectory.at(posix, parent, settings, DUMP),
            DumpRecords.ofHost(posix, context.environment()),
            compression,
            KnownSettings.dumpTimeout(settings))) {
      dumps.make(
          new Dump(
              new DumpName("mongodb", ".archive", file),
              compression,
              new MongoArchive(),
              dumps.clients().from(command(context))));
      return dumps.outcomes().code();
    }
  }

  /** As the file's name says it is a zip, and no other name can say so. */
  private static Compression compression(Settings settings, String file) throws SettingException {
    Compression wanted = Compression.of(settings);
    if (file.endsWith(Compression.ZIP.suffix())) {
      return Compression.ZIP;
    }
    return wanted == Compression.ZIP ? Compression.GZIP : wanted;
  }

  private static Command command(PluginContext context) throws SettingException {
    List<String> arguments = new ArrayList<>();
    arguments.add(trusted(context, PROGRAM).orElseThrow());
    Optional<String> configuration = configuration(context);
    configuration.ifPresent(file -> arguments.add("--config=" + file));
    arguments.add("--archive");
    return Command.of(arguments);
  }

  private static Optional<String> configuration(PluginContext context) throws SettingException {
    String credentials = context.environment().getOrDefault("CREDENTIALS_DIRECTORY", "");
    Path credential = Path.of(credentials.isEmpty() ? "/" : credentials, CONFIGURATION);
    return context.settings().text(CONFIGURATION).isBlank() && Files.isRegularFile(credential)
        ? Optional.of(credential.toString())
        : trusted(context, CONFIGURATION);
  }

  private static Optional<String> trusted(PluginContext context, String key)
      throws SettingException {
    Settings settings = context.settings();
    Optional<Path> path = settings.path(key);
    if (path.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> complaint = context.trust().complaint(path.get());
    if (complaint.isPresent()) {
      throw settings.invalid(key, "is not trusted: " + complaint.get());
    }
    return path.map(Path::toString);
  }
}
