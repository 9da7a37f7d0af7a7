package org.deferredsync.fs;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How wide the terminal is that a descriptor of this process is open on. */
public final class TerminalWidth {
  private static final int USUAL = 80;

  private TerminalWidth() {}

  /** In columns; 80 where nobody says. */
  public static int of(int descriptor) {
    return Platform.isLinux() ? Calls.width(descriptor) : USUAL;
  }

  /** Loaded where the kernel's numbers hold: ioctl_tty(2). */
  private static final class Calls {
    private static final long TIOCGWINSZ = 0x5413;
    private static final int COLUMNS = 2;
    private static final int LENGTH = 8;

    static {
      Native.register(Calls.class, NativeLibrary.getProcess());
    }

    static native int ioctl(int descriptor, long request, ByteBuffer size);

    static int width(int descriptor) {
      ByteBuffer size = ByteBuffer.allocateDirect(LENGTH).order(ByteOrder.nativeOrder());
      int columns =
          ioctl(descriptor, TIOCGWINSZ, size) == 0
              ? Short.toUnsignedInt(size.getShort(COLUMNS))
              : 0;
      return columns == 0 ? USUAL : columns;
    }
  }
}
