package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.catalogue.Contents.Place;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** The files of ours that a restore may read, so that they can be fetched from where they lie. */
public final class RestoreNeeds {
  private final TargetReader reader;
  private final Set<String> newer;
  private final Set<FilePath> names = new TreeSet<>();

  private RestoreNeeds(TargetReader reader, Set<String> newer) {
    this.reader = reader;
    this.newer = newer;
  }

  /**
   * Their names below the target, each ended by a NUL: all places of each content.
   *
   * @param top the names at the top of the target; increments among them that the catalogue does
   *     not know may hold what is not in the mirror any more
   * @throws BackupException if a path is not in the snapshot
   */
  public static byte[] names(Snapshot snapshot, List<FilePath> paths, List<String> top)
      throws BackupException, IOException {
    Set<String> newer = new TreeSet<>();
    for (String name : top) {
      IncrementName.parse(name).ifPresent(increment -> newer.add(increment.toString()));
    }
    TargetReader reader = snapshot.reader();
    reader.catalogue().runs().list().forEach(run -> newer.remove(String.valueOf(run.increment())));
    RestoreNeeds needs = new RestoreNeeds(reader, newer);
    for (Node node : RestoreSet.below(snapshot, paths).tops()) {
      new SnapshotWalk(snapshot).walk(node, needs.new Collector());
    }
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    for (FilePath name : needs.names) {
      byte[] bytes = name.bytes();
      list.write(bytes, 1, bytes.length - 1);
      list.write(0);
    }
    return list.toByteArray();
  }

  private void add(long content) throws IOException {
    for (FilePath path : reader.catalogue().entries().pathsOf(content)) {
      names.add(path);
      newer.forEach(increment -> names.add(in(increment, path)));
    }
    for (Place place : reader.catalogue().contents().placesOf(content)) {
      names.add(in(place.increment(), place.path()));
    }
  }

  private static FilePath in(String increment, FilePath path) {
    FilePath whole = FilePath.of("/" + increment);
    for (byte[] name : path.names()) {
      whole = whole.child(name);
    }
    return whole;
  }

  private final class Collector implements SnapshotWalk.Visitor {
    @Override
    public boolean enter(FilePath path, @Nullable Version version) {
      return true;
    }

    @Override
    public void visit(SnapshotWalk.Found found) throws IOException {
      Long content = found.version().content();
      if (content != null) {
        add(content);
      }
    }

    @Override
    public void leave(FilePath path, @Nullable Version version) {
      // what a directory needs is in the catalogue
    }

    @Override
    public void refuse(String what, String why) {
      // said by the restore itself
    }
  }
}
