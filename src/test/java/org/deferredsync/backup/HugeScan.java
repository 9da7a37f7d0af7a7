package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.FilePath;

/** Scans a source twice, as an unknown and as an unchanged one, in a process of its own. */
final class HugeScan {
  private HugeScan() {}

  /** {@code SOURCE TARGET}: the source has one directory, {@code huge}. */
  public static void main(String[] arguments) throws Exception {
    Path source = Path.of(arguments[0]);
    Path target = Path.of(arguments[1]);
    Engine engine = Engine.ofSystem(Clock.systemUTC(), target.resolve("state"), Progress.NONE);
    try (ScanGround ground = ScanGround.open(engine, target, source)) {
      Plan plan = ground.scan(4);
      print("new", ground, plan);
      SourceRoot root = ground.source();
      store(ground, root.descriptor(), root.path());
      FilePath huge = EngineFixture.filePath(source.resolve("huge"));
      store(ground, root.tree().open(huge), huge);
      print("known", ground, ground.scan(4));
    }
  }

  private static void store(ScanGround ground, int descriptor, FilePath path) throws IOException {
    ListingPass.Outcome outcome =
        ground
            .source()
            .reader()
            .newPass()
            .list(descriptor, new PathBuffer().set(path), ListingPass.Sink.NONE);
    Directories directories = ground.catalogue().directories();
    directories.setDigest(directories.idOf(path), outcome.digest());
  }

  private static void print(String what, ScanGround ground, Plan plan) throws IOException {
    System.out.println(
        what + ": " + plan.counts().files() + " files, " + ground.changed().size() + " changed");
  }
}
