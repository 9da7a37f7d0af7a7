package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.SystemCommandRunner;

/**
 * A system of its own for the real apt-get and dpkg of this host: an empty root directory, and a
 * repository in files whose packages dpkg-deb makes.
 */
final class AptGround {
  private final Path repository;
  private final Path root;
  private final Path configuration;
  private final List<String> said = new ArrayList<>();

  AptGround(Path directory) throws Exception {
    repository = Files.createDirectories(directory.resolve("repository"));
    root = directory.resolve("root");
    for (String made :
        List.of(
            "etc/apt/sources.list.d",
            "etc/apt/preferences.d",
            "var/lib/dpkg/updates",
            "var/lib/dpkg/info",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/log/apt")) {
      Files.createDirectories(root.resolve(made));
    }
    Files.createFile(root.resolve("var/lib/dpkg/status"));
    Files.writeString(root.resolve("etc/debian_version"), "12.0\n");
    Files.writeString(
        root.resolve("etc/apt/sources.list"), "deb [trusted=yes] file:" + repository + " ./\n");
    configuration =
        Files.writeString(
            directory.resolve("apt.conf"),
            """
            Dir "ROOT/";
            Dir::State::status "ROOT/var/lib/dpkg/status";
            Dir::Bin::Methods "/usr/lib/apt/methods";
            Dir::Bin::Solvers:: "/usr/lib/apt/solvers";
            Dir::Bin::Planners:: "/usr/lib/apt/planners";
            Dir::Bin::dpkg "/usr/bin/dpkg";
            Dir::Etc::trusted "/dev/null";
            DPkg::Options { "--root=ROOT"; "--force-not-root"; "--force-script-chrootless"; };
            APT::Sandbox::User "";
            """
                .replace("ROOT", root.toString()));
    publish();
  }

  Path root() {
    return root;
  }

  Path etc() {
    return root.resolve("etc");
  }

  /** Makes a package and puts it in the repository with the next {@link #publish}. */
  AptGround make(String name, String version, String fields, Map<String, String> files)
      throws Exception {
    Path tree = Files.createDirectories(repository.resolveSibling("built"));
    Path one = tree.resolve(name + "_" + version);
    Files.createDirectories(one.resolve("DEBIAN"));
    Files.writeString(
        one.resolve("DEBIAN/control"),
        "Package: "
            + name
            + "\nVersion: "
            + version
            + "\nArchitecture: all\n"
            + "Maintainer: Nobody <nobody@example.org>\nDescription: made for a test\n"
            + fields);
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = one.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
      if (file.getKey().equals("DEBIAN/postinst")) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
    succeed(
        "dpkg-deb", "--root-owner-group", "-Znone", "-b", one.toString(), repository.toString());
    return this;
  }

  void publish() throws Exception {
    Path index = repository.resolve("Packages");
    try (var out = Files.newBufferedWriter(index, StandardCharsets.UTF_8)) {
      CommandResult result =
          new SystemCommandRunner(System.getenv())
              .run(
                  Command.of("apt-ftparchive", "packages", ".").in(repository),
                  line -> {
                    try {
                      out.write(line + "\n");
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  },
                  said::add);
      assertThat(result.succeeded()).as("%s", said).isTrue();
    }
  }

  /** Copies the repository as it is now, over what is there. */
  void copyRepository(Path to) throws Exception {
    Files.createDirectories(to);
    succeed("cp", "-a", "--", repository + "/.", to.toString());
  }

  /** Runs commands as the system does, those of apt and dpkg on this root. */
  CommandRunner commands() {
    CommandRunner system = new SystemCommandRunner(System.getenv());
    return (command, output, errors) -> {
      Command here =
          switch (command.program()) {
            case "apt-get", "apt-mark" -> command.with(with(command.additions()));
            case "dpkg-query" -> atRoot(command);
            default -> command;
          };
      return system.run(here, output, errors);
    };
  }

  private Map<String, String> with(Map<String, String> additions) {
    Map<String, String> all = new java.util.TreeMap<>(additions);
    all.put("APT_CONFIG", configuration.toString());
    return all;
  }

  private Command atRoot(Command command) {
    List<String> arguments = new ArrayList<>(command.arguments());
    arguments.add(1, "--root=" + root);
    return Command.of(arguments);
  }

  void succeed(String... arguments) throws Exception {
    CommandResult result = commands().run(Command.of(arguments), said::add, said::add);
    assertThat(result.succeeded()).as("%s: %s", List.of(arguments), said).isTrue();
  }

  /** Names, versions and states of the packages, as {@code greeting 2 ii}. */
  List<String> packages() throws Exception {
    List<String> lines = new ArrayList<>();
    commands()
        .run(
            Command.of("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\\n"),
            line -> lines.add(line.strip()),
            said::add);
    return lines;
  }
}
