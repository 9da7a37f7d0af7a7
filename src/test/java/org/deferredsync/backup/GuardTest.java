package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.deferredsync.backup.Guard.Loss;
import org.deferredsync.backup.Guard.Share;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GuardTest {
  private static final FilePath HOME = FilePath.of("/home");
  private static final Guard USUAL = Guard.USUAL;

  // --- how much is too much --------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "30, 100, 1000, 300, 0, false",
    "30, 100, 1000, 301, 0, true",
    "30, 100, 100, 31, 0, true",
    "30, 100, 99, 98, 0, false",
    "30, 100, 1000, 1000, 700, false",
    "30, 100, 1000, 1000, 699, true",
    "1, 1, 100, 1, 0, false",
    "1, 1, 100, 2, 0, true",
    "99, 100, 1000, 991, 0, true",
    "100, 100, 1000, 1001, 0, false",
    "30, 100, 0, 0, 0, false",
    "30, 1, 10000000000, 3000000001, 0, true",
  })
  void judge_holds_whenMoreThanTheShareIsLost(
      int percent, long least, long before, long removed, long moved, boolean held) {
    Loss loss = new Loss(before, removed, moved, 0, false);
    assertThat(new Guard(percent, least).judge(loss).map(Hold::kind))
        .isEqualTo(held ? java.util.Optional.of(Kind.LOST) : java.util.Optional.empty());
  }

  @Test
  void judge_holdsWhatIsEmpty_howeverLittleItHad() {
    assertThat(new Guard(100, 100).judge(new Loss(3, 2, 0, 0, true)))
        .contains(new Hold(Kind.EMPTY, 2, 3));
    assertThat(USUAL.judge(new Loss(1, 0, 0, 0, true))).isEmpty();
  }

  @Test
  void guard_refusesFiguresThatMeanNothing() {
    assertThatThrownBy(() -> new Guard(0, 100)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Guard(101, 100)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Guard(30, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  // --- what an approval covers -----------------------------------------------------------------

  private static boolean covers(Hold released, Hold hold) {
    return Guard.covers(List.of(released), hold);
  }

  @Test
  void covers_theSameReason_upToItsFigure() {
    Hold lost = new Hold(Kind.LOST, 350, 1000);
    assertThat(covers(lost, lost)).isTrue();
    assertThat(covers(lost, new Hold(Kind.LOST, 349, 900))).isTrue();
    assertThat(covers(lost, new Hold(Kind.LOST, 351, 1000))).isFalse();
    assertThat(covers(lost, new Hold(Kind.EMPTY, 350, 1000))).isFalse();
    assertThat(covers(lost, new Hold(Kind.CONTENT_CHANGED, 1, 1000))).isFalse();
    assertThat(covers(lost, new Hold(Kind.UNMOUNTED, 1, 1, List.of(HOME)))).isFalse();
    assertThat(Guard.covers(List.of(), lost)).isFalse();
  }

  @Test
  void covers_whatTheReasonEntails() {
    Hold empty = new Hold(Kind.EMPTY, 350, 351);
    assertThat(covers(empty, new Hold(Kind.LOST, 350, 351))).isTrue();
    Hold unmounted = new Hold(Kind.UNMOUNTED, 350, 350, List.of(HOME, FilePath.of("/home/nas")));
    assertThat(covers(unmounted, empty)).isTrue();
    assertThat(covers(unmounted, new Hold(Kind.LOST, 351, 1000))).isFalse();
    List<Hold> both = List.of(unmounted, new Hold(Kind.LOST, 100, 1000));
    assertThat(Guard.covers(both, new Hold(Kind.LOST, 450, 1000))).isTrue();
    assertThat(Guard.covers(both, new Hold(Kind.LOST, 451, 1000))).isFalse();
    assertThat(covers(unmounted, new Hold(Kind.UNMOUNTED, 350, 350, List.of(HOME)))).isTrue();
    assertThat(
            covers(unmounted, new Hold(Kind.UNMOUNTED, 1, 1, List.of(FilePath.of("/home/other")))))
        .isFalse();
    assertThat(covers(unmounted, new Hold(Kind.CONTENT_CHANGED, 1, 1000))).isFalse();
  }

  @Test
  void covers_nothingThatIsMissing_orRequired() {
    Hold missing = new Hold(Kind.MISSING, 0, 0);
    assertThat(covers(missing, missing)).isFalse();
    assertThat(covers(missing, new Hold(Kind.LOST, 0, 0))).isFalse();
    Hold required = new Hold(Kind.UNMOUNTED, 0, 0);
    assertThat(covers(required, required)).isFalse();
    assertThat(covers(required, new Hold(Kind.EMPTY, 0, 0))).isFalse();
  }

  // --- changed contents ------------------------------------------------------------------------

  private static List<Share> shares(int number, long changed, long of) {
    return Collections.nCopies(number, new Share(changed, of));
  }

  @ParameterizedTest
  @CsvSource({
    "10, 0, 301, true",
    "9, 0, 1000, false",
    "10, 0, 300, false",
    "10, 100, 301, true",
    "10, 101, 303, false",
    "10, 150, 450, false",
    "10, 150, 451, true",
    "10, 334, 1000, false",
  })
  void judge_suspectsAChange_thatIsLargeAndOutOfLine(
      int runs, long usual, long changed, boolean suspected) {
    assertThat(USUAL.judge(new Share(changed, 1000), shares(runs, usual, 1000)).isPresent())
        .isEqualTo(suspected);
  }

  @Test
  void judge_comparesWithTheLargestShare_ofWhatThereWasThen() {
    List<Share> shares = new ArrayList<>(shares(9, 1, 1000));
    shares.add(new Share(15, 100));
    assertThat(USUAL.judge(new Share(450, 1000), shares)).isEmpty();
    assertThat(USUAL.judge(new Share(451, 1000), shares))
        .contains(new Hold(Kind.CONTENT_CHANGED, 451, 1000));
    assertThat(USUAL.judge(new Share(99, 99), shares(10, 0, 99))).isEmpty();
    assertThat(new Guard(100, 1).judge(new Share(99, 99), shares(10, 0, 99))).isEmpty();
  }

  // --- what is said ----------------------------------------------------------------------------

  @Test
  void describe_namesTheFigures() {
    assertThat(USUAL.describe(new Hold(Kind.LOST, 4210, 10_000), 0))
        .isEqualTo("4210 of 10000 entries are gone (42 %, GUARD_PERCENT is 30)");
    assertThat(USUAL.describe(new Hold(Kind.LOST, 3001, 10_000), 2900))
        .isEqualTo(
            "3001 of 10000 entries are gone (more than 30 %, GUARD_PERCENT is 30), 2900 of them by"
                + " an exclude rule or limit that leaves out what is still there");
    assertThat(USUAL.describe(new Hold(Kind.EMPTY, 999, 1000), 0))
        .isEqualTo("is empty and had 999 entries");
    assertThat(USUAL.describe(new Hold(Kind.EMPTY, 1, 1), 0)).isEqualTo("is empty and had 1 entry");
    assertThat(USUAL.describe(new Hold(Kind.LOST, 1, 2), 0)).startsWith("1 of 2 entries is gone (");
    assertThat(USUAL.describe(new Hold(Kind.LOST, 2, 2), 0)).startsWith("2 of 2 entries are gone");
  }

  @Test
  void release_isACommand_thatAShellTakes() {
    assertThat(USUAL.release(HOME)).isEqualTo("deferred-sync run --approve /home");
    assertThat(USUAL.release(FilePath.of("/it's mine")))
        .isEqualTo("deferred-sync run --approve '/it'\\''s mine'");
    assertThat(USUAL.release(FilePath.of("/a;b"))).endsWith(" '/a;b'");
    assertThat(new Guard(30, 100, "deferred-sync run -c /its.conf").release(HOME))
        .isEqualTo("deferred-sync run -c /its.conf --approve /home");
  }

  // --- what earlier runs know ------------------------------------------------------------------

  private static Run run(
      long id, FilePath path, SourceState state, long contents, long changed, Hold... holds) {
    Counts counts = state.restorable() ? new Counts(contents, 1, 0, 0, 0, 0, 0, 0, 0) : Counts.NONE;
    RunSource source =
        new RunSource(
            path, state, "because", counts, false, new Turnover(contents, changed), List.of(holds));
    return new Run(id, Instant.ofEpochSecond(id), null, null, List.of(source));
  }

  @Test
  void memory_looksAtTheLastRunOfTheSource_andReleasesOnlyWhatThatRecorded() {
    Hold lost = new Hold(Kind.LOST, 350, 1000);
    FilePath other = FilePath.of("/etc");
    List<Run> runs =
        List.of(
            run(1, HOME, SourceState.COMPLETE, 999, 0),
            run(2, HOME, SourceState.HELD, 0, 0, lost),
            run(3, other, SourceState.COMPLETE, 5, 0));

    GuardMemory memory = new GuardMemory(runs, Set.of(HOME, other));

    assertThat(memory.released(HOME)).containsExactly(lost);
    assertThat(memory.released(other)).isEmpty();
    assertThat(memory.warnings())
        .containsExactly(
            "/etc: --approve changes nothing, the last run recorded no reason to hold it");
    assertThat(new GuardMemory(runs, Set.of()).released(HOME)).isEmpty();
    assertThat(memory.entries(HOME)).isEqualTo(1000);
    assertThat(memory.entries(FilePath.of("/new"))).isZero();
    List<Run> mended = new ArrayList<>(runs);
    mended.add(run(4, HOME, SourceState.COMPLETE, 649, 0));
    assertThat(new GuardMemory(mended, Set.of(HOME)).released(HOME)).isEmpty();
  }

  @Test
  void memory_warnsOfWhatCannotBeReleased() {
    List<Run> runs = List.of(run(1, HOME, SourceState.HELD, 0, 0, new Hold(Kind.MISSING, 0, 0)));
    assertThat(new GuardMemory(runs, Set.of(HOME)).warnings())
        .containsExactly("/home: --approve cannot release why it was held: because");
  }

  @Test
  void memory_keepsTheAlarm_untilItIsApproved() {
    Hold alarm = new Hold(Kind.CONTENT_CHANGED, 500, 1000);
    List<Run> runs = List.of(run(1, HOME, SourceState.COMPLETE, 1000, 500, alarm));
    assertThat(new GuardMemory(runs, Set.of()).alarm(HOME)).contains(alarm);
    assertThat(new GuardMemory(runs, Set.of(HOME)).alarm(HOME)).isEmpty();
  }

  @Test
  void memory_countsCompleteRunsOnly_eachByWhatTheSourceHadBefore() {
    List<Run> runs = new ArrayList<>();
    runs.add(run(1, HOME, SourceState.COMPLETE, 100, 0));
    runs.add(run(2, HOME, SourceState.COMPLETE, 200, 10));
    runs.add(run(3, HOME, SourceState.HELD, 0, 0));
    runs.add(run(4, HOME, SourceState.PARTIAL, 300, 90));
    runs.add(run(5, HOME, SourceState.COMPLETE, 400, 20));
    GuardMemory memory = new GuardMemory(runs, Set.of());
    assertThat(memory.shares(HOME))
        .containsExactly(new Share(20, 300), new Share(10, 100), new Share(0, 0));
    assertThat(memory.contents(HOME)).isEqualTo(400);
    for (int id = 6; id < 30; id++) {
      runs.add(run(id, HOME, SourceState.COMPLETE, 400, 1));
    }
    assertThat(new GuardMemory(runs, Set.of()).shares(HOME)).hasSize(10);
  }
}
