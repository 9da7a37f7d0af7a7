package org.deferredsync.backup;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.deferredsync.fs.Posix;

/**
 * The system's calls, to which another directory is the root of the file system: what is backed up
 * from there, and restored to there, is a tree of the test. What lies in a scratch directory is
 * where it is.
 */
final class OtherRoot {
  private OtherRoot() {}

  /**
   * @param root what is called / of paths that are not in {@code scratch}
   */
  static Posix of(Posix real, Path scratch, Path root) {
    return (Posix)
        Proxy.newProxyInstance(
            OtherRoot.class.getClassLoader(),
            new Class<?>[] {Posix.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("openPath") && arguments != null) {
                arguments[0] = moved((byte[]) arguments[0], scratch, root);
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static byte[] moved(byte[] path, Path scratch, Path root) {
    String text = new String(path, StandardCharsets.UTF_8);
    boolean stays = Path.of(text).startsWith(scratch);
    return stays ? path : (root + (text.equals("/") ? "" : text)).getBytes(StandardCharsets.UTF_8);
  }
}
