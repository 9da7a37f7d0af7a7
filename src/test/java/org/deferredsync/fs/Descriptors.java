package org.deferredsync.fs;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Descriptors of this process besides those that the program knows. */
public final class Descriptors {
  static {
    Native.register(Descriptors.class, NativeLibrary.getProcess());
  }

  private Descriptors() {}

  /**
   * A copy of the one that is open on {@code file}, as a child has it that another thread is
   * starting, until it becomes its program.
   */
  public static int copyOf(Path file) throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : open) {
        if (Files.isSymbolicLink(descriptor)
            && Files.readSymbolicLink(descriptor).equals(file.toRealPath())) {
          return dup(Integer.parseInt(descriptor.getFileName().toString()));
        }
      }
    }
    throw new IOException(file + ": not open");
  }

  private static native int dup(int descriptor);

  /** Closes one that {@link #copyOf} made. */
  public static native int close(int descriptor);
}
