package org.deferredsync.fs;

/** The calls of systems other than Linux, for tests of those who make them. */
public final class PlainJava {
  private PlainJava() {}

  public static Posix posix() {
    return new NioPosix(NioNames.ofSystem());
  }
}
