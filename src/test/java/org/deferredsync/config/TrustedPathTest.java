package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrustedPathTest {
  private static final int SELF = (int) new UnixSystem().getUid();
  private static final int STRANGER = 54_321;
  private static final int ALICE = 54_001;

  @TempDir Path temporary;
  private Path parent;
  private Path home;
  private Path file;

  @BeforeEach
  void makeTree() throws IOException {
    parent = Files.createDirectories(temporary.toRealPath().resolve("home"));
    home = Files.createDirectories(parent.resolve("config"));
    file = Files.createFile(home.resolve("sync.conf"));
    mode(temporary, 0755);
    mode(parent, 0755);
    mode(home, 0755);
    mode(file, 0644);
    Files.writeString(
        temporary.resolve("passwd"),
        """
        root:x:0:0::/root:/bin/sh
        alice:x:54001:54001::/home/alice:/bin/sh
        bob:x:54002:54001::/home/bob:/bin/sh
        carol:x:54003:54003::/home/carol:/bin/sh
        dave:x:54004:54004::/home/dave:/bin/sh
        erin:x:54005:54006::/home/erin:/bin/sh
        malformed
        """);
    Files.writeString(
        temporary.resolve("group"),
        """
        root:x:0:
        alice:x:54001:
        carol:x:54003:carol,stranger
        dave:x:54004:dave
        erin:x:54005:
        staff:x:54006:
        malformed
        """);
  }

  private TrustedPath trust(int uid) {
    return new TrustedPath(uid, temporary.resolve("passwd"), temporary.resolve("group"));
  }

  private String complaint(Path path) {
    return trust(SELF).complaint(path).orElse("");
  }

  private static void mode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  private static void owner(Path path, int uid, int gid) throws IOException {
    assumeTrue(SELF == 0, "only root can give files to other users");
    Files.setAttribute(path, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  void complaint_isEmpty_forOwnFilesThatNobodyElseWrites() throws IOException {
    assertThat(trust(SELF).complaint(file)).isEmpty();
    assertThat(trust(SELF).complaint(home)).isEmpty();
    assertThat(trust(SELF).complaint(Path.of("/"))).isEmpty();
    mode(file, 0400);
    assertThat(trust(SELF).complaint(file)).isEmpty();
  }

  @Test
  void complaint_namesPartModeAndRemedy_whenOthersMayWrite() throws IOException {
    mode(file, 0646);
    assertThat(complaint(file))
        .startsWith(file + " is writable by everybody (mode 0646, owner ")
        .endsWith(": chmod o-w " + file);
    mode(file, 0666);
    assertThat(complaint(file)).contains("(mode 0666, ");
    mode(file, 01646);
    assertThat(complaint(file)).as("a sticky file is no directory").contains("(mode 1646, ");
  }

  @Test
  void complaint_namesTheDirectory_whenAnyOnTheWayIsWritable() throws IOException {
    mode(home, 0757);
    assertThat(complaint(file)).startsWith(home + " is writable by everybody (mode 0757");
    mode(home, 0755);
    mode(parent, 0777);
    assertThat(complaint(file)).startsWith(parent + " is writable by everybody");
  }

  @Test
  void complaint_trustsStickyDirectories_onlyOfRoot() throws IOException {
    assumeTrue(SELF == 0, "only root can make a sticky directory of root");
    mode(home, 01777);
    assertThat(complaint(file)).isEmpty();
    owner(file, STRANGER, STRANGER);
    assertThat(complaint(file)).startsWith(file + " belongs to uid 54321");
    owner(file, ALICE, ALICE);
    owner(home, ALICE, ALICE);
    assertThat(trust(ALICE).complaint(file))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .startsWith(home + " is writable by everybody (mode 1777, owner alice)"));
  }

  @Test
  void complaint_namesOwnerAndRemedy_whenAStrangerOwnsAPart() throws IOException {
    owner(file, STRANGER, 0);
    assertThat(complaint(file))
        .isEqualTo(
            file
                + " belongs to uid 54321, who is neither root nor the running user: chown root "
                + file);
    owner(file, 0, 0);
    owner(home, ALICE, 0);
    assertThat(complaint(file)).startsWith(home + " belongs to alice, who is neither");
    assertThat(trust(ALICE).complaint(file)).isEmpty();
    assertThat(trust(STRANGER).complaint(file)).isPresent();
  }

  @Test
  void complaint_trustsAGroup_onlyIfItIsTheOwnersPrivateOne() throws IOException {
    mode(file, 0664);
    owner(file, 54_004, 54_004);
    assertThat(trust(54_004).complaint(file)).as("dave is alone in dave").isEmpty();
    owner(file, ALICE, ALICE);
    assertThat(trust(ALICE).complaint(file).orElse(""))
        .as("bob's primary group is alice, too")
        .isEqualTo(
            file + " is writable by group alice (mode 0664, owner alice): chmod g-w " + file);
    owner(file, 54_003, 54_003);
    assertThat(trust(54_003).complaint(file)).as("stranger is a member").isPresent();
    owner(file, 54_005, 54_005);
    assertThat(trust(54_005).complaint(file)).as("erin's primary group is staff").isPresent();
    owner(file, 54_005, 54_006);
    assertThat(trust(54_005).complaint(file)).as("staff is not erin's name").isPresent();
    owner(file, 54_004, ALICE);
    assertThat(trust(54_004).complaint(file)).as("a group of another user").isPresent();
    owner(file, 54_004, 60_000);
    assertThat(trust(54_004).complaint(file)).as("a group without a name").isPresent();
    owner(file, 0, 0);
    assertThat(complaint(file)).as("root is alone in root").isEmpty();
    mode(file, 0666);
    assertThat(complaint(file)).contains("chmod o-w");
    owner(file, 0, 54_006);
    assertThat(complaint(file)).contains("writable by everybody", "chmod go-w");
  }

  @Test
  void complaint_isPresent_whenTheUsersCannotBeRead() throws IOException {
    mode(file, 0664);
    Path absent = temporary.resolve("absent");
    assertThat(new TrustedPath(SELF, absent, absent).complaint(file)).isPresent();
  }

  @Test
  void complaint_judgesWhereALinkLiesAndWhereItLeads() throws IOException {
    Path elsewhere = Files.createDirectories(temporary.resolve("elsewhere"));
    mode(elsewhere, 0755);
    Path target = Files.move(file, elsewhere.resolve("real.conf"));
    Files.createSymbolicLink(file, Path.of("../../elsewhere/./real.conf"));
    assertThat(complaint(file)).isEmpty();
    mode(elsewhere, 0777);
    assertThat(complaint(file)).startsWith(elsewhere.toRealPath() + " is writable by everybody");
    mode(elsewhere, 0755);
    mode(target, 0666);
    assertThat(complaint(file)).startsWith(target.toRealPath() + " is writable by everybody");
    mode(target, 0644);
    mode(home, 0777);
    assertThat(complaint(file)).startsWith(home + " is writable by everybody");
  }

  @Test
  void complaint_followsAbsoluteAndDirectoryLinks() throws IOException {
    Path link = temporary.toRealPath().resolve("link");
    Files.createSymbolicLink(link, parent);
    assertThat(complaint(link.resolve("config/sync.conf"))).isEmpty();
    mode(home, 0777);
    assertThat(complaint(link.resolve("config/sync.conf"))).startsWith(home + " is writable");
  }

  @Test
  void complaint_resolvesDotsAsTheKernelDoes_behindALink() throws IOException {
    Path outer = Files.createDirectories(temporary.toRealPath().resolve("other"));
    Path other = Files.createDirectories(outer.resolve("deep"));
    mode(outer, 0777);
    mode(other, 0755);
    Files.createSymbolicLink(home.resolve("link"), other);
    assertThat(complaint(home.resolve("link/../sync.conf")))
        .startsWith(outer + " is writable by everybody");
  }

  @Test
  void complaint_judgesTheOwnerOfALink() throws IOException {
    Path link = Files.createSymbolicLink(home.resolve("link"), file);
    owner(link, STRANGER, STRANGER);
    assertThat(complaint(link))
        .isEqualTo(
            link
                + " belongs to uid 54321, who is neither root nor the running user: chown -h root "
                + link);
  }

  @Test
  void complaint_endsForLoopsAndWhatIsAbsent() throws IOException {
    Path link = home.resolve("loop");
    Files.createSymbolicLink(link, Path.of("loop"));
    assertThat(complaint(link)).isEqualTo(link + " leads through too many links; remove the loop");
    assertThat(complaint(home.resolve("absent/x")))
        .isEqualTo(home + "/absent does not exist; create it, or correct the path to it");
    assertThat(complaint(file.resolve("x"))).startsWith(file + "/x cannot be examined");
    assertThat(complaint(Path.of("sync.conf"))).contains("is relative");
  }

  @Test
  void complaint_isOneLine_whateverTheName() throws IOException {
    Path odd = Files.createFile(home.resolve("a\n[ERROR] b\u001b[2J"));
    mode(odd, 0666);
    assertThat(complaint(odd)).contains("a\\x0a[ERROR] b\\x1b[2J").doesNotContain("\n");
  }

  @Test
  void complaint_trustsThisProcessAndItsFiles() throws IOException {
    Set<PosixFilePermission> own = EnumSet.of(PosixFilePermission.OWNER_READ);
    Files.setPosixFilePermissions(file, own);
    assertThat(TrustedPath.ofProcess().complaint(file)).isEmpty();
  }

  @Test
  void logComplaint_isEmpty_whateverItsParentsAre() throws IOException {
    mode(parent, 0777);
    assertThat(trust(SELF).logComplaint(home.resolve("sync.log"))).isEmpty();
    assertThat(trust(SELF).logComplaint(home.resolve("absent/sync.log"))).isEmpty();
    Files.createSymbolicLink(temporary.resolve("link"), home);
    assertThat(trust(SELF).logComplaint(temporary.resolve("link/sync.log"))).isEmpty();
  }

  @Test
  void logComplaint_namesALink() throws IOException {
    Path link = Files.createSymbolicLink(home.resolve("sync.log"), file);
    assertThat(trust(SELF).logComplaint(link))
        .hasValue(link + " is a symbolic link; name the file itself, or remove the link");
  }

  @Test
  void logComplaint_namesItsDirectory_whenOthersMayWriteThere() throws IOException {
    for (int mode : new int[] {0757, 0777, 01777}) {
      mode(home, mode);
      assertThat(trust(SELF).logComplaint(home.resolve("sync.log")).orElse(""))
          .startsWith(
              home
                  + " is writable by everybody (mode "
                  + Integer.toOctalString(mode + 010000).substring(1))
          .endsWith(", or give the log a directory of its own");
    }
  }

  @Test
  void logComplaint_namesItsDirectory_whenAStrangerOwnsIt() throws IOException {
    owner(home, STRANGER, 0);
    assertThat(trust(SELF).logComplaint(home.resolve("sync.log")).orElse(""))
        .startsWith(home + " belongs to uid 54321");
    owner(home, 0, 54_006);
    mode(home, 0775);
    assertThat(trust(SELF).logComplaint(home.resolve("sync.log")).orElse(""))
        .startsWith(home + " is writable by group staff (mode 0775, owner root): chmod g-w");
  }
}
