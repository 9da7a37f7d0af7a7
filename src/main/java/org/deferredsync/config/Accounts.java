package org.deferredsync.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The users and groups that passwd(5) and group(5) name; an unreadable file names none. */
final class Accounts {
  private final List<User> users;
  private final List<Group> groups;

  private Accounts(List<User> users, List<Group> groups) {
    this.users = users;
    this.groups = groups;
  }

  private record User(String name, int uid, int gid) {}

  private record Group(String name, int gid, List<String> members) {}

  static Accounts read(Path passwd, Path group) {
    List<User> users = new ArrayList<>();
    for (String[] fields : fields(passwd)) {
      Integer uid = fields.length < 4 ? null : id(fields[2]);
      Integer gid = fields.length < 4 ? null : id(fields[3]);
      if (uid != null && gid != null) {
        users.add(new User(fields[0], uid, gid));
      }
    }
    List<Group> groups = new ArrayList<>();
    for (String[] fields : fields(group)) {
      Integer gid = fields.length < 4 ? null : id(fields[2]);
      if (gid != null) {
        List<String> members =
            Arrays.stream(fields[3].split(",", -1)).filter(name -> !name.isBlank()).toList();
        groups.add(new Group(fields[0], gid, members));
      }
    }
    return new Accounts(users, groups);
  }

  private static List<String[]> fields(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.split(":", -1))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** A user or group number as the kernel's 32 bits. */
  private static @Nullable Integer id(String text) {
    try {
      return Integer.parseUnsignedInt(text.strip());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The name of that user, if there is one. */
  Optional<String> userName(int uid) {
    return users.stream().filter(user -> user.uid() == uid).map(User::name).findFirst();
  }

  /** The name of that group, if there is one. */
  Optional<String> groupName(int gid) {
    return groups.stream().filter(group -> group.gid() == gid).map(Group::name).findFirst();
  }

  /**
   * Whether the group is that user's own: it bears the user's name, is the user's primary group,
   * and nobody else is in it.
   */
  boolean isPrivateGroup(int gid, int uid) {
    Set<String> names =
        users.stream()
            .filter(user -> user.uid() == uid && user.gid() == gid)
            .map(User::name)
            .collect(Collectors.toSet());
    List<Group> same = groups.stream().filter(group -> group.gid() == gid).toList();
    return same.stream().anyMatch(group -> names.contains(group.name()))
        && same.stream().allMatch(group -> names.containsAll(group.members()))
        && users.stream().noneMatch(user -> user.gid() == gid && user.uid() != uid);
  }
}
