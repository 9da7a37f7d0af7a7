package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Contents.Total;

/**
 * The contents that were read longest ago, up to a share of them all. A file weighs its bytes and
 * what opening it costs, so that neither many small files nor a few large ones are put off for
 * ever.
 *
 * @param untilNs contents read last after this moment are not among them
 * @param total how much there is to read, nearly
 * @param weight how much at most
 */
record Selection(long untilNs, Total total, double weight) {
  private static final int PAGE = 1_000;
  private static final long OPENING = 64 << 10;

  /**
   * Selects.
   *
   * @param times how much was read last at each time
   * @param percent 1 to 100
   * @param beforeNs what was read at this moment or later is not selected
   */
  static Selection of(SortedMap<Long, Total> times, int percent, long beforeNs) {
    double all = 0;
    for (Total total : times.values()) {
      all += weight(total.contents(), total.bytes());
    }
    double wanted = percent >= Verifier.ALL ? Double.MAX_VALUE : all * percent / Verifier.ALL;
    long until = Long.MIN_VALUE + 1;
    long contents = 0;
    long bytes = 0;
    for (Map.Entry<Long, Total> time : times.headMap(beforeNs).entrySet()) {
      if (weight(contents, bytes) >= wanted) {
        break;
      }
      until = time.getKey();
      contents += time.getValue().contents();
      bytes += time.getValue().bytes();
    }
    double share = Math.min(1, wanted / Math.max(1, weight(contents, bytes)));
    return new Selection(
        until, new Total((long) (contents * share), (long) (bytes * share)), wanted);
  }

  private static double weight(long contents, long bytes) {
    return (double) contents * OPENING + bytes;
  }

  /** Takes a content; answers whether there may be more. */
  interface Taker {
    boolean take(Content content) throws IOException;
  }

  /** Hands over the contents of the selection; the last one may be heavier than what is left. */
  void each(Catalogue catalogue, Taker taker) throws IOException {
    double taken = each(catalogue, Long.MIN_VALUE, untilNs - 1, 0, taker);
    each(catalogue, untilNs, untilNs, taken, taker);
  }

  /** Answers the weight of all that has been taken. */
  private double each(Catalogue catalogue, long from, long until, double before, Taker taker)
      throws IOException {
    double taken = before;
    long last = 0;
    for (List<Content> page = catalogue.contents().page(from, until, last, PAGE);
        !page.isEmpty();
        page = catalogue.contents().page(from, until, last, PAGE)) {
      for (Content content : page) {
        last = content.id();
        if (taken >= weight || !taker.take(content)) {
          return weight;
        }
        taken += weight(1, content.size());
      }
    }
    return taken;
  }
}
