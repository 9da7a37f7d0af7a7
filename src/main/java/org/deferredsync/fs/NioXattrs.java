package org.deferredsync.fs;

import static org.deferredsync.fs.NioErrors.translated;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/** The extended attributes that Java's own file API knows: those of the user. */
final class NioXattrs {
  private static final String USER = "user.";

  private NioXattrs() {}

  static List<Xattr> read(Path path) throws IOException {
    UserDefinedFileAttributeView view = viewOrNull(path);
    if (view == null) {
      return List.of();
    }
    return translated(
        "listxattr",
        Printable.of(path.toString()),
        () -> {
          List<Xattr> attributes = new ArrayList<>();
          for (String name : view.list()) {
            ByteBuffer value = ByteBuffer.allocate(view.size(name));
            view.read(name, value);
            attributes.add(new Xattr(bytes(USER + name), value.array()));
          }
          return attributes;
        });
  }

  static void set(Path path, Xattr attribute) throws IOException {
    UserDefinedFileAttributeView view = viewFor(path, attribute.name());
    String name = name(attribute.name());
    translated(
        "setxattr",
        Printable.of(path.toString()),
        () -> view.write(name, ByteBuffer.wrap(attribute.value())));
  }

  static void remove(Path path, byte[] attribute) throws IOException {
    UserDefinedFileAttributeView view = viewFor(path, attribute);
    String name = name(attribute);
    translated(
        "removexattr",
        Printable.of(path.toString()),
        () -> {
          if (!view.list().contains(name)) {
            throw new PosixException(Errno.ENODATA, "removexattr", Printable.of(path.toString()));
          }
          view.delete(name);
          return true;
        });
  }

  private static @Nullable UserDefinedFileAttributeView viewOrNull(Path path) throws IOException {
    if (!Files.getFileStore(path).supportsFileAttributeView(UserDefinedFileAttributeView.class)) {
      return null;
    }
    return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
  }

  private static UserDefinedFileAttributeView viewFor(Path path, byte[] attribute)
      throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    UserDefinedFileAttributeView view = viewOrNull(path);
    if (view == null || !new String(attribute, StandardCharsets.UTF_8).startsWith(USER)) {
      throw new PosixException(Errno.EOPNOTSUPP, "xattr", Printable.of(path.toString()));
    }
    return view;
  }

  private static String name(byte[] attribute) {
    return new String(attribute, StandardCharsets.UTF_8).substring(USER.length());
  }

  private static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }
}
