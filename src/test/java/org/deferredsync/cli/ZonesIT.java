package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A machine whose time zone changes between runs, as a traveller's does. */
@EnabledOnOs(OS.LINUX)
final class ZonesIT {
  private static final Pattern TIME = Pattern.compile("\"time\": *\"([^\"]+)\"");

  /**
   * Most of a day apart: the later run has the earlier local time. In none of them are clocks
   * changed, so that no local time comes twice.
   */
  private static final List<String> ZONES =
      List.of("Pacific/Kiritimati", "Pacific/Marquesas", "Asia/Kolkata");

  @TempDir private Path scratch;
  private Operator operator;
  private Path file;

  @BeforeEach
  void make() throws IOException {
    operator = new Operator(scratch);
    file = Files.createDirectories(operator.scratch.resolve("source")).resolve("file");
    operator.configure("BACKUPDIRS=" + file.getParent(), "VERIFY_PERCENT=0");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private Ran in(String zone, String... command) throws Exception {
    return operator.process(Map.of("LC_ALL", "C.UTF-8", "TZ", zone), operator.command(command));
  }

  /** A time of whole seconds names the last snapshot of that second. */
  private static void awaitAnotherSecond() {
    long second = Instant.now().getEpochSecond();
    while (Instant.now().getEpochSecond() == second) {
      Thread.onSpinWait();
    }
  }

  @Test
  void snapshots_keepTheirOrder_andLocalTimesMeanThoseOfTheDay() throws Exception {
    for (String zone : ZONES) {
      Files.writeString(file, "backed up in " + zone);
      assertThat(in(zone, "run")).isEqualTo(new Ran(0, "", ""));
      awaitAnotherSecond();
    }
    List<Instant> times =
        TIME.matcher(operator.run("snapshots", "--json").out())
            .results()
            .map(found -> OffsetDateTime.parse(found.group(1)).toInstant())
            .toList();
    assertThat(times).hasSize(3).isSorted();

    for (int i = 0; i < ZONES.size(); i++) {
      // The second snapshot by what the clock on the wall said, wherever that hangs.
      String local =
          DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss")
              .format(times.get(1).atZone(ZoneId.of(ZONES.get(i))));
      Ran ran = in(ZONES.get(i), "cat", "--at", local, file.toString());
      assertThat(ran.out())
          .as("%s in %s", local, ZONES.get(i))
          .isEqualTo("backed up in " + ZONES.get(1));
      assertThat(ran.err()).contains("napshot 2 ");
    }
  }
}
