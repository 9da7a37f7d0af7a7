package org.deferredsync.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.Environment;
import org.deferredsync.config.HostName;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules that every built-in plugin keeps. */
@Timeout(120)
final class PluginContractTest {
  /** They need another host, which nobody has named: then they say so in a dry run too. */
  private static final Set<String> NEED_A_HOST = Set.of("backup_to_remote", "get_remote_dir");

  private static final CommandRunner NOTHING_INSTALLED =
      (command, output, errors) ->
          new CommandResult(new Ending.Absent(command.program()), List.of(), Duration.ZERO);

  @TempDir Path directory;

  static Stream<Plugin> plugins() {
    return Plugins.builtIn().all().stream().map(InstalledPlugin::plugin);
  }

  /** A home, a source with a file and an empty target; everything else is as shipped. */
  private Settings settings(boolean targetThere) throws Exception {
    Path source = Files.createDirectories(directory.resolve("source/sub"));
    Files.writeString(source.resolve("file"), "contents");
    Path target = directory.resolve("target");
    if (targetThere) {
      Files.createDirectories(target);
    }
    Path check = directory.resolve("check.sh");
    Files.writeString(check, "#!/bin/sh\ntouch " + directory + "/checked\n");
    assertThat(check.toFile().setExecutable(true)).isTrue();
    Path dumps = directory.resolve("dumps");
    if (targetThere) {
      Files.createDirectories(dumps.resolve("project"));
      Files.writeString(dumps.resolve("mongodump"), "");
    }
    Path file = Files.createDirectories(directory.resolve("config")).resolve("sync.conf");
    Files.writeString(
        file,
        "BACKUPDIRS="
            + directory.resolve("source")
            + "\nBACKUPTO="
            + target
            + "\nEXCLUDEFILE=\nSERVER_ALIVE_CHECK="
            + (targetThere ? check : directory.resolve("absent"))
            + "\nPG_USER="
            + System.getProperty("user.name")
            + "\nDUMPS="
            + dumps
            + """

            MYSQLDUMP=$DUMPS
            PGDUMP=$DUMPS
            MONGODBDUMP_PATH=$DUMPS
            MONGODBDUMP=$DUMPS/mongodb.zip
            MONGODUMP_BIN=$DUMPS/mongodump
            SQLITE_DBS=$DUMPS/mongodump
            SQLITEDUMP=$DUMPS
            SVN_PATH=$DUMPS
            SVNDUMP=$DUMPS
            """);
    Environment environment =
        new Environment(directory, Map.of(), HostName.ofSystem(), Clock.system(ZoneOffset.UTC));
    return Configuration.load(file, environment, TrustedPath.ofProcess()).settings();
  }

  private Map<String, String> tree() throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.toList()) {
        String attributes =
            Files.readAttributes(
                    path, "unix:mode,ino,lastModifiedTime,size", LinkOption.NOFOLLOW_LINKS)
                .toString();
        tree.put(
            path.toString(),
            Files.isRegularFile(path)
                ? attributes + Files.readString(path, StandardCharsets.ISO_8859_1)
                : attributes);
      }
    }
    return tree;
  }

  /** Root's memory of dumps is the host's. */
  @AfterEach
  void forget() throws IOException {
    Path memory = Path.of("/var/lib/deferred-sync/dumps");
    String own = URLEncoder.encode(directory.toString(), StandardCharsets.UTF_8);
    if (Files.isDirectory(memory)) {
      List<Path> files;
      try (Stream<Path> found = Files.list(memory)) {
        files = found.toList();
      }
      for (Path file : files) {
        try {
          if (Files.readString(file).contains(own)) {
            Files.delete(file);
          }
        } catch (NoSuchFileException e) {
          // that of another test, which runs at the same time
        }
      }
    }
  }

  @Test
  void names_andNumbers_areUnique() {
    assertThat(plugins()).isNotEmpty();
    assertThat(plugins().map(Plugin::name)).doesNotHaveDuplicates();
    assertThat(plugins().map(Plugin::number)).doesNotHaveDuplicates();
  }

  @Test
  void noPlugin_endsTheProcess() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("org.deferredsync.plugin..")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.deferredsync"));
  }

  @ParameterizedTest
  @MethodSource("plugins")
  void plugin_introducesItself(Plugin plugin) {
    assertThat(plugin.name()).matches("[a-z][a-z0-9]*(_[a-z0-9]+)*");
    assertThat(plugin.number()).isBetween(1, 99);
    assertThat(plugin.description()).isNotBlank().hasLineCount(1).hasSizeLessThan(100);
    assertThat(plugin.settings()).allMatch(KnownSettings::isKnown);
  }

  @ParameterizedTest
  @MethodSource("plugins")
  void plugin_changesNothing_inADryRun(Plugin plugin) throws Exception {
    Settings settings = settings(true);
    Map<String, String> before = tree();
    try (LogCapture log = new LogCapture(plugin.name())) {
      PluginOutcome outcome =
          new PluginRunner(Duration.ofSeconds(60))
              .run(
                  plugin,
                  PluginContexts.context(
                      directory,
                      log.logger(),
                      new SystemCommandRunner(System.getenv()),
                      settings,
                      true));
      assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(expectedHere(plugin));
    }
    assertThat(tree()).isEqualTo(before);
  }

  /** One of them is for Ubuntu alone, two need a host that answers. */
  private static ReturnCode expectedHere(Plugin plugin) {
    boolean ubuntu = Files.exists(Path.of("/etc/lsb-release"));
    return NEED_A_HOST.contains(plugin.name())
            || (plugin.name().equals("ubuntu_kernel_upgrade") && !ubuntu)
        ? ReturnCode.PREREQUISITE
        : ReturnCode.SUCCESS;
  }

  @ParameterizedTest
  @MethodSource("plugins")
  void plugin_saysSo_whenItsPrerequisitesAreMissing(Plugin plugin) throws Exception {
    Settings settings = settings(false);
    Map<String, String> before = tree();
    try (LogCapture log = new LogCapture(plugin.name())) {
      PluginOutcome outcome =
          new PluginRunner(Duration.ofSeconds(60))
              .run(
                  plugin,
                  PluginContexts.context(
                      directory, log.logger(), NOTHING_INSTALLED, settings, false));
      assertThat(outcome.code()).isIn(ReturnCode.SUCCESS, ReturnCode.PREREQUISITE);
      assertThat(log.lines())
          .anyMatch(line -> line.startsWith("WARN "))
          .noneMatch(line -> line.contains("A fault in the plugin"));
    }
    assertThat(tree()).as("nothing that its operator should have made").isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("plugins")
  void plugin_endsAtOnce_whenInterrupted(Plugin plugin) throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CommandRunner interrupted =
        (command, output, errors) -> {
          calls.incrementAndGet();
          throw new InterruptedException();
        };
    try (LogCapture log = new LogCapture(plugin.name())) {
      PluginOutcome outcome =
          new PluginRunner(Duration.ofSeconds(60))
              .run(
                  plugin,
                  PluginContexts.context(
                      directory, log.logger(), interrupted, settings(true), false));
      assertThat(calls.get()).isLessThanOrEqualTo(1);
      if (calls.get() == 1) {
        assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
        assertThat(log.lines()).contains("WARN " + plugin.name() + ": Interrupted.");
      }
    }
  }
}
