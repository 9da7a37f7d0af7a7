package org.deferredsync.plugin.dump;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.plugin.dump.DumpRecord.Failure;
import org.deferredsync.plugin.dump.DumpRecord.Proof;
import org.deferredsync.plugin.dump.DumpRecord.Result;

/**
 * The text of a record: lines of words, each beginning with what it says; free text is
 * percent-encoded, so that it is one word.
 */
final class RecordText {
  private static final String FORMAT = "deferred-sync-dump 1";

  private RecordText() {}

  static String of(DumpRecord record) {
    List<String> lines = new ArrayList<>(List.of(FORMAT));
    lines.add(line("dump", record.kind().name(), record.directory(), record.contents()));
    Dumped dump = record.dump();
    if (dump != null) {
      lines.add(
          line(
              "good",
              dump.file(),
              dump.checked(),
              dump.written(),
              dump.contentHash(),
              dump.fileHash(),
              dump.contentBytes(),
              dump.fileBytes(),
              dump.mark()));
      new TreeMap<>(dump.tables().rows())
          .forEach((table, rows) -> lines.add(line("table", table, rows)));
    }
    Failure failure = record.failure();
    if (failure != null) {
      lines.add(line("failure", failure.time(), failure.reason()));
    }
    Proof proof = record.proof();
    if (proof != null) {
      lines.add(line("proof", proof.time(), proof.written(), proof.result(), proof.text()));
    }
    return String.join("\n", lines) + "\n";
  }

  private static String line(String what, Object... words) {
    List<String> line = new ArrayList<>(List.of(what));
    for (Object word : words) {
      line.add(URLEncoder.encode(word.toString(), StandardCharsets.UTF_8));
    }
    return String.join(" ", line);
  }

  /**
   * Reads it back.
   *
   * @throws IllegalArgumentException if it is no such text, or was cut short
   */
  static DumpRecord read(String text) {
    List<String> lines = text.lines().toList();
    if (lines.size() < 2 || !lines.get(0).equals(FORMAT) || !text.endsWith("\n")) {
      throw new IllegalArgumentException("not a record of a dump");
    }
    try {
      return read(lines.subList(1, lines.size()));
    } catch (IndexOutOfBoundsException | DateTimeParseException e) {
      throw new IllegalArgumentException("a damaged record of a dump", e);
    }
  }

  private static DumpRecord read(List<String> lines) {
    Map<String, List<String>> by = new TreeMap<>();
    Map<String, Long> rows = new TreeMap<>();
    for (String line : lines) {
      List<String> words = new ArrayList<>();
      for (String word : line.split(" ", -1)) {
        words.add(URLDecoder.decode(word, StandardCharsets.UTF_8));
      }
      if (words.get(0).equals("table")) {
        rows.put(words.get(1), Long.parseLong(words.get(2)));
      } else {
        by.put(words.get(0), words);
      }
    }
    List<String> of = by.getOrDefault("dump", List.of());
    Kind kind = Kind.valueOf(of.get(1));
    DumpRecord record = DumpRecord.of(kind, of.get(2), of.get(3));
    List<String> good = by.get("good");
    if (good != null) {
      record = record.with(dumped(good, new Tables(kind, rows)));
    }
    List<String> failure = by.get("failure");
    if (failure != null) {
      record = record.with(new Failure(Instant.parse(failure.get(1)), failure.get(2)));
    }
    List<String> proof = by.get("proof");
    return proof == null
        ? record
        : record.with(
            new Proof(
                Instant.parse(proof.get(1)),
                Instant.parse(proof.get(2)),
                Result.valueOf(proof.get(3)),
                proof.get(4)));
  }

  private static Dumped dumped(List<String> words, Tables tables) {
    return new Dumped(
        words.get(1),
        Instant.parse(words.get(2)),
        Instant.parse(words.get(3)),
        words.get(4),
        words.get(5),
        Long.parseLong(words.get(6)),
        Long.parseLong(words.get(7)),
        words.get(8),
        tables);
  }
}
