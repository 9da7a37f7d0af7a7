package org.deferredsync.remote;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;

/** Connects to a host, and says of one that cannot be connected to at which step it ended. */
final class Dial {
  private final Duration timeout;

  Dial(Duration timeout) {
    this.timeout = timeout;
  }

  /** There is no connection: part of a line that says what is wrong and what to do. */
  static final class NoAnswer extends Exception {
    private static final long serialVersionUID = 1L;

    NoAnswer(String message) {
      super(message);
    }
  }

  /** Tries each of the host's addresses in turn, all of them within the timeout. */
  Socket connect(EffectiveHost host) throws NoAnswer, IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host.host());
    } catch (UnknownHostException e) {
      throw new NoAnswer(
          "the name " + host.host() + " has no address; mend the name, DNS or /etc/hosts");
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    IOException last = new IOException("no address");
    for (int i = 0; i < addresses.length; i++) {
      long left = (deadline - System.nanoTime()) / 1_000_000 / (addresses.length - i);
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(addresses[i], host.port()), (int) Math.max(1, left));
        socket.setSoTimeout((int) Math.min(Integer.MAX_VALUE, timeout.toMillis()));
        return socket;
      } catch (IOException e) {
        socket.close();
        last = e;
      }
    }
    throw new NoAnswer(explain(host, last));
  }

  private String explain(EffectiveHost host, IOException e) {
    String said = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    if (e instanceof SocketTimeoutException || said.contains("timed out")) {
      return "nothing answers at port "
          + host.port()
          + " within "
          + timeout.toSeconds()
          + " s; is the host up, and does no firewall keep us out?";
    } else if (e instanceof NoRouteToHostException || said.contains("unreachable")) {
      return "there is no route to it (" + e.getMessage() + "); mend the network";
    } else if (e instanceof ConnectException) {
      return "nothing listens at port "
          + host.port()
          + "; start sshd there, or write the right port";
    }
    return "no connection (" + e.getMessage() + ")";
  }
}
