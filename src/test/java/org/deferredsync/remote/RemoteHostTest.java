package org.deferredsync.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RemoteHostTest {
  @ParameterizedTest
  @CsvSource({
    "backup, root, backup, 0, root@backup",
    "ann@backup.example.org, ann, backup.example.org, 0, ann@backup.example.org",
    "backup:2222, root, backup, 2222, root@backup:2222",
    "192.0.2.7, root, 192.0.2.7, 0, root@192.0.2.7",
    "ann@[2001:db8::1]:22, ann, 2001:db8::1, 22, ann@[2001:db8::1]:22",
    "[fe80::1%eth0], root, fe80::1%eth0, 0, root@[fe80::1%eth0]"
  })
  void parse_takesHostsAsOperatorsWriteThem(
      String entry, String user, String host, int port, String text) {
    RemoteHost parsed = RemoteHost.parse(entry, "root");
    assertThat(parsed).isEqualTo(new RemoteHost(user, host, port)).hasToString(text);
  }

  @Test
  void parse_leavesTheUserToSsh_whereNobodySaysOne() {
    assertThat(RemoteHost.parse("backup", "").destination()).isEqualTo("backup");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-oProxyCommand=id",
        "root@-oProxyCommand=id",
        "-l@host",
        "ho st",
        "host;id",
        "host$(id)",
        "`id`",
        "host\nother",
        "'host'",
        "\"host\"",
        "@host",
        "a@b@host",
        "user name@host",
        "$USER@host",
        "2001:db8::1",
        "host:",
        "host:0",
        "host:65536",
        "host:22:22",
        "[host]",
        "[::1",
        "::1]",
        "[::1;id]",
        "host:/etc",
        "ho*st",
        "h\\ost",
        "h\u00f6st",
        "host\u0000"
      })
  void parse_refusesWhatCouldBeReadAsSomethingElse(String entry) {
    assertThatThrownBy(() -> RemoteHost.parse(entry, "root"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "relative",
        "-r/x",
        "/a b",
        "/a;id",
        "/a$(id)",
        "/a`id`",
        "/a\nb",
        "/a'b",
        "/a\"b",
        "/a/../b",
        "/a/./b",
        "/..",
        "/a*",
        "/a?",
        "/[a]",
        "/{a,b}",
        "~/a",
        "/~root",
        "/a\\b",
        "/a|b",
        "/a&b",
        "/a>b",
        "/a#b",
        "/a!b"
      })
  void path_refusesWhatCouldBeReadAsSomethingElse(String text) {
    assertThatThrownBy(() -> RemotePath.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  void path_isBroughtToItsPlainForm() {
    assertThat(RemotePath.parse("//home///remote/").text()).isEqualTo("/home/remote");
    assertThat(RemotePath.parse("/").child("backup").text()).isEqualTo("/backup");
    assertThat(RemotePath.parse("/srv/Büro-1.2,a+b@c%d=e:f").name())
        .isEqualTo("Büro-1.2,a+b@c%d=e:f");
  }

  @Test
  void ssh_asksNothingAndBelievesNothing() {
    SshSettings settings = new SshSettings(null, null, null, Duration.ofSeconds(20));
    assertThat(new SshCommand(settings).command(new RemoteHost("ann", "::1", 2222), "true"))
        .startsWith("ssh", "-p", "2222")
        .contains("BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no")
        .contains("ConnectTimeout=20", "ServerAliveInterval=5", "ServerAliveCountMax=4")
        .endsWith("--", "ann@::1", "true");
    assertThat(new RemoteHost("ann", "::1", 2222).location(new RemotePath("/a")))
        .isEqualTo("ann@[::1]:/a");
  }

  @Test
  void jsch_isGivenNoAlgorithmThatRestsOnSha1() {
    for (String kind : new String[] {"kex", "server_host_key", "mac.c2s"}) {
      assertThat(JschProbe.withoutSha1(com.jcraft.jsch.JSch.getConfig(kind)).split(","))
          .as(kind)
          .isNotEmpty()
          .noneMatch(name -> name.contains("sha1") || name.equals("ssh-rsa"));
    }
    assertThat(JschProbe.withoutSha1("ssh-rsa,rsa-sha2-256,hmac-sha1-etm@openssh.com"))
        .isEqualTo("rsa-sha2-256");
  }
}
