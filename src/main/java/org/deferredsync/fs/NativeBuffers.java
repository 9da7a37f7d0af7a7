package org.deferredsync.fs;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.deferredsync.logging.Printable;

/**
 * Native memory of one thread, used again by each call: room for two names, one structure and one
 * transfer. Nothing in it outlives the call that wrote it.
 */
final class NativeBuffers {
  /** How many bytes go through one call of read, write or getdents64. */
  static final int TRANSFER_LENGTH = 256 * 1024;

  /** PATH_MAX of Linux, the closing NUL included. */
  private static final int NAME_LENGTH = 4096;

  private static final int SECOND_NAME = NAME_LENGTH;
  private static final int STRUCTURE = 2 * NAME_LENGTH;
  private static final int STRUCTURE_LENGTH = 4096;
  private static final int TRANSFER = STRUCTURE + STRUCTURE_LENGTH;

  private static final ThreadLocal<NativeBuffers> OF_THREAD =
      ThreadLocal.withInitial(NativeBuffers::new);

  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(TRANSFER + TRANSFER_LENGTH).order(ByteOrder.nativeOrder());
  private final ByteBuffer structure =
      memory.slice(STRUCTURE, STRUCTURE_LENGTH).order(ByteOrder.nativeOrder());
  private final long address = Pointer.nativeValue(Native.getDirectBufferPointer(memory));

  private NativeBuffers() {}

  static NativeBuffers ofThread() {
    return OF_THREAD.get();
  }

  /** Puts a name of one component; gives its address. */
  long name(byte[] name) throws IOException {
    return put(name, 0, false);
  }

  /** Puts a second name of one component; gives its address. */
  long secondName(byte[] name) throws IOException {
    return put(name, SECOND_NAME, false);
  }

  /** Puts a path or the text of a symbolic link, slashes allowed; gives its address. */
  long path(byte[] path) throws IOException {
    return put(path, 0, true);
  }

  private long put(byte[] name, int at, boolean slashes) throws IOException {
    if (name.length >= NAME_LENGTH) {
      throw new PosixException(Errno.ENAMETOOLONG, "name", Printable.of(name));
    }
    for (byte b : name) {
      // A NUL would cut the name short; a slash would let the kernel walk, and follow links.
      if (b == 0 || (b == '/' && !slashes)) {
        throw new PosixException(Errno.EINVAL, "name", Printable.of(name));
      }
    }
    memory.put(at, name);
    memory.put(at + name.length, (byte) 0);
    return address + at;
  }

  /** Address of an empty name. */
  long noName() {
    memory.put(0, (byte) 0);
    return address;
  }

  /** Room for one structure of the kernel, in the machine's byte order, at least 4096 bytes. */
  ByteBuffer structure() {
    return structure;
  }

  long structureAddress() {
    return address + STRUCTURE;
  }

  long transferAddress() {
    return address + TRANSFER;
  }

  /** The address of a byte of the transfer. */
  long transferAddress(int at) {
    return address + TRANSFER + at;
  }

  void getTransfer(byte[] to, int offset, int length) {
    memory.get(TRANSFER, to, offset, length);
  }

  void putTransfer(byte[] from, int offset, int length) {
    memory.put(TRANSFER, from, offset, length);
  }
}
