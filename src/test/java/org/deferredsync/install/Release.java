package org.deferredsync.install;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The release archive that the build has made, unpacked; its build can be renamed to stand for
 * another.
 */
final class Release {
  private final Path directory;
  private final Shell shell;

  private Release(Path directory, Shell shell) {
    this.directory = directory;
    this.shell = shell;
  }

  static Release unpack(Path scratch, Shell shell) {
    Path archive = only(Path.of("target"), "deferred-sync-*.tar.gz");
    Outcome tar = shell.sh("tar -xzf \"$1\" -C \"$2\"", archive.toAbsolutePath(), scratch);
    assertThat(tar).isEqualTo(new Outcome(0, "", ""));
    return new Release(only(scratch, "deferred-sync-*"), shell);
  }

  /** A copy whose build has the given name. */
  Release rebuilt(String build) {
    Path copy = directory.resolveSibling("rebuilt-" + build);
    Outcome made =
        shell.sh(
            """
            set -e
            cp -a "$1" "$2"
            mv "$2/lib/$3" "$2/lib/${3%-*}-$4"
            """,
            directory, copy, build(), build);
    assertThat(made).isEqualTo(new Outcome(0, "", ""));
    return new Release(copy, shell);
  }

  Path directory() {
    return directory;
  }

  Path installer() {
    return directory.resolve("install.sh");
  }

  /** The name of its directory under lib. */
  String build() {
    return only(directory.resolve("lib"), "[0-9]*-*").getFileName().toString();
  }

  /** Installs with a runtime that does nothing, which takes a tenth of the time. */
  Outcome install(Object... arguments) {
    return run(quick(), arguments);
  }

  /** Installs with the system's Java runtime, which then makes a class-data archive. */
  Outcome installWithJava(Object... arguments) {
    return run(Map.of(), arguments);
  }

  /** The environment for an installation without a class-data archive. */
  Map<String, String> quick() {
    return FakeJava.make(directory.resolveSibling("quick"), "17.0.1", "exit 0\n").environment();
  }

  private Outcome run(Map<String, String> environment, Object... arguments) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", installer().toString()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return shell.run(environment, command);
  }

  private static Path only(Path parent, String glob) {
    try (var found = Files.newDirectoryStream(parent, glob)) {
      List<Path> paths = new ArrayList<>();
      found.forEach(paths::add);
      assertThat(paths).as("%s in %s", glob, parent).hasSize(1);
      return paths.get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
