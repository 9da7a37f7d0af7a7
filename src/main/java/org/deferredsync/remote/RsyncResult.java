package org.deferredsync.remote;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;
import org.deferredsync.remote.RemoteException.Kind;

/**
 * What became of one rsync; its exit status never leaves this class but as one of our own words.
 *
 * @param figures what {@code --stats} counts, by name
 * @param output what it said on standard output, the first lines
 * @param errors what it said on standard error, the first lines and how many deletions it left out
 */
public record RsyncResult(
    CommandResult result, Map<String, Long> figures, List<String> output, List<String> errors) {
  private static final int VANISHED = 24;
  private static final int DELETIONS_LIMITED = 25;
  private static final int PARTIAL = 23;
  private static final int SSH = 255;

  /** Of rsync(1): protocol, socket and stream errors, both timeouts; 255 is ssh's own. */
  private static final Set<Integer> NETWORK = Set.of(5, 10, 12, 30, 35, SSH);

  private static final Pattern SKIPPED =
      Pattern.compile("Deletions stopped due to --max-delete limit \\((\\d{1,18}) skipped\\)");
  private static final Pattern ABSENT =
      Pattern.compile(
          "rsync: .*(change_dir|link_stat) .* failed: No such file or directory \\(2\\)");

  /** rrsync(1) dies of it by itself, and what rsync makes of that says nothing. */
  private static final Pattern RESTRICTED_ABSENT =
      Pattern.compile("\\S*rrsync error: .* No such file or directory");

  private static final Pattern FULL =
      Pattern.compile("(?i).*(no space left on device|disk quota exceeded).*");

  public RsyncResult {
    figures = Map.copyOf(figures);
    output = List.copyOf(output);
    errors = List.copyOf(errors);
  }

  /** What there was nothing to do for. */
  static RsyncResult nothing() {
    return new RsyncResult(
        new CommandResult(new Ending.Exited(0), List.of(), Duration.ZERO),
        Map.of(),
        List.of(),
        List.of());
  }

  /** Whether it did all that it was to do. */
  boolean succeeded() {
    return result.succeeded();
  }

  private int status() {
    return result.ending() instanceof Ending.Exited exited ? exited.status() : -1;
  }

  /** Whether all is there that was to be; files that went away meanwhile do not count. */
  public boolean good() {
    return result.succeeded() || (vanished() && !limited());
  }

  /** Whether files went away on the sender's side before they were read. */
  public boolean vanished() {
    return status() == VANISHED;
  }

  /** Whether something could not be read or written, and the rest is there. */
  public boolean partial() {
    return status() == PARTIAL;
  }

  /**
   * Whether what was asked for is not there, and nothing else is wrong. The status does not tell:
   * where the directory that it is to be in is missing, the other end just goes.
   */
  boolean absent() {
    boolean ended = !succeeded() && status() != SSH;
    return ended
        && errors.stream().anyMatch(RsyncResult::saysAbsent)
        && errors.stream()
            .allMatch(
                line ->
                    saysAbsent(line)
                        || line.startsWith("rsync error:")
                        || line.startsWith("rsync: connection unexpectedly closed")
                        || line.endsWith("write error: Broken pipe (32)"));
  }

  private static boolean saysAbsent(String line) {
    return ABSENT.matcher(line).matches() || RESTRICTED_ABSENT.matcher(line).matches();
  }

  /** Whether a line of standard error says how many deletions were left out. */
  static boolean tellsOfLimit(String line) {
    return SKIPPED.matcher(line).matches();
  }

  /** How many deletions beyond {@code --max-delete} were left out. */
  public long skippedDeletions() {
    for (String line : errors) {
      Matcher matcher = SKIPPED.matcher(line);
      if (matcher.matches()) {
        return Long.parseLong(matcher.group(1));
      }
    }
    return 0;
  }

  /**
   * Whether deletions were left out, and nothing else is wrong than what such a deletion was to
   * make way for, or that files went away, which rsync's status tells instead.
   */
  public boolean limited() {
    return status() == DELETIONS_LIMITED || ((partial() || vanished()) && skippedDeletions() > 0);
  }

  /** A figure of {@code --stats}. */
  public OptionalLong figure(String name) {
    Long value = figures.get(name);
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /** Whose trouble a bad end is. */
  Kind kind() {
    if (errors.stream().anyMatch(line -> FULL.matcher(line).matches())) {
      return Kind.FAILURE;
    }
    if (!result.started()) {
      return Kind.PREREQUISITE;
    }
    boolean silent = result.ending() instanceof Ending.TimedOut;
    return silent || NETWORK.contains(status()) ? Kind.NETWORK : Kind.FAILURE;
  }

  /**
   * The bad end as an error: what failed, what was said of it, and what to do.
   *
   * @param what of which host, as the beginning of a sentence
   */
  public RemoteException trouble(String what) {
    return new RemoteException(kind(), what + ": " + reason());
  }

  private String reason() {
    for (String line : errors) {
      if (FULL.matcher(line).matches()) {
        return "the disk is full (" + line + "); make room and run again.";
      }
    }
    if (!result.started()) {
      return "rsync " + result.describe() + "; install it.";
    }
    String said = errors.isEmpty() ? "" : " (" + errors.get(0) + ")";
    return kind() == Kind.NETWORK
        ? "the connection was lost" + said + "; the next run goes on where this one was."
        : "rsync " + result.describe() + said + ".";
  }
}
