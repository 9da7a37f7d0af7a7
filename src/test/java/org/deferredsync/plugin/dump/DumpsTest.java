package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.logging.Progress;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The dumps of several plugins and runs, with text in the place of databases. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
final class DumpsTest {
  private static final String END = "\n-- Dump completed\n";

  @TempDir private Path place;
  private final Map<String, String> settings = new TreeMap<>();
  private final LogCapture log = new LogCapture("dumps");
  private final Posix posix = Posix.ofSystem();
  private Path dumps;
  private Path state;
  private boolean dryRun;

  @BeforeEach
  void make() throws IOException {
    dumps = Files.createDirectory(place.resolve("dumps"));
    state = place.resolve("state");
    settings.put("DUMP_COMPRESSION", "gzip");
    settings.put("MYSQLDUMP", dumps.toString());
    settings.put("SVNDUMP", dumps.toString());
    settings.put("PGDUMP", dumps.toString());
  }

  @AfterEach
  void close() {
    log.close();
  }

  /** What a plugin does with its dumps. */
  private interface Work {
    void on(Dumps dumps) throws IOException, InterruptedException;
  }

  private ReturnCode run(Kind kind, Work work) throws Exception {
    PluginContext context =
        PluginContexts.context(
            place,
            log.logger(),
            new SystemCommandRunner(Map.of()),
            PluginContexts.settings(settings),
            dryRun);
    try (Dumps dumps =
        new Dumps(
            kind,
            context,
            DumpDirectory.of(posix, context.settings(), DumpDirectories.key(kind)),
            new DumpRecords(posix, state),
            Compression.of(context.settings()),
            Duration.ofMinutes(1))) {
      work.on(dumps);
      dumps.forgetGone();
      return dumps.outcomes().code();
    }
  }

  private static Dump dump(Dumps dumps, String stem, String suffix, String text) {
    return new Dump(
        new DumpName(stem, suffix),
        dumps.compression(),
        new SqlText(),
        file -> {
          byte[] bytes = (text + END).getBytes(UTF_8);
          file.take(bytes, bytes.length);
          return Optional.empty();
        });
  }

  private static Dump failing(Dumps dumps, String stem, String suffix) {
    return new Dump(
        new DumpName(stem, suffix),
        dumps.compression(),
        new SqlText(),
        file -> Optional.of("the server is down"));
  }

  private List<DumpRecord> records() throws IOException {
    return new DumpRecords(posix, state).all();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dumps)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private String text(String file) throws IOException {
    try (var in = Compression.contents(Files.newInputStream(dumps.resolve(file)))) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  @Test
  void zip_thatIsAnothersDump_isNotOverwritten_andBothAreNamed() throws Exception {
    settings.put("DUMP_COMPRESSION", "zip");
    run(Kind.MYSQL, it -> it.make(dump(it, "app", ".sql", "rows")));

    for (int round = 0; round < 2; round++) {
      assertThat(run(Kind.SVN, it -> it.make(dump(it, "app", ".dump", "revisions"))))
          .isEqualTo(ReturnCode.PREREQUISITE);
      assertThat(run(Kind.MYSQL, it -> it.make(dump(it, "app", ".sql", "rows" + it.hashCode()))))
          .isEqualTo(ReturnCode.SUCCESS);
    }
    assertThat(text("app.zip")).startsWith("rows");
    assertThat(log.lines())
        .contains(
            "ERROR dumps: "
                + dumps
                + "/app.zip: not dumped: this is the dump of app.sql by dump_mysql, and app.dump by"
                + " dump_svn would have the same name; give each a directory of its own by"
                + " MYSQLDUMP and SVNDUMP, or remove the file if it is not made any more.");

    // The other one is not made any more.
    Files.delete(dumps.resolve("app.zip"));
    assertThat(run(Kind.SVN, it -> it.make(dump(it, "app", ".dump", "revisions"))))
        .isEqualTo(ReturnCode.SUCCESS);
    assertThat(text("app.zip")).startsWith("revisions");
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void file_ofTheSameName_isNotOverwritten_byWhateverPathTheDirectoryIsReached(
      Compression compression) throws Exception {
    settings.put("DUMP_COMPRESSION", compression.word());
    settings.put("SVNDUMP", Files.createSymbolicLink(place.resolve("link"), dumps).toString());
    run(Kind.POSTGRESQL, it -> it.make(dump(it, "app", ".dump", "rows")));
    dryRun = true;
    assertThat(run(Kind.SVN, it -> it.make(dump(it, "app", ".dump", "revisions"))))
        .isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(records()).hasSize(1);
    dryRun = false;
    assertThat(run(Kind.SVN, it -> it.make(dump(it, "app", ".dump", "revisions"))))
        .isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(names()).hasSize(1);
    assertThat(text(names().get(0))).startsWith("rows");
    assertThat(records())
        .extracting(record -> record.kind() + " " + (record.failure() == null))
        .containsExactly("POSTGRESQL true", "SVN false");
  }

  @Test
  void dryRun_writesNothing_alsoOfWhatIsGone() throws Exception {
    run(Kind.MYSQL, it -> it.make(dump(it, "app", ".sql", "rows")));
    Files.delete(dumps.resolve("app.sql.gz"));
    List<DumpRecord> before = records();
    dryRun = true;
    run(
        Kind.MYSQL,
        it -> {
          it.make(dump(it, "other", ".sql", "rows"));
          it.outcomes().refuse(new DumpName("third", ".sql"), ReturnCode.PREREQUISITE, "no third");
        });
    assertThat(names()).isEmpty();
    assertThat(records()).isEqualTo(before).hasSize(1);
  }

  @Test
  void failure_isForgotten_withTheDatabase_andItsFile() throws Exception {
    run(
        Kind.MYSQL,
        it -> {
          it.make(dump(it, "app", ".sql", "rows"));
          it.make(failing(it, "typo", ".sql"));
        });
    assertThat(records()).extracting(DumpRecord::contents).containsExactly("app.sql", "typo.sql");
    run(Kind.MYSQL, it -> it.make(failing(it, "app", ".sql")));
    assertThat(records()).extracting(DumpRecord::contents).containsExactly("app.sql");

    // Not dumped any more; as long as the file is there, so is what is known of it.
    run(Kind.MYSQL, it -> {});
    assertThat(records()).hasSize(1);
    Files.delete(dumps.resolve("app.sql.gz"));
    run(Kind.MYSQL, it -> {});
    assertThat(records()).isEmpty();
  }

  @Test
  void lastGoodOne_staysOnlyIfItIsThere() throws Exception {
    run(Kind.MYSQL, it -> it.make(dump(it, "app", ".sql", "rows")));
    run(Kind.MYSQL, it -> it.make(failing(it, "app", ".sql")));
    assertThat(log.lines())
        .last()
        .asString()
        .contains("app.sql.gz: not dumped: the server is down. The last good one, of ")
        .endsWith(", stays.");
    Files.delete(dumps.resolve("app.sql.gz"));
    run(Kind.MYSQL, it -> it.make(failing(it, "app", ".sql")));
    assertThat(log.lines()).last().asString().endsWith(", is not there any more.");
  }

  @Test
  void dump_thatCannotBeWrittenDown_isOneAllTheSame() throws Exception {
    Files.writeString(state, "in the way");
    boolean[] made = new boolean[1];
    ReturnCode code = run(Kind.MYSQL, it -> made[0] = it.make(dump(it, "app", ".sql", "rows")));
    assertThat(code).isEqualTo(ReturnCode.FAILURE);
    assertThat(made[0]).isTrue();
    assertThat(text("app.sql.gz")).isEqualTo("rows" + END);
    assertThat(log.lines())
        .noneMatch(line -> line.contains("not dumped"))
        .anyMatch(
            line ->
                line.contains(
                    "app.sql.gz is dumped, but that cannot be written down for status and drill"));
  }

  @Test
  void leftovers_ofKilledRuns_areRemoved_andNothingElse() throws Exception {
    String ours = ".gone.000000003-000000004.dump.gz.deferred-sync";
    own(ours);
    own(".held.sql.gz.deferred-sync");
    own("visible.deferred-sync");
    own(".other.new");
    Files.createSymbolicLink(dumps.resolve(".link.deferred-sync"), place);
    Files.createDirectory(dumps.resolve(".directory.deferred-sync"));
    Files.writeString(dumps.resolve(".open.deferred-sync"), "for others");
    try (DumpDirectory directory =
        DumpDirectory.of(posix, PluginContexts.settings(settings), "MYSQLDUMP")) {
      int held =
          posix.openFile(directory.descriptor(), ".held.sql.gz.deferred-sync".getBytes(UTF_8));
      posix.lock(held, 0, false);
      try (DumpFile other =
          DumpFile.create(
              directory,
              new DumpName("other", ".sql"),
              Compression.GZIP,
              new SqlText(),
              Progress.NONE)) {
        run(Kind.MYSQL, it -> it.make(dump(it, "app", ".sql", "rows")));
        other.take(new byte[] {'x'}, 1);
        other.finish();
        other.publish();
      } finally {
        posix.close(held);
      }
    }
    assertThat(names())
        .contains(
            ".directory.deferred-sync",
            ".link.deferred-sync",
            ".open.deferred-sync",
            ".other.new",
            "app.sql.gz",
            "other.sql.gz",
            "visible.deferred-sync")
        .doesNotContain(ours);
    assertThat(Files.isSymbolicLink(dumps.resolve(".link.deferred-sync"))).isTrue();
    assertThat(Files.exists(place, LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  private void own(String name) throws IOException {
    Files.createFile(
        dumps.resolve(name),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  @Test
  void dump_whoseWriterDies_isNone() throws Exception {
    FaultyPosix faulty = FaultyPosix.ofSystem();
    try (DumpDirectory directory =
            DumpDirectory.of(faulty, PluginContexts.settings(settings), "MYSQLDUMP");
        DumpFile file =
            DumpFile.create(
                directory,
                new DumpName("app", ".sql"),
                Compression.NONE,
                new SqlText(),
                Progress.NONE)) {
      faulty.before(
          FaultyPosix.Call.WRITE,
          ".app.sql.deferred-sync",
          () -> {
            throw new StackOverflowError("in the writer");
          });
      assertThatThrownBy(
              () -> {
                file.take(new byte[200_000], 200_000);
                file.finish();
              })
          .isInstanceOf(IOException.class)
          .hasMessage("it cannot be written: java.lang.StackOverflowError: in the writer");
    }
    assertThat(names()).isEmpty();
  }
}
