package org.deferredsync.backup;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.deferredsync.fs.Posix;

/** The system's calls, of which some, by their names, always answer what a test says. */
final class Answering {
  private Answering() {}

  static Posix of(Posix real, Map<String, Object> answers) {
    return (Posix)
        Proxy.newProxyInstance(
            Answering.class.getClassLoader(),
            new Class<?>[] {Posix.class},
            (proxy, method, arguments) -> {
              Object answer = answers.get(method.getName());
              try {
                return answer == null ? method.invoke(real, arguments) : answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Those of a user who is not root, for the program's decisions; the system knows better. */
  static Posix user(Posix real, int uid) {
    return of(real, Map.of("effectiveUser", uid));
  }
}
