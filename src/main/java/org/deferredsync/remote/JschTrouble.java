package org.deferredsync.remote;

import com.jcraft.jsch.JSchAlgoNegoFailException;
import com.jcraft.jsch.JSchChangedHostKeyException;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.JSchHostKeyException;
import com.jcraft.jsch.JSchRevokedHostKeyException;
import com.jcraft.jsch.JSchStrictKexException;
import com.jcraft.jsch.JSchUnknownHostKeyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.deferredsync.logging.Printable;

/** Says of what JSch throws what is wrong and what to do. */
final class JschTrouble {
  private final EffectiveHost host;
  private final List<String> unusableKeys;
  private final String fingerprint;

  /**
   * @param unusableKeys files of keys that could not be offered
   * @param fingerprint of the key that the host showed; empty if it showed none
   */
  JschTrouble(EffectiveHost host, List<String> unusableKeys, String fingerprint) {
    this.host = host;
    this.unusableKeys = unusableKeys;
    this.fingerprint = fingerprint;
  }

  String explain(JSchException e) {
    String said = Printable.of(String.valueOf(e.getMessage()));
    if (e instanceof JSchHostKeyException) {
      return hostKey(e, said);
    } else if (e instanceof JSchAlgoNegoFailException || e instanceof JSchStrictKexException) {
      return "no algorithm that is safe is common to both (" + said + "); upgrade its sshd";
    }
    String lower = said.toLowerCase(Locale.ROOT);
    if (lower.contains("auth fail") || lower.contains("auth cancel")) {
      return auth();
    } else if (lower.contains("timeout") || lower.contains("timed out")) {
      return "it accepts the connection and says nothing; look whether its sshd is well";
    }
    return "no login (" + said + ")";
  }

  private String hostKey(JSchException e, String said) {
    String key = fingerprint.isEmpty() ? "" : " (" + fingerprint + ")";
    String file = host.knownHosts().isEmpty() ? "known_hosts" : host.knownHosts().get(0);
    if (e instanceof JSchChangedHostKeyException) {
      return "its host key"
          + key
          + " is not the one in "
          + file
          + "; find out why, and only then put the new one there";
    } else if (e instanceof JSchRevokedHostKeyException) {
      return "its host key" + key + " is revoked in " + file + "; give the host a new one";
    } else if (e instanceof JSchUnknownHostKeyException) {
      return "its host key"
          + key
          + " is not in "
          + file
          + "; compare it with the host's own, then add it (ssh-keyscan prints the line)";
    }
    return "its host key is refused (" + said + ")";
  }

  private String auth() {
    if (!unusableKeys.isEmpty()) {
      return "the key "
          + String.join(", ", unusableKeys)
          + " has a passphrase or cannot be read, and no agent holds it; use a key without one";
    }
    List<String> keys =
        host.identities().stream().filter(file -> Files.exists(Path.of(file))).toList();
    return keys.isEmpty()
        ? "there is no key to log in with; make one with ssh-keygen and set SSH_IDENTITY"
        : "it does not let "
            + host.user()
            + " in with the key "
            + String.join(", ", keys)
            + "; add its public half to the authorized_keys there";
  }
}
