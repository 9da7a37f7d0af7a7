package org.deferredsync.plugin.host;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;

/** The host's hardware, networks and name servers, and the health of its disks. */
public final class GetHardwareInfo implements Plugin {
  private static final String DISKS = "{sd[a-f],nvme[0-9]n[0-9]}";

  /** Bits of smartctl(8)'s status that say the disk could not be asked. */
  private static final int NOT_ASKED = 0b111;

  private final Path devices;
  private final Path resolver;

  public GetHardwareInfo() {
    this(Path.of("/dev"), Path.of("/etc/resolv.conf"));
  }

  GetHardwareInfo(Path devices, Path resolver) {
    this.devices = devices;
    this.resolver = resolver;
  }

  @Override
  public String name() {
    return "get_hardware_info";
  }

  @Override
  public int number() {
    return 15;
  }

  @Override
  public String description() {
    return "logs the hardware, network devices, name servers and the health of the disks";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context) throws IOException, InterruptedException {
    Inspection inspection = new Inspection(context);
    inspection.run("dmidecode", "--type", "system");
    inspection.run("lspci");
    inspection.run("acpi", "-b", "-a", "-t", "-i");
    inspection.run("nmcli", "device", "show");
    inspection.run("nmcli", "connection", "show");
    inspection.run("resolvectl", "status");
    if (Files.isSymbolicLink(resolver)) {
      context.log().info("{} is a link to {}.", resolver, Files.readSymbolicLink(resolver));
    }
    inspection.show(resolver);
    for (Path disk : disks()) {
      serial(context, disk);
      health(context, inspection, disk);
    }
    return ReturnCode.SUCCESS;
  }

  private Set<Path> disks() throws IOException {
    Set<Path> disks = new TreeSet<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(devices, DISKS)) {
      found.forEach(disks::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return disks;
  }

  private static void serial(PluginContext context, Path disk) throws InterruptedException {
    Command command =
        Command.of("udevadm", "info", "--query=property", "--name=" + disk)
            .within(Inspection.LIMIT);
    CommandResult result =
        context
            .commands()
            .run(
                command,
                line -> {
                  if (line.startsWith("ID_SERIAL")) {
                    context.log().info("{}: {}.", disk, line);
                  }
                },
                line -> context.log().warn("{}: {}", disk, line));
    if (!result.succeeded()) {
      context
          .log()
          .warn("udevadm {}: the serial number of {} is not known.", result.describe(), disk);
    }
  }

  private static void health(PluginContext context, Inspection inspection, Path disk)
      throws InterruptedException {
    String kind = disk.getFileName().toString().startsWith("nvme") ? "nvme" : "sat";
    CommandResult result = inspection.attempt("smartctl", "-a", "-d", kind, disk.toString());
    if (result.ending() instanceof Ending.Exited exited && (exited.status() & NOT_ASKED) != 0) {
      result = inspection.attempt("smartctl", "-a", disk.toString());
    }
    if (!result.succeeded()) {
      context.log().warn("smartctl {}, so look at the health of {}.", result.describe(), disk);
    }
  }
}
