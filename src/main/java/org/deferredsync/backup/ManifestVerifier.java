package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the manifests that a rebuild would read, and sees whether none is damaged or missing:
 * nothing that was stored depends on them, as long as the catalogue is whole.
 */
final class ManifestVerifier {
  /** How often to begin again where a run takes away what was listed. */
  private static final int ATTEMPTS = 5;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Findings findings;

  ManifestVerifier(TargetReader reader, Findings findings) {
    this.posix = reader.posix();
    this.target = reader.target();
    this.catalogue = reader.catalogue();
    this.findings = findings;
  }

  /** What one look at them found. */
  private static final class Look {
    final List<String> bad = new ArrayList<>();
    boolean disturbed;
  }

  /** Tells of each that a rebuild could not use. */
  void verify() throws IOException {
    for (int attempt = 1; ; attempt++) {
      Look look = new Look();
      long last = catalogue.manifest();
      look(look, last);
      boolean settled = !look.disturbed && (look.bad.isEmpty() || catalogue.manifest() == last);
      if (settled || attempt == ATTEMPTS) { // no run takes away something each time
        look.bad.forEach(findings::manifest);
        return;
      }
    }
  }

  private void look(Look look, long last) throws IOException {
    if (last == 0) {
      return; // nothing has been stored yet
    }
    int directory;
    try {
      directory = posix.openDirectory(target.own(), Manifests.DIRECTORY);
    } catch (PosixException e) {
      Findings.requireAnswer(e);
      String kind = e.isAbsence() ? ": missing: " : ": damaged: not readable: ";
      look.bad.add(path("") + kind + e.errno().text());
      return;
    }
    try {
      look(look, last, directory);
    } finally {
      posix.close(directory);
    }
  }

  private void look(Look look, long last, int directory) throws IOException {
    ManifestReader reader = new ManifestReader(posix, directory);
    long before = 0;
    for (ManifestName name : used(Manifests.names(posix, directory), last)) {
      ManifestRow.After[] after = {new ManifestRow.After(0)};
      String damage =
          read(
              look,
              reader,
              name.bytes(),
              row -> {
                if (row instanceof ManifestRow.After said) {
                  after[0] = said;
                }
              });
      if (damage != null) {
        look.bad.add(path(name + "") + ": damaged: " + damage);
      } else if (!name.all() && after[0].batch() > before) {
        look.bad.add(path(name + "") + ": manifests before it are missing");
      }
      before = name.batch();
    }
    if (catalogue.generation() < last) {
      if (look.bad.isEmpty()) {
        look.bad.add(path("") + ": some are damaged or missing, as was found before");
      }
    } else if (before < last) {
      look.bad.add(path("") + ": the newest ones are missing");
    }
    if (catalogue.runs().list().stream().anyMatch(run -> run.ended() != null)) {
      String damage = read(look, reader, Manifests.RUNS, row -> {});
      if (damage != null) {
        look.bad.add(path("runs.gz") + ": damaged: " + damage);
      }
    }
  }

  /** The newest with all rows and those of the batches behind it that were committed. */
  private static List<ManifestName> used(List<ManifestName> names, long last) {
    List<ManifestName> used = new ArrayList<>();
    for (ManifestName name : names) {
      if (name.batch() > last) {
        break;
      }
      if (name.all()) {
        used.clear();
      }
      used.add(name);
    }
    return used;
  }

  /** Why it is of no use, or null if it is whole; one that is gone was taken away by a run. */
  private static @Nullable String read(
      Look look, ManifestReader reader, byte[] name, ManifestReader.Sink sink) throws IOException {
    try {
      reader.read(name, sink);
      return null;
    } catch (ManifestReader.DamagedException e) {
      return e.getMessage();
    } catch (PosixException e) {
      Findings.requireAnswer(e);
      look.disturbed |= e.is(Errno.ENOENT) && !Arrays.equals(name, Manifests.RUNS);
      return e.getMessage();
    }
  }

  private String path(String name) {
    return target.path() + "/" + Target.OWN + "/manifests" + (name.isEmpty() ? "" : "/" + name);
  }
}
