package org.deferredsync.install;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** A Java runtime to the launcher's eyes, whose java is a shell script. */
record FakeJava(Path home) {
  static FakeJava make(Path home, String version, String script) {
    try {
      Files.createDirectories(home.resolve("bin"));
      Files.writeString(
          home.resolve("release"),
          """
          IMPLEMENTOR="Nobody"
          JAVA_VERSION="%s"
          LIBC="gnu"
          OS_ARCH="x86_64"
          OS_NAME="Linux"
          """
              .formatted(version));
      Path java = home.resolve("bin/java");
      Files.writeString(java, "#!/bin/sh\n" + script);
      Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
      return new FakeJava(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Map<String, String> environment() {
    return Map.of("DEFERRED_SYNC_JAVA_HOME", home.toString());
  }
}
