package org.deferredsync.plugin;

import java.time.Duration;

/**
 * What became of one plugin or hook.
 *
 * @param name without its number
 * @param elapsed how long it ran
 * @param reason why the code is not success, in one line; empty if the plugin did not say
 */
public record PluginOutcome(String name, ReturnCode code, Duration elapsed, String reason) {}
