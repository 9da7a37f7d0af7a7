package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class GlobTest {
  private static Glob glob(String pattern) {
    return Glob.of(bytes(pattern)).orElseThrow();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static boolean matches(String pattern, String text) {
    return glob(pattern).matches(bytes(text));
  }

  private static String top(String pattern) {
    return new String(glob(pattern).top(), StandardCharsets.UTF_8);
  }

  @Test
  void pattern_withoutSlash_isAboutNames() {
    assertThat(glob("*.conf").isOfPath()).isFalse();
    assertThat(matches("*.conf", "a.conf")).isTrue();
    assertThat(matches("*.conf", ".conf")).isTrue();
    assertThat(matches("*.conf", "a.config")).isFalse();
    assertThat(matches("[a-c]?", "bé")).as("a byte is matched, not a letter").isFalse();
    assertThat(matches("\\*", "*")).isTrue();
    assertThat(matches("\\*", "a")).isFalse();
    assertThat(Glob.of(new byte[] {(byte) 0xff, '*'}).orElseThrow().matches(new byte[] {-1, 65}))
        .isTrue();
  }

  @Test
  void pattern_withASlash_isAboutPaths() {
    assertThat(glob("/etc/*.conf").isOfPath()).isTrue();
    assertThat(matches("/etc/*.conf", "/etc/a.conf")).isTrue();
    assertThat(matches("/etc/*.conf", "/etc/sub/a.conf")).isFalse();
    assertThat(matches("/etc/**.conf", "/etc/sub/a.conf")).isTrue();
    assertThat(matches("sub/*.conf", "/etc/sub/a.conf")).isTrue();
    assertThat(matches("sub/*.conf", "/etc/mysub/a.conf")).isFalse();
    assertThat(matches("sub/*.conf", "/sub/a.conf")).isTrue();
  }

  @Test
  void pattern_withASlashAtItsEnd_isAboutDirectories() {
    assertThat(glob("cache/").isOfDirectories()).isTrue();
    assertThat(glob("cache/").isOfPath()).isFalse();
    assertThat(glob("cache").isOfDirectories()).isFalse();
    assertThat(matches("/var/cache/", "/var/cache")).isTrue();
  }

  @Test
  void pattern_thatCanMatchNothing_isNone() {
    assertThat(Glob.of(bytes(""))).isEmpty();
    assertThat(Glob.of(bytes("/"))).isEmpty();
    assertThat(Glob.of(bytes("[a"))).isEmpty();
    assertThat(Glob.of(bytes("a\\"))).isEmpty();
  }

  @Test
  void top_isTheDirectoryBeforeTheFirstWildcard() {
    assertThat(top("*.conf")).isEmpty();
    assertThat(top("sub/x")).isEmpty();
    assertThat(top("/etc")).isEmpty();
    assertThat(top("/etc/x")).isEqualTo("/etc");
    assertThat(top("/etc/sub*/x")).isEqualTo("/etc");
    assertThat(top("/etc/a/b[/]")).isEqualTo("/etc/a");
    assertThat(top("/et\\c/x")).isEmpty();
    assertThat(top("/**/x")).isEmpty();
  }
}
