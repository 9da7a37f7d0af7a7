package org.deferredsync.fs;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** The umask of this process, for one test at a time. */
final class Umask {
  static {
    Native.register(Umask.class, NativeLibrary.getProcess());
  }

  private Umask() {}

  /** Sets it and gives the old one. */
  static native int umask(int mask);
}
