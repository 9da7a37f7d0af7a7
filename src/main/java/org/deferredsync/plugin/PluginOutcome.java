package org.deferredsync.plugin;

import java.time.Duration;

/**
 * What became of one plugin or hook.
 *
 * @param name without its number
 * @param elapsed how long it ran
 */
public record PluginOutcome(String name, ReturnCode code, Duration elapsed) {}
