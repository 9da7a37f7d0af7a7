package org.deferredsync.plugin.dump;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;

/**
 * What svnadmin dump prints: records of headers, an empty line and as many bytes as the headers say
 * (dump-load-format.txt of Subversion). The format has no trailer: it is whole if it ends between
 * two records and with the revision that it had to reach.
 */
final class SvnStream implements Contents {
  static final String REVISIONS = "revisions";
  static final String NODES = "nodes";

  private static final String FORMAT = "SVN-fs-dump-format-version: ";
  private static final int LONGEST = 1 << 20;

  private final long youngest;
  private final MessageDigest digest = Digests.sha256();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private boolean begun;
  private boolean malformed;
  private boolean inHeaders;
  private long length;
  private long skip;
  private long revisions;
  private long nodes;
  private long last = -1;

  /**
   * @param youngest the revision that the dump has to reach
   */
  SvnStream(long youngest) {
    this.youngest = youngest;
  }

  @Override
  public void take(byte[] bytes, int count) {
    digest.update(bytes, 0, count);
    int i = 0;
    while (i < count && !malformed) {
      if (skip > 0) {
        int passed = (int) Math.min(skip, count - i);
        skip -= passed;
        i += passed;
      } else {
        byte b = bytes[i++];
        if (b == '\n') {
          endLine(line.toString(StandardCharsets.UTF_8));
          line.reset();
        } else if (line.size() < LONGEST) {
          line.write(b);
        } else {
          malformed = true;
        }
      }
    }
  }

  private void endLine(String text) {
    if (text.isEmpty()) {
      skip = inHeaders ? length : 0;
      length = 0;
      inHeaders = false;
      return;
    }
    inHeaders = true;
    int colon = text.indexOf(": ");
    malformed |= colon < 0 || !(begun || text.startsWith(FORMAT));
    begun = true;
    if (text.startsWith("Content-length: ")) {
      length = number(text, colon);
    } else if (text.startsWith("Revision-number: ")) {
      last = number(text, colon);
      revisions++;
    } else if (text.startsWith("Node-path: ")) {
      nodes++;
    }
  }

  private long number(String text, int colon) {
    String digits = text.substring(colon + 2);
    if (digits.matches("[0-9]{1,18}")) {
      return Long.parseLong(digits);
    }
    malformed = true;
    return 0;
  }

  /** The last revision in it, -1 if there is none. */
  long last() {
    return last;
  }

  @Override
  public String fault() {
    if (!begun || malformed) {
      return "it is no dump of Subversion";
    } else if (skip > 0 || inHeaders || line.size() > 0) {
      return "it ends within a record";
    }
    return last < youngest
        ? "it ends with revision " + last + ", and the repository has " + youngest
        : "";
  }

  @Override
  public Map<String, Long> tables() {
    return Map.of(REVISIONS, revisions, NODES, nodes);
  }

  @Override
  public String hash() {
    return Digests.text(digest);
  }
}
