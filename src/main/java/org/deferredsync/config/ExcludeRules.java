package org.deferredsync.config;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rules of an exclude file in their order, meaning what {@code rsync --exclude-from} means by
 * them: the first that matches decides, what none matches is included, and nothing below an
 * excluded directory is ever asked for. Immutable, for any number of threads.
 *
 * <p>Paths are relative to the parent of the source, as in {@code rsync SOURCE DEST/}: with the
 * source {@code /home/ubuntu} the rule {@code /ubuntu/tmp} is about {@code /home/ubuntu/tmp}.
 */
public final class ExcludeRules {
  private static final ExcludeRules NONE = new ExcludeRules(List.of(), List.of());

  private final ExcludeRule[] rules;
  private final List<String> warnings;
  private final byte[] fingerprint;

  ExcludeRules(List<ExcludeRule> rules, List<String> warnings) {
    this.rules = rules.toArray(new ExcludeRule[0]);
    this.warnings = List.copyOf(warnings);
    this.fingerprint = fingerprint(this.rules);
  }

  /** No rules: everything is included. */
  public static ExcludeRules none() {
    return NONE;
  }

  /**
   * The rules of a file's bytes.
   *
   * @param fileName how messages name the file
   * @throws SettingException if rsync refuses the file: a {@code + } or {@code - } without pattern
   */
  public static ExcludeRules parse(byte[] text, String fileName) throws SettingException {
    return new ExcludeRuleReader(text, fileName).read();
  }

  /**
   * The rules that stand one by one in a list of the configuration.
   *
   * @param patterns none with a line break
   * @throws SettingException if rsync refuses one
   */
  public static ExcludeRules parse(List<Settings.Item> patterns) throws SettingException {
    String text = patterns.stream().map(Settings.Item::text).collect(Collectors.joining("\n"));
    return new ExcludeRuleReader(
            text.getBytes(StandardCharsets.UTF_8), line -> patterns.get(line - 1).origin() + ": ")
        .read();
  }

  /** These rules, and those behind them. */
  public ExcludeRules then(ExcludeRules others) {
    List<ExcludeRule> all = new ArrayList<>(rules());
    all.addAll(others.rules());
    List<String> both = new ArrayList<>(warnings);
    both.addAll(others.warnings);
    return new ExcludeRules(all, both);
  }

  private static byte[] fingerprint(ExcludeRule[] rules) {
    MessageDigest digest = sha256();
    digest.update("deferred-sync exclude rules 1\n".getBytes(StandardCharsets.US_ASCII));
    for (ExcludeRule rule : rules) {
      byte[] pattern = rule.pattern();
      digest.update((byte) (rule.includes() ? '+' : '-'));
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, pattern.length));
      digest.update(pattern);
    }
    return digest.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Whether this entry is left out, on the understanding that the directories above it are not.
   *
   * @param path relative to the parent of the source, without a slash at either end
   */
  public boolean excludes(byte[] path, boolean directory) {
    return excludes(path, 0, path.length, directory);
  }

  /**
   * The same for the path that lies in {@code bytes} from {@code from} to before {@code to}; what
   * precedes it, as the parent of the source, is not looked at.
   */
  public boolean excludes(byte[] bytes, int from, int to, boolean directory) {
    ExcludeRule rule = deciding(bytes, from, to, directory);
    return rule != null && !rule.includes();
  }

  /** The rule that {@link #excludes} obeys for this path, if any matches it. */
  public Optional<ExcludeRule> decidedBy(byte[] path, boolean directory) {
    return Optional.ofNullable(deciding(path, 0, path.length, directory));
  }

  private @Nullable ExcludeRule deciding(byte[] bytes, int from, int to, boolean directory) {
    if (rules.length == 0) {
      return null;
    }
    int name = to;
    while (name > from && bytes[name - 1] != '/') {
      name--;
    }
    for (ExcludeRule rule : rules) {
      if (rule.matches(bytes, from, name, to, directory)) {
        return rule;
      }
    }
    return null;
  }

  /** All of them, in their order. */
  List<ExcludeRule> rules() {
    return List.of(rules);
  }

  /** Lines that rsync accepts but that do nothing, each a sentence with its place. */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * SHA-256 over the rules in force, in their order: equal if and only if the same patterns stand
   * in the same order, whatever comments surround them. The caller's own copy.
   */
  public byte[] fingerprint() {
    return fingerprint.clone();
  }
}
