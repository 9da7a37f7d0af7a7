package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Function;
import org.deferredsync.fs.Posix;

/** Somebody who is not root, as whom the calling thread alone goes on for a while. */
final class OrdinaryUser implements AutoCloseable {
  static final int ID = 65534;

  private static final long SETRESUID = 117; // of amd64

  private OrdinaryUser() {}

  /** Becomes one until that is closed; what is loaded by then may lie where only root can read. */
  static OrdinaryUser become() {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can become somebody else");
    set(ID);
    return new OrdinaryUser();
  }

  /** The system call knows no processes, and changes the effective user alone. */
  private static void set(int uid) {
    Function syscall = Function.getFunction("c", "syscall");
    int answer = syscall.invokeInt(new Object[] {SETRESUID, -1L, (long) uid, -1L});
    assertThat(answer).isZero();
  }

  @Override
  public void close() {
    set(0);
  }
}
