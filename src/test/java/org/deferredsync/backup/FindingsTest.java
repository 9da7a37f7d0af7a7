package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.deferredsync.catalogue.Contents.State;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.Test;

final class FindingsTest {
  /** A mirror that is lost as a whole leaves a log that can be read, and the number. */
  @Test
  void findings_areSaidAThousandTimes_andCountedToTheEnd() {
    try (LogCapture log = new LogCapture("findings")) {
      Findings findings = new Findings(log.logger());
      for (int i = 1; i <= 1003; i++) {
        findings.damaged("d" + i);
        findings.unknown("u" + i);
      }
      findings.missing("m1");
      findings.end();

      List<String> lines = log.lines();
      assertThat(lines).filteredOn(line -> line.startsWith("ERROR findings: d")).hasSize(1000);
      assertThat(lines).filteredOn(line -> line.startsWith("WARN findings: u")).hasSize(1000);
      assertThat(lines).contains("ERROR findings: m1", "ERROR findings: d1000");
      assertThat(lines.subList(2001, lines.size()))
          .containsExactly(
              "WARN findings: 3 more are damaged; -v names all of them.",
              "WARN findings: 3 more are unknown; -v names all of them.");
      assertThat(findings.result().damaged()).isEqualTo(1003);
      assertThat(findings.result().unknown()).isEqualTo(1003);
      assertThat(findings.result().missing()).isEqualTo(1);
    }
  }

  /** Of one content some files may be damaged and others gone. */
  @Test
  void content_isMarkedByTheWorstThatWasFound() {
    try (LogCapture log = new LogCapture("findings")) {
      Findings findings = new Findings(log.logger());
      findings.good(1);
      findings.missing(2, "of 2");
      findings.damaged(3, "of 3");
      findings.missing(3, "of 3");

      assertThat(findings.isBad(1)).isFalse();
      assertThat(findings.isBad(2)).isTrue();
      assertThat(findings.isBad(3)).isTrue();
      assertThat(findings.bad().stream()).containsExactly(2, 3);
      assertThat(findings.state(2)).isEqualTo(State.MISSING);
      assertThat(findings.state(3)).isEqualTo(State.DAMAGED);
    }
  }
}
