package org.deferredsync;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The layering of doc/DESIGN.md: imports only point down, third-party code stays in its room. */
@AnalyzeClasses(packages = "org.deferredsync", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String ROOT = "org.deferredsync.";

  /** Top-down; each package and what it may know of the others. */
  private static final Map<String, Set<String>> KNOWS =
      Map.ofEntries(
          Map.entry(
              "cli",
              Set.of(
                  "job",
                  "plugin",
                  "plugin.backup",
                  "plugin.dump",
                  "plugin.remote",
                  "backup",
                  "remote",
                  "catalogue",
                  "config",
                  "snapshot",
                  "process",
                  "fs",
                  "logging")),
          Map.entry("job", Set.of("report", "plugin", "config", "process", "fs", "logging")),
          Map.entry("report", Set.of("config", "process", "logging")),
          Map.entry("plugin.host", Set.of("plugin", "config", "process")),
          Map.entry("plugin.upgrade", Set.of("plugin", "config", "process")),
          Map.entry(
              "plugin.backup",
              Set.of("plugin", "config", "process", "backup", "snapshot", "fs", "logging")),
          Map.entry(
              "plugin.dump",
              Set.of("plugin", "config", "process", "backup", "snapshot", "fs", "logging")),
          Map.entry(
              "plugin.remote",
              Set.of(
                  "plugin",
                  "plugin.backup",
                  "config",
                  "process",
                  "backup",
                  "remote",
                  "snapshot",
                  "fs",
                  "logging")),
          Map.entry("plugin", Set.of("config", "process", "fs", "logging")),
          Map.entry("remote", Set.of("process", "logging")),
          Map.entry("backup", Set.of("catalogue", "snapshot", "fs", "logging")),
          Map.entry("catalogue", Set.of("snapshot")),
          Map.entry("config", Set.of("logging")),
          Map.entry("snapshot", Set.of("logging")),
          Map.entry("process", Set.of("logging")),
          Map.entry("fs", Set.of("logging")),
          Map.entry("logging", Set.of()));

  private static final List<Room> ROOMS =
      List.of(
          new Room("picocli..", Set.of("cli")),
          new Room("me.tongfei.progressbar..", Set.of("cli")),
          new Room("java.sql..", Set.of("catalogue", "plugin.dump")),
          new Room("org.sqlite..", Set.of("catalogue", "plugin.dump")),
          new Room("com.github.luben..", Set.of("plugin.dump")),
          new Room("com.sun.jna..", Set.of("fs")),
          new Room("jakarta..", Set.of("report")),
          new Room("org.eclipse.angus..", Set.of("report")),
          new Room("com.jcraft.jsch..", Set.of("remote")),
          new Room("ch.qos.logback..", Set.of("logging")),
          new Room(
              "org.apache.commons.io..",
              Set.of("process", "config", "job", "plugin", "plugin.upgrade", "cli")));

  @ArchTest
  static final ArchRule importsPointDown =
      classes().that().resideInAPackage("org.deferredsync..").should(knowOnlyWhatTheTableSays());

  @ArchTest
  static void thirdPartyCodeStaysInItsRoom(JavaClasses classes) {
    for (Room room : ROOMS) {
      String[] outside =
          KNOWS.keySet().stream()
              .filter(name -> !room.packages().contains(name))
              .map(name -> ROOT + name)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAnyPackage(outside)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(room.library())
          .check(classes);
    }
  }

  @ArchTest
  static final ArchRule noShellAndNoSerialization =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching("javax\\.script\\..*|java\\.io\\.ObjectInputStream")
          .orShould()
          .callMethod(Runtime.class, "exec", String.class)
          .orShould()
          .callMethod(Runtime.class, "exec", String[].class);

  private static ArchCondition<JavaClass> knowOnlyWhatTheTableSays() {
    return new ArchCondition<>("know only the packages that the table names") {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        String from = nameOf(item);
        Set<String> allowed = KNOWS.get(from);
        if (allowed == null) {
          events.add(
              SimpleConditionEvent.violated(item, item.getName() + ": package not in the table"));
          return;
        }
        item.getDirectDependenciesFromSelf().stream()
            .filter(dependency -> dependency.getTargetClass().getPackageName().startsWith(ROOT))
            .filter(dependency -> !nameOf(dependency.getTargetClass()).equals(from))
            .filter(dependency -> !allowed.contains(nameOf(dependency.getTargetClass())))
            .forEach(d -> events.add(SimpleConditionEvent.violated(item, d.getDescription())));
      }
    };
  }

  private static String nameOf(JavaClass item) {
    return item.getPackageName().substring(ROOT.length());
  }

  private record Room(String library, Set<String> packages) {}
}
