package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Things with names, in the order of their names, of which one page is held at a time. */
final class PagedNames<T> {
  private final Source<T> source;
  private final NameOf<T> nameOf;
  private List<T> page = List.of();
  private int at;
  private byte @Nullable [] last;
  private boolean ended;

  /** Where the pages come from. */
  interface Source<T> {
    /** What follows a name, or what is first; nothing at the end. */
    List<T> after(byte @Nullable [] name) throws IOException;
  }

  /** Tells the name of a thing. */
  interface NameOf<T> {
    byte[] of(T thing);
  }

  PagedNames(Source<T> source, NameOf<T> nameOf) {
    this.source = source;
    this.nameOf = nameOf;
  }

  /** The next thing; null at the end. */
  @Nullable T next() throws IOException {
    if (at == page.size()) {
      if (!ended) {
        page = source.after(last);
        at = 0;
        ended = page.isEmpty();
      }
      if (ended) {
        return null;
      }
      last = nameOf.of(page.get(page.size() - 1));
    }
    return page.get(at++);
  }
}
