package org.deferredsync.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import picocli.CommandLine.IVersionProvider;

/** The version and build that the manifest of our own jar names. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    return new String[] {text()};
  }

  /** {@code deferred-sync 1.0.0 (build 20261123)}. */
  static String text() throws IOException {
    Attributes manifest = manifest();
    String version = manifest.getValue(Attributes.Name.IMPLEMENTATION_VERSION);
    String build = manifest.getValue("Build");
    return "deferred-sync "
        + (version == null ? "(not installed)" : version)
        + (build == null ? "" : " (build " + build + ")");
  }

  private static Attributes manifest() throws IOException {
    String place = "/" + Version.class.getName().replace('.', '/') + ".class";
    URL own = Version.class.getResource(place);
    if (own == null || !own.getProtocol().equals("jar")) {
      return new Attributes();
    }
    String jar = own.toString().substring(0, own.toString().length() - place.length());
    try (InputStream in = new URL(jar + "/META-INF/MANIFEST.MF").openStream()) {
      return new Manifest(in).getMainAttributes();
    }
  }
}
