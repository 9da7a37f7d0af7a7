package org.deferredsync.cli;

/** When output is coloured. */
enum Colour {
  auto,
  always,
  never
}
