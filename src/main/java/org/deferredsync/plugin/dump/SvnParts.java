package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;

/** The dumps that make one repository together: a whole one, then those of later revisions. */
final class SvnParts {
  private static final Pattern RANGE = Pattern.compile("\\.([0-9]{9})-([0-9]{9})\\.dump\\z");

  private final List<DumpRecord> parts;

  private SvnParts(List<DumpRecord> parts) {
    this.parts = parts;
  }

  static SvnParts of(Dumps dumps, DumpName whole) throws IOException {
    return of(dumps.rememberedHere(), whole.contents());
  }

  /** Those of {@code records} that belong to the whole one of that name, in their order. */
  static SvnParts of(List<DumpRecord> records, String whole) {
    List<DumpRecord> parts = new ArrayList<>();
    records.stream()
        .filter(record -> record.kind() == Kind.SVN && record.dump() != null)
        .filter(record -> wholeOf(record).equals(whole))
        .sorted(Comparator.comparing(DumpRecord::contents, SvnParts::compare))
        .forEach(parts::add);
    return new SvnParts(parts);
  }

  private static int compare(String one, String other) {
    boolean first = isPart(one);
    boolean second = isPart(other);
    return first == second ? one.compareTo(other) : Boolean.compare(first, second);
  }

  /** The name of the whole dump to which that one belongs, which may be itself. */
  static String wholeOf(DumpRecord record) {
    return RANGE.matcher(record.contents()).replaceFirst(".dump");
  }

  /** Whether a dump that is called so has new revisions alone. */
  static boolean isPart(String contents) {
    return RANGE.matcher(contents).find();
  }

  List<DumpRecord> all() {
    return parts;
  }

  DumpRecord newest() {
    return parts.get(parts.size() - 1);
  }

  /** The last revision in them. */
  long last() {
    Dumped dump = newest().dump();
    String[] mark = dump == null ? new String[0] : dump.mark().split(":", -1);
    return mark.length == 3 && mark[1].matches("[0-9]{1,9}") ? Long.parseLong(mark[1]) : -1;
  }

  /**
   * Whether all of them are there, whole as far as a look tells, and what the repository has now
   * goes on where they end.
   */
  boolean continueWith(Dumps dumps, String path, SvnHistory now)
      throws IOException, PluginException, InterruptedException {
    if (parts.isEmpty() || !parts.get(0).contents().equals(wholeOf(newest()))) {
      return false;
    }
    long last = last();
    if (last < 0 || last > now.youngest()) {
      return false;
    }
    long next = 0;
    for (DumpRecord part : parts) {
      Dumped dump = part.dump();
      Matcher range = RANGE.matcher(part.contents());
      boolean follows = !range.find() || Long.parseLong(range.group(1)) == next;
      if (dump == null
          || !follows
          || !dumps.directory().seemsToHold(dump.file(), dump.fileBytes())) {
        return false;
      }
      next = Long.parseLong(dump.mark().split(":", -1)[1]) + 1;
    }
    Dumped newest = newest().dump();
    return newest != null && newest.mark().equals(SvnHistory.of(dumps, path, last).mark());
  }

  /** Removes what a new whole dump has made needless. */
  void removeLater(Dumps dumps) throws IOException {
    for (DumpRecord part : parts) {
      if (isPart(part.contents())) {
        dumps.discard(part);
      }
    }
  }
}
