package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.logging.Printable;

/**
 * A source on disk, and which of its entries stay under some exclude rules: as ours decide, and as
 * the installed rsync does. Texts are bytes, one character each (ISO 8859-1); directories end with
 * a slash.
 */
final class ExcludeRulesTree {
  private static final Pattern OCTAL = Pattern.compile("\\\\#([0-9]{3})");

  private final Path root;
  private final String source;
  private final List<String> entries;

  private ExcludeRulesTree(Path root, String source, List<String> entries) {
    this.root = root;
    this.source = source;
    this.entries = entries;
  }

  /** Makes ROOT/SOURCE with these paths below it, and the directories that they need. */
  static ExcludeRulesTree create(Path root, String source, Collection<String> paths)
      throws IOException, InterruptedException {
    Set<String> directories = new TreeSet<>(List.of(source + "/"));
    Set<String> files = new TreeSet<>();
    for (String path : paths) {
      String full = source + "/" + path;
      for (int i = full.indexOf('/'); i >= 0; i = full.indexOf('/', i + 1)) {
        directories.add(full.substring(0, i + 1));
      }
      if (!full.endsWith("/")) {
        files.add(full);
      }
    }
    Files.createDirectory(root.resolve("destination"));
    giveNames(root, directories, "mkdir", "-p", "--");
    giveNames(root, files, "touch", "--");
    List<String> entries = new ArrayList<>(directories);
    entries.addAll(files);
    return new ExcludeRulesTree(root, source, List.copyOf(entries));
  }

  /** Java cannot write a name that is not text; xargs takes bytes. */
  private static void giveNames(Path root, Set<String> names, String... command)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("xargs", "-0", "-r"));
    words.addAll(List.of(command));
    Process process =
        new ProcessBuilder(words).directory(root.toFile()).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      for (String name : names) {
        in.write(bytes(name + "\0"));
      }
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  /** The bytes of a text. */
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The path of an entry: its bytes without the slash that marks a directory. */
  static byte[] path(String entry) {
    return bytes(entry.endsWith("/") ? entry.substring(0, entry.length() - 1) : entry);
  }

  /** Texts fit for a message. */
  static String shown(Collection<String> texts) {
    List<String> shown = new ArrayList<>();
    texts.forEach(text -> shown.add("\"" + Printable.of(bytes(text)) + "\""));
    return String.join(" ", shown);
  }

  /** All entries: the source, then what lies below it, directories before files. */
  List<String> entries() {
    return entries;
  }

  /** What stays under our rules: an entry that is not excluded in a directory that stays. */
  Set<String> keptBy(ExcludeRules rules) {
    Set<String> kept = new TreeSet<>();
    for (String entry : entries) {
      boolean directory = entry.endsWith("/");
      String parent = entry.substring(0, entry.lastIndexOf('/', entry.length() - 2) + 1);
      boolean reached = parent.isEmpty() || kept.contains(parent);
      if (reached && !rules.excludes(path(entry), directory)) {
        kept.add(entry);
      }
    }
    return kept;
  }

  /** What rsync made of the rules. */
  record Answer(boolean accepted, Set<String> kept, String complaint) {}

  /** What stays when rsync reads {@code rules} with --exclude-from. */
  Answer keptByRsync(String rules) throws IOException, InterruptedException {
    Path file = Files.write(root.resolve("exclude.conf"), bytes(rules));
    ProcessBuilder builder =
        new ProcessBuilder(
            "rsync",
            "--dry-run",
            "--recursive",
            "--out-format=%n",
            "--exclude-from=" + file,
            root.resolve(source).toString(),
            root.resolve("destination") + "/");
    builder.environment().put("LC_ALL", "C");
    builder.redirectError(root.resolve("complaint").toFile());
    Process process = start(builder);
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    boolean accepted = process.waitFor() == 0;
    Set<String> kept = new TreeSet<>();
    output.lines().forEach(line -> kept.add(decoded(line)));
    return new Answer(accepted, kept, Files.readString(root.resolve("complaint")));
  }

  private static Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new AssertionError("this test compares with rsync; install rsync", e);
    }
  }

  /** rsync writes odd bytes as {@code \#ooo}, and a backslash that would look like it too. */
  private static String decoded(String line) {
    return OCTAL
        .matcher(line)
        .replaceAll(
            (MatchResult match) ->
                Matcher.quoteReplacement(
                    String.valueOf((char) Integer.parseInt(match.group(1), 8))));
  }
}
