package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;

/** A small source, and changes to it of every kind that a run can meet. */
final class ChangingTree {
  private ChangingTree() {}

  static void make(Path top) throws IOException {
    write(top, "content", "one");
    write(top, "same-size", "12345");
    write(top, "mode", "mode");
    write(top, "time", "time");
    write(top, "gone", "gone");
    write(top, "gone-tree/file", "in a tree");
    write(top, "gone-tree/deep/file", "deep in a tree");
    write(top, "file-to-directory", "a file");
    write(top, "directory-to-file/one", "1");
    write(top, "directory-to-file/sub/two", "2");
    write(top, "directory-to-link/inside", "i");
    write(top, "nested/deep/stays", "stays");
    write(top, "nested/deep/changes", "before");
    write(top, "linked/a", "of three names");
    link(top, "linked/b", "linked/a");
    link(top, "nested/c", "linked/a");
    write(top, "pair-one", "of two names");
    link(top, "pair-two", "pair-one");
    Files.createDirectories(top.resolve("empty"));
    Files.createSymbolicLink(top.resolve("link-to-file"), Path.of("content"));
    Files.createSymbolicLink(top.resolve("link"), Path.of("nested"));
    setTime(top.resolve("time"), "1969-05-06T07:08:09.123456789Z");
    setTime(top.resolve("empty"), "2001-02-03T04:05:06.000000007Z");
  }

  static void change(Path top) throws IOException {
    write(top, "content", "two, and longer");
    write(top, "same-size", "54321");
    Files.setPosixFilePermissions(
        top.resolve("mode"), PosixFilePermissions.fromString("rw-------"));
    setTime(top.resolve("time"), "2026-01-02T03:04:05.000000001Z");
    Files.delete(top.resolve("gone"));
    TargetChecks.delete(top.resolve("gone-tree"));
    Files.delete(top.resolve("file-to-directory"));
    write(top, "file-to-directory/new", "n");
    write(top, "file-to-directory/deep/new", "m");
    TargetChecks.delete(top.resolve("directory-to-file"));
    write(top, "directory-to-file", "a file now");
    TargetChecks.delete(top.resolve("directory-to-link"));
    Files.createSymbolicLink(top.resolve("directory-to-link"), Path.of("nested/deep"));
    Files.delete(top.resolve("link-to-file"));
    write(top, "link-to-file", "no link now");
    Files.delete(top.resolve("link"));
    Files.createSymbolicLink(top.resolve("link"), Path.of("elsewhere"));
    write(top, "nested/deep/changes", "after");
    Files.setPosixFilePermissions(
        top.resolve("nested"), PosixFilePermissions.fromString("rwx--x---"));
    Files.delete(top.resolve("linked/b"));
    link(top, "linked/d", "linked/a");
    Files.setPosixFilePermissions(
        top.resolve("linked/a"), PosixFilePermissions.fromString("r--r-----"));
    Files.delete(top.resolve("pair-two"));
    write(top, "pair-two", "of two names"); // the same bytes, and one name
    Files.setPosixFilePermissions(
        top.resolve("pair-one"), PosixFilePermissions.fromString("rw-r-----"));
    write(top, "new", "new");
    write(top, "new-tree/file", "new in a tree");
    link(top, "linked/new", "new-tree/file");
    write(top, "new-tree/deep/file", "new deep in a tree");
    Files.createDirectories(top.resolve("new-tree/empty"));
    Files.createSymbolicLink(top.resolve("new-link"), Path.of("new"));
    setTime(top.resolve("new-tree"), "2002-02-03T04:05:06.000000007Z");
  }

  static void link(Path top, String name, String of) throws IOException {
    Files.createLink(top.resolve(name), top.resolve(of));
  }

  static void write(Path top, String name, String text) throws IOException {
    Path file = top.resolve(name);
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, text);
  }

  static void setTime(Path path, String instant) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.parse(instant)));
  }
}
