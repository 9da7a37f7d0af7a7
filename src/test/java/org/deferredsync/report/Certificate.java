package org.deferredsync.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.deferredsync.process.Command;
import org.deferredsync.process.SystemCommandRunner;

/** A key with a certificate for one host that keytool made, and that nobody trusts unasked. */
record Certificate(KeyStore keys) {
  private static final String PASSWORD = "changeit";

  static Certificate of(String host, Path directory) throws Exception {
    Path store = directory.resolve(host + ".p12");
    List<String> said = new ArrayList<>();
    Command keytool =
        Command.of(
            System.getProperty("java.home") + "/bin/keytool",
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "EC",
            "-dname",
            "CN=" + host,
            "-ext",
            "san=dns:" + host,
            "-storetype",
            "PKCS12",
            "-keystore",
            store.toString(),
            "-storepass",
            PASSWORD);
    SystemCommandRunner system = new SystemCommandRunner(System.getenv());
    assertThat(system.run(keytool, said::add, said::add).succeeded()).as("%s", said).isTrue();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return new Certificate(keys);
  }

  /** What a server has that this certificate names. */
  SSLSocketFactory serving() throws Exception {
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context.getSocketFactory();
  }

  /** What a client has that trusts this one alone. */
  SSLSocketFactory trusting() throws Exception {
    KeyStore certificates = KeyStore.getInstance("PKCS12");
    certificates.load(null, null);
    certificates.setCertificateEntry("server", keys.getCertificate("server"));
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(certificates);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context.getSocketFactory();
  }
}
