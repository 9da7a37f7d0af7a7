package org.deferredsync.report;

import java.util.List;
import org.deferredsync.logging.Quantity;
import org.deferredsync.process.Durations;

/** The text on top of a mail: the verdict, what is new, then each script and plugin. */
final class Summary {
  private static final int MOST = 30;

  private final StringBuilder text = new StringBuilder();

  private Summary() {}

  static String of(RunReport report, News news, String about) {
    Summary summary = new Summary();
    summary.line(report.verdict());
    summary.line(
        "Host "
            + report.host()
            + ", status "
            + report.status()
            + ", after "
            + Durations.format(report.elapsed())
            + ".");
    summary.news(news);
    summary.line("");
    for (RunReport.Part part : report.parts()) {
      summary.part(part);
    }
    if (!report.troubles().isEmpty()) {
      summary.list("Warnings and errors", report.troubles());
    }
    summary.line("");
    summary.line(about);
    return summary.text.toString();
  }

  private void news(News news) {
    line("");
    if (!news.known()) {
      line("No run before this one is known.");
    } else if (news.isNone()) {
      line("Nothing is new since the last run.");
    }
    if (!news.fresh().isEmpty()) {
      list("New since the last run", news.fresh());
    }
    if (!news.gone().isEmpty()) {
      list("No longer so", news.gone());
    }
  }

  private void part(RunReport.Part part) {
    String counts =
        (part.warnings() == 0 ? "" : ", " + Quantity.of(part.warnings(), "warning"))
            + (part.errors() == 0 ? "" : ", " + Quantity.of(part.errors(), "error"));
    line(
        (part.status() == 0 ? "  ok  " : "  " + part.status() + "   ")
            + part.name()
            + " ("
            + Durations.format(part.elapsed())
            + counts
            + ")");
    if (!part.reason().isEmpty()) {
      line("        " + part.reason());
    }
    part.results().forEach(result -> line("        " + result));
  }

  private void list(String title, List<String> lines) {
    line("");
    line(title + ":");
    lines.stream().limit(MOST).forEach(line -> line("  " + line));
    if (lines.size() > MOST) {
      line("  and " + (lines.size() - MOST) + " more; see the log");
    }
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
