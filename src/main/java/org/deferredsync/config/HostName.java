package org.deferredsync.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** The name of this host in the three forms of hostname(1). */
public final class HostName {
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private final Supplier<String> name;
  private final Function<String, Optional<String>> canonical;

  /**
   * A name and how its canonical form is found; both are asked only when they are needed.
   *
   * @param canonical empty if it cannot be resolved
   */
  public HostName(Supplier<String> name, Function<String, Optional<String>> canonical) {
    this.name = name;
    this.canonical = canonical;
  }

  /** The forms that {@code hostname}, {@code hostname -s} and {@code hostname -f} print. */
  public enum Form {
    PLAIN,
    SHORT,
    FULL
  }

  /** The name of the host that this process runs on. */
  public static HostName ofSystem() {
    return new HostName(HostName::fromKernel, HostName::resolve);
  }

  private static String fromKernel() {
    try {
      if (Files.exists(KERNEL)) {
        return Files.readString(KERNEL, StandardCharsets.ISO_8859_1).strip();
      }
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<String> resolve(String name) {
    try {
      InetAddress address = InetAddress.getByName(name);
      String canonical = address.getCanonicalHostName();
      return Optional.of(canonical).filter(found -> !found.equals(address.getHostAddress()));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** The name in that form; the full one is the plain one where it cannot be resolved. */
  public String text(Form form) {
    String plain = name.get();
    return switch (form) {
      case PLAIN -> plain;
      case SHORT -> plain.indexOf('.') < 0 ? plain : plain.substring(0, plain.indexOf('.'));
      case FULL -> canonical.apply(plain).orElse(plain);
    };
  }
}
