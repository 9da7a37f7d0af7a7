package org.deferredsync.logging;

/** A number and what it counts, in the plural unless it is one. */
public final class Quantity {
  private Quantity() {}

  /** Of a word whose plural has an s more. */
  public static String of(long number, String unit) {
    return of(number, unit, unit + "s");
  }

  /**
   * Of any words, a verb that agrees with them included.
   *
   * @param one behind 1
   * @param several behind every other number
   */
  public static String of(long number, String one, String several) {
    return number + " " + (number == 1 ? one : several);
  }
}
