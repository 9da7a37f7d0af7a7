package org.deferredsync.plugin;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicReference;
import org.deferredsync.logging.Printable;
import org.deferredsync.process.Durations;
import org.jspecify.annotations.Nullable;

/**
 * A jar of the operator's. Its code is run for the first time when it is loaded, and so in a thread
 * of its own and for a limited time: what it throws, and that it hangs or calls exit, becomes a
 * complaint.
 */
final class DropInJar {
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Path file;
  private final Duration limit;

  /**
   * @param limit how long the jar may take to say what is in it
   */
  DropInJar(Path file, Duration limit) {
    this.file = file;
    this.limit = limit;
  }

  /** What is in a jar, or why it is not known. */
  record Contents(List<DropIn> plugins, @Nullable String complaint) {
    Contents {
      plugins = List.copyOf(plugins);
    }
  }

  Contents load() throws InterruptedException {
    AtomicReference<@Nullable Contents> found = new AtomicReference<>();
    Thread thread = new Thread(() -> found.set(find()), "jar " + file.getFileName());
    thread.setDaemon(true);
    thread.start();
    long deadline = System.nanoTime() + limit.toNanos();
    while (thread.isAlive()) {
      if (PluginRunner.hasCalledExit(thread)) {
        return failed("it tried to end the whole job (System.exit)");
      } else if (System.nanoTime() >= deadline) {
        thread.interrupt();
        return failed("it has not been ready within " + Durations.format(limit));
      }
      thread.join(LOOK.toMillis());
    }
    Contents contents = found.get();
    return contents == null ? failed("its thread was ended") : contents;
  }

  private Contents find() {
    try {
      URL[] urls = {file.toUri().toURL()};
      // Stays open: its classes are loaded until the process ends.
      @SuppressWarnings("resource")
      URLClassLoader loader = new URLClassLoader(urls, Plugin.class.getClassLoader());
      List<DropIn> plugins = new ArrayList<>();
      for (ServiceLoader.Provider<Plugin> provider :
          ServiceLoader.load(Plugin.class, loader).stream().toList()) {
        if (provider.type().getClassLoader() == loader) {
          plugins.add(DropIn.of(provider.get()));
        }
      }
      return plugins.isEmpty()
          ? new Contents(
              List.of(), "no plugin in it (META-INF/services/" + Plugin.class.getName() + ").")
          : new Contents(plugins, null);
    } catch (Throwable e) {
      // Code of others: whatever is wrong with it must not end the job.
      return failed(Printable.of(String.valueOf(e)));
    }
  }

  private static Contents failed(String why) {
    return new Contents(List.of(), "cannot be loaded and is not run: " + why);
  }
}
