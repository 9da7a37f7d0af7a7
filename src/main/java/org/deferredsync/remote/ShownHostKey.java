package org.deferredsync.remote;

import com.jcraft.jsch.HostKey;
import com.jcraft.jsch.HostKeyRepository;
import com.jcraft.jsch.UserInfo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The known keys of hosts, read only, and the fingerprint of the key that was last shown. */
final class ShownHostKey implements HostKeyRepository {
  private final HostKeyRepository known;
  private String fingerprint = "";

  ShownHostKey(HostKeyRepository known) {
    this.known = known;
  }

  /** As ssh-keygen(1) prints it; empty if no key was shown. */
  String fingerprint() {
    return fingerprint;
  }

  @Override
  public int check(String host, byte[] key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key);
      fingerprint = "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
    return known.check(host, key);
  }

  @Override
  public void add(HostKey key, UserInfo user) {
    throw new UnsupportedOperationException("no key is ever believed on sight");
  }

  @Override
  public void remove(String host, String type) {
    throw new UnsupportedOperationException("no key is ever forgotten");
  }

  @Override
  public void remove(String host, String type, byte[] key) {
    throw new UnsupportedOperationException("no key is ever forgotten");
  }

  @Override
  public String getKnownHostsRepositoryID() {
    return known.getKnownHostsRepositoryID();
  }

  @Override
  public HostKey[] getHostKey() {
    return known.getHostKey();
  }

  @Override
  public HostKey[] getHostKey(String host, String type) {
    return known.getHostKey(host, type);
  }
}
