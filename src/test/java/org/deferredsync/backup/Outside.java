package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** What lies outside of a source or of where something is restored: nobody's to read or change. */
final class Outside {
  private static final String CANARY = "canary5903";

  final Path top;
  private Map<String, String> before = Map.of();

  /**
   * Makes it.
   *
   * @param names of files in it, each with a secret, or, with a slash at the end, of directories
   */
  Outside(Path top, String... names) throws IOException {
    this.top = Files.createDirectories(top);
    for (String name : names) {
      Path path = top.resolve(name);
      if (name.endsWith("/")) {
        Files.createDirectories(path);
      } else {
        Files.createDirectories(path.getParent());
        Files.writeString(path, CANARY + " in " + name + "\n");
      }
    }
    Shell.run("chmod", "-R", "go=", top.toString());
    learn();
  }

  /** What is there now is to stay as it is. */
  void learn() throws IOException {
    before = TreeText.of(top);
  }

  /** Nothing in it was changed, its owners, modes and times neither, and nothing came or went. */
  void assertUntouched() throws IOException {
    assertThat(TreeText.of(top)).as("outside").isEqualTo(before);
  }

  /** No name and no byte of it is in the tree. */
  void assertNotIn(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.toList()) {
        assertThat(path.getFileName().toString()).doesNotStartWith("secret");
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          assertThat(new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1))
              .as("%s", path)
              .doesNotContain(CANARY);
        }
      }
    }
  }
}
