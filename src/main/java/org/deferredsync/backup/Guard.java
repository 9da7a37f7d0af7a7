package org.deferredsync.backup;

import java.util.List;
import java.util.Optional;
import org.deferredsync.logging.Quantity;
import org.deferredsync.logging.ShellWord;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;

/**
 * Tells an accident from work: whether a source lost, or changed, so much at once that a run must
 * not believe it. Pure: the same verdict for the same figures.
 *
 * @param percent more than this share is too much, 1 to 100; 100 is never too much
 * @param least a source that had fewer entries, or contents, is not judged by shares
 * @param command what an operator types to run the backup that it guards
 */
public record Guard(int percent, long least, String command) {
  /** The command of a run with the default configuration. */
  public static final String USUAL_COMMAND = "deferred-sync run";

  public static final Guard USUAL = new Guard(30, 100);

  /** So many runs must have shown how much of a source usually changes. */
  static final int EXPERIENCE = 10;

  private static final int OUT_OF_LINE = 3;

  public Guard {
    if (percent < 1 || percent > 100 || least < 1) {
      throw new IllegalArgumentException("percent is 1 to 100, and least at least 1");
    }
  }

  public Guard(int percent, long least) {
    this(percent, least, USUAL_COMMAND);
  }

  /**
   * What a plan takes away from a source.
   *
   * @param before entries that it had
   * @param removed entries that are not where they were
   * @param moved those of them that turned up elsewhere
   * @param excluded those of them that are where they were, and left out by an exclude rule now
   * @param empty whether nothing is left in it
   */
  record Loss(long before, long removed, long moved, long excluded, boolean empty) {
    long lost() {
      return removed - moved;
    }
  }

  /** Of how many contents a run changed how many. */
  record Share(long changed, long of) {}

  /** Why a source that loses this must be held; empty if it need not. */
  Optional<Hold> judge(Loss loss) {
    if (loss.empty() && loss.removed() > 0) {
      return Optional.of(new Hold(Kind.EMPTY, loss.removed(), loss.before()));
    }
    return isTooMuch(loss.lost(), loss.before())
        ? Optional.of(new Hold(Kind.LOST, loss.lost(), loss.before()))
        : Optional.empty();
  }

  /**
   * Whether a run changed suspiciously many contents.
   *
   * @param earlier the shares of the last complete runs, as many as there are up to {@link
   *     #EXPERIENCE}
   */
  Optional<Hold> judge(Share now, List<Share> earlier) {
    if (!isTooMuch(now.changed(), now.of()) || earlier.size() < EXPERIENCE) {
      return Optional.empty();
    }
    for (Share share : earlier) {
      if (now.changed() * share.of() <= OUT_OF_LINE * share.changed() * now.of()
          && share.changed() > 0) {
        return Optional.empty();
      }
    }
    return Optional.of(new Hold(Kind.CONTENT_CHANGED, now.changed(), now.of()));
  }

  private boolean isTooMuch(long count, long of) {
    return percent < 100 && of >= least && count * 100 > percent * of;
  }

  /**
   * Whether what an operator released covers {@code hold}: reasons of the same kind, or that entail
   * it, that are together no smaller.
   *
   * @param released what the last run recorded of the source
   */
  static boolean covers(List<Hold> released, Hold hold) {
    List<Hold> entailing = released.stream().filter(one -> entails(one, hold)).toList();
    return !entailing.isEmpty() && hold.count() <= entailing.stream().mapToLong(Hold::count).sum();
  }

  private static boolean entails(Hold released, Hold hold) {
    return switch (hold.kind()) {
      case MISSING -> false;
      case UNMOUNTED ->
          released.kind() == Kind.UNMOUNTED
              && !hold.mounts().isEmpty()
              && released.mounts().containsAll(hold.mounts());
      case EMPTY -> released.kind() == Kind.EMPTY || isReleasedMount(released);
      case LOST ->
          released.kind() == Kind.LOST
              || released.kind() == Kind.EMPTY
              || isReleasedMount(released);
      case CONTENT_CHANGED -> released.kind() == Kind.CONTENT_CHANGED;
    };
  }

  /** What lay in a mount that is meant to be gone is gone with it. */
  private static boolean isReleasedMount(Hold hold) {
    return hold.kind() == Kind.UNMOUNTED && !hold.mounts().isEmpty();
  }

  /** What happened, in words. */
  String describe(Hold hold, long excluded) {
    return switch (hold.kind()) {
      case MISSING -> "is missing";
      case UNMOUNTED ->
          "was the root of a mount, and is not mounted now; "
              + Quantity.of(hold.count(), "entry was", "entries were")
              + " in it";
      case EMPTY ->
          "is empty and had " + Quantity.of(hold.count(), "entry", "entries") + excluded(excluded);
      case LOST ->
          hold.count()
              + " of "
              + Quantity.of(hold.of(), "entry", "entries")
              + (hold.count() == 1 ? " is gone (" : " are gone (")
              + share(hold)
              + ")"
              + excluded(excluded);
      case CONTENT_CHANGED ->
          hold.count()
              + " of "
              + Quantity.of(hold.of(), "file")
              + " got other contents ("
              + share(hold)
              + ")";
    };
  }

  private static String excluded(long excluded) {
    return excluded == 0
        ? ""
        : ", "
            + excluded
            + " of them by an exclude rule or limit that leaves out what is still there";
  }

  private String share(Hold hold) {
    long share = hold.count() * 100 / hold.of();
    return (share == percent ? "more than " : "") + share + " %, GUARD_PERCENT is " + percent;
  }

  /** The command that releases what the last run recorded of the source. */
  String release(FilePath source) {
    return release(command, source);
  }

  /** The same where {@code command} runs the backup. */
  static String release(String command, FilePath source) {
    return command + " --approve " + ShellWord.of(source.toString());
  }
}
