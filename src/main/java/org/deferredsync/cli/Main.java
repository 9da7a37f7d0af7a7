package org.deferredsync.cli;

/** The program's entry. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.out.println("deferred-sync");
  }
}
