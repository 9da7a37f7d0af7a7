package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import org.deferredsync.process.Command;
import org.deferredsync.process.Programs;
import org.jspecify.annotations.Nullable;

/** Loads the dumps of a repository into one of its own, and dumps that. */
final class SvnProof implements Proof {
  private @Nullable Scratch scratch;

  @Override
  public String missing() {
    return Programs.find("svnadmin").isPresent() ? "" : "Subversion is not installed";
  }

  @Override
  public void start(Scratch place) throws ProofException, InterruptedException {
    scratch = place;
    place.run(Command.of("svnadmin", "create", repository()));
  }

  private Scratch place() {
    return requireNonNull(scratch);
  }

  private String repository() {
    return place().path("repository");
  }

  @Override
  public void load(List<StoredDump> parts) throws ProofException, InterruptedException {
    for (StoredDump part : parts) {
      place().run(Command.of("svnadmin", "load", "--quiet", repository()).reading(part.feed()));
    }
    place().run(Command.of("svnadmin", "verify", "--quiet", repository()));
  }

  @Override
  public Map<String, Long> tables() throws ProofException, InterruptedException {
    SvnStream again = new SvnStream(0);
    place().run(Command.of("svnadmin", "dump", "--quiet", repository()).writingTo(again::take));
    return again.tables();
  }

  @Override
  public String instance() throws ProofException, InterruptedException {
    return "Subversion "
        + String.join("", place().run(Command.of("svnadmin", "--version", "--quiet")));
  }
}
