package org.deferredsync.report;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A mail server on loopback that keeps what it hears, line by line. */
final class ScriptedSmtp implements AutoCloseable {
  /** What kind of server it is. */
  enum Kind {
    /** Without TLS, and offering none. */
    PLAIN,
    /** With TLS from the command of that name on. */
    STARTTLS,
    /** With TLS from the first byte. */
    TLS,
    /** Never says a word. */
    SILENT,
    /** Greets, line after line. */
    ENDLESS
  }

  /**
   * A line that it heard.
   *
   * @param secret whether by TLS
   */
  record Line(String text, boolean secret) {
    /** Whether more is said than that somebody is there, and wants TLS. */
    boolean tellsAnything() {
      return !text.startsWith("EHLO") && !text.equals("STARTTLS") && !text.equals("QUIT");
    }
  }

  private final Kind kind;
  private final SSLSocketFactory tls;
  private final ServerSocket server;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<Line> heard = new CopyOnWriteArrayList<>();

  ScriptedSmtp(Kind kind, Certificate certificate) throws Exception {
    this.kind = kind;
    this.tls = certificate.serving();
    this.server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "scripted smtp");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  List<Line> heard() {
    return List.copyOf(heard);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        start(() -> talk(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void talk(Socket socket) {
    try {
      switch (kind) {
        case SILENT -> socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        case ENDLESS -> greetForEver(socket);
        case TLS -> session(secret(socket), true);
        default -> {
          if (session(socket, false)) {
            session(secret(socket), true);
          }
        }
      }
    } catch (IOException e) {
      return; // the client has gone, as it may
    }
  }

  private static void greetForEver(Socket socket) throws IOException {
    while (true) {
      say(socket, "220-wait");
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private Socket secret(Socket socket) throws IOException {
    SSLSocket secret = (SSLSocket) tls.createSocket(socket, null, socket.getPort(), true);
    secret.setUseClientMode(false);
    secret.startHandshake();
    return secret;
  }

  private static void say(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Talks until the client goes, or wants TLS. */
  private boolean session(Socket socket, boolean secret) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    if (!secret || kind == Kind.TLS) {
      say(socket, "220 here");
    }
    boolean data = false;
    String line;
    while ((line = in.readLine()) != null) {
      heard.add(new Line(line, secret));
      if (data && !line.equals(".")) {
        continue;
      }
      data = line.equals("DATA");
      switch (line.split(" ", 2)[0].toUpperCase(Locale.ROOT)) {
        case "EHLO" -> {
          say(socket, "250-here");
          say(socket, !secret && kind == Kind.STARTTLS ? "250 STARTTLS" : "250 AUTH PLAIN");
        }
        case "STARTTLS" -> {
          say(socket, "220 begin");
          return true;
        }
        case "AUTH" -> say(socket, "235 welcome");
        case "DATA" -> say(socket, "354 go on");
        case "QUIT" -> say(socket, "221 bye");
        default -> say(socket, "250 well");
      }
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
