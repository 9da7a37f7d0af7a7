package org.deferredsync.plugin.dump;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import com.github.luben.zstd.util.Native;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;

/** How the contents of a dump lie in its file; the same contents always give the same file. */
enum Compression {
  GZIP(".gz"),
  ZSTD(".zst"),
  NONE(""),
  /** An archive with the contents as its one file. */
  ZIP(".zip");

  private static final int BUFFER = 64 * 1024;

  /** As long ago as a zip archive can say: what it holds has no time of its own. */
  private static final long NO_TIME = 315_532_800_000L;

  private final String suffix;

  Compression(String suffix) {
    this.suffix = suffix;
  }

  /**
   * What DUMP_COMPRESSION says.
   *
   * @throws SettingException if that is none of these
   */
  static Compression of(Settings settings) throws SettingException {
    String text = settings.text("DUMP_COMPRESSION").strip();
    for (Compression compression : values()) {
      if (compression.word().equals(text.toLowerCase(Locale.ROOT))) {
        return compression;
      }
    }
    throw settings.invalid("DUMP_COMPRESSION", "is none of gzip, zstd, none and zip");
  }

  /** As the setting has it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  String suffix() {
    return suffix;
  }

  /**
   * Compresses to {@code file} what is written; closing ends the compression and {@code file}.
   *
   * @param contents the name of what is compressed, for an archive
   */
  OutputStream to(OutputStream file, String contents) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPOutputStream(file, BUFFER);
      case ZSTD -> zstd(file);
      case NONE -> file;
      case ZIP -> zip(file, contents);
    };
  }

  private static OutputStream zstd(OutputStream file) throws IOException {
    loadZstd();
    return new ZstdOutputStream(file).setChecksum(true);
  }

  private static OutputStream zip(OutputStream file, String contents) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(file);
    ZipEntry entry = new ZipEntry(contents);
    entry.setTime(NO_TIME);
    zip.putNextEntry(entry);
    return zip;
  }

  /**
   * The contents of {@code file}, whichever way they are compressed, which its first bytes tell; it
   * is closed with them. Reading on fails where the file is damaged or cut short.
   */
  static InputStream contents(InputStream file) throws IOException {
    BufferedInputStream in = new BufferedInputStream(file, BUFFER);
    in.mark(Integer.BYTES);
    byte[] first = Arrays.copyOf(in.readNBytes(Integer.BYTES), Integer.BYTES);
    in.reset();
    int magic = ByteBuffer.wrap(first).getInt();
    if (magic >>> 16 == 0x1f8b) {
      return new GZIPInputStream(in, BUFFER);
    } else if (magic == 0x28b52ffd) {
      loadZstd();
      return new ZstdInputStream(in);
    } else if (magic == 0x504b0304) {
      ZipInputStream zip = new ZipInputStream(in);
      if (zip.getNextEntry() == null) {
        throw new IOException("an empty zip archive");
      }
      return zip;
    }
    return in;
  }

  /** The launcher names the library; what starts without it gets a directory of its own for it. */
  private static synchronized void loadZstd() throws IOException {
    if (!Native.isLoaded() && System.getProperty("ZstdNativePath") == null) {
      Path directory = Files.createTempDirectory("deferred-sync-");
      File own = directory.toFile();
      own.deleteOnExit();
      Native.load(own);
    }
  }
}
