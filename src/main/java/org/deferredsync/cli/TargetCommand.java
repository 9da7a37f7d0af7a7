package org.deferredsync.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.PointInTime;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Logging;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A command that looks into the target that the configuration names, and changes nothing in it. */
abstract class TargetCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    DeferredSync context = context();
    Clock clock = context.environment().clock();
    Engine engine =
        Engine.ofSystem(clock, Engine.stateDirectory(context.variables()), context.progress());
    FilePath target = BackupSettings.target(context.configuration().settings());
    Logging logging = context.startLogging();
    try (TargetReader reader = open(engine, target)) {
      return look(reader, clock);
    } finally {
      logging.close();
    }
  }

  /** Opens the target to look into. */
  TargetReader open(Engine engine, FilePath target) throws BackupException, IOException {
    return TargetReader.open(engine, target);
  }

  /** Does the command's work; the answer is the exit status. */
  abstract int look(TargetReader reader, Clock clock)
      throws SettingException, BackupException, IOException;

  DeferredSync context() {
    DeferredSync known = parent;
    if (known == null) {
      throw new IllegalStateException("picocli sets it");
    }
    return known;
  }

  /** The snapshot that {@code --at} means; says on standard error which one it is. */
  Snapshot snapshot(TargetReader reader, @Nullable String at, Clock clock)
      throws BackupException, IOException {
    Snapshot snapshot = reader.snapshots().at(point("--at", at), clock.instant(), clock.getZone());
    if (at != null) {
      say("Snapshot " + named(snapshot, clock) + ".");
    }
    return snapshot;
  }

  static String named(Snapshot snapshot, Clock clock) {
    return snapshot.run().id() + " of " + Times.text(snapshot.run().started(), clock.getZone());
  }

  /** What helps to understand the data, on standard error; nothing with {@code -q}. */
  void say(String sentence) {
    if (!context().isQuiet()) {
      context().out().flush();
      context().err().println(sentence);
    }
  }

  /** Says what {@link #shortcomings} finds; nothing with {@code -q}. */
  void sayIfOlder(Snapshot snapshot, FilePath path) {
    shortcomings(snapshot, List.of(path)).forEach(this::say);
  }

  /**
   * A sentence for each source at, above or below the paths that is older than the snapshot, not
   * whole, or not in it at all.
   */
  static List<String> shortcomings(Snapshot snapshot, List<FilePath> paths) {
    List<String> sentences = new ArrayList<>();
    for (SourceAt source : snapshot.sources()) {
      if (paths.stream().noneMatch(path -> isShown(snapshot, source, path))) {
        continue;
      }
      if (source.run() != snapshot.run().id()) {
        sentences.add(source.path() + ": not in that run; as in snapshot " + source.run() + ".");
      }
      if (source.state() == SourceState.PARTIAL) {
        sentences.add(source.path() + ": partial: " + source.reason() + ".");
      }
    }
    for (RunSource source : snapshot.run().sources()) {
      FilePath of = source.source();
      if (snapshot.sources().stream().noneMatch(known -> known.path().equals(of))
          && paths.stream().anyMatch(path -> of.contains(path) || path.contains(of))) {
        sentences.add(of + ": not in any snapshot up to that one: " + reason(source) + ".");
      }
    }
    return sentences;
  }

  private static boolean isShown(Snapshot snapshot, SourceAt source, FilePath path) {
    FilePath shown = path.contains(source.path()) ? source.path() : path;
    return snapshot.sourceOf(shown).equals(Optional.of(source));
  }

  private static String reason(RunSource source) {
    if (source.state().restorable()) {
      return "expired";
    }
    return source.state().word() + (source.reason().isEmpty() ? "" : ", " + source.reason());
  }

  /** The time that {@code text}, given as {@code name}, says; the latest if there is none. */
  PointInTime point(String name, @Nullable String text) {
    try {
      return text == null ? PointInTime.latest() : PointInTime.parse(text);
    } catch (IllegalArgumentException e) {
      throw usage(name + ": " + e.getMessage());
    }
  }

  /** The path of an argument, byte for byte; relative to where the operator stands. */
  FilePath path(String argument) {
    byte[] bytes = context().rawArguments().take(argument);
    if (bytes.length == 0) {
      throw usage("an empty path, which may be a variable that is not set; name one, such as .");
    }
    try {
      if (bytes.length > 0 && bytes[0] == '/') {
        return FilePath.normalized(bytes);
      }
      byte[] here = Path.of("").toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
      byte[] joined = Arrays.copyOf(here, here.length + 1 + bytes.length);
      joined[here.length] = '/';
      System.arraycopy(bytes, 0, joined, here.length + 1, bytes.length);
      return FilePath.normalized(joined);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage() + ": write the path from / on, without ..");
    }
  }

  ParameterException usage(@Nullable String message) {
    CommandSpec known = spec;
    if (known == null) {
      throw new IllegalStateException("picocli sets it");
    }
    return new ParameterException(known.commandLine(), String.valueOf(message));
  }
}
