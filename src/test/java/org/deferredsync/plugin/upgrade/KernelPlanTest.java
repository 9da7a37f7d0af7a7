package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class KernelPlanTest {
  private static final String RUNNING = "5.15.0-91-generic";

  private final List<KernelPackage> packages = new ArrayList<>();

  private KernelPlanTest add(String state, String name, String... dependencies) {
    packages.add(new KernelPackage(state, name, List.of(dependencies)));
    return this;
  }

  /** All that Ubuntu installs of a kernel. */
  private KernelPlanTest kernel(String version, String flavour) {
    for (String kind : List.of("image", "modules", "modules-extra", "headers", "tools")) {
      add("ii", "linux-" + kind + "-" + version + "-" + flavour);
    }
    return add("ii", "linux-headers-" + version).add("ii", "linux-tools-" + version);
  }

  private KernelPlanTest metas(String newest) {
    return add("ii", "linux-generic", "linux-image-generic", "linux-headers-generic")
        .add("ii", "linux-image-generic", "linux-image-" + newest, "linux-firmware")
        .add("ii", "linux-headers-generic", "linux-headers-" + newest)
        .add("ii", "linux-libc-dev")
        .add("ii", "linux-base")
        .add("ii", "linux-firmware")
        .add("ii", "linux-tools-common");
  }

  private List<String> purged(String running) {
    return KernelPlan.of(packages, running, "generic").purged();
  }

  @Test
  void plan_keepsRunningAndNewest_andMetas() {
    kernel("5.15.0-9", "generic").kernel("5.15.0-91", "generic").kernel("5.15.0-100", "generic");
    metas("5.15.0-100-generic");

    assertThat(purged(RUNNING))
        .containsExactly(
            "linux-headers-5.15.0-9",
            "linux-headers-5.15.0-9-generic",
            "linux-image-5.15.0-9-generic",
            "linux-modules-5.15.0-9-generic",
            "linux-modules-extra-5.15.0-9-generic",
            "linux-tools-5.15.0-9",
            "linux-tools-5.15.0-9-generic");
    assertThat(KernelPlan.of(packages, RUNNING, "generic").kept())
        .containsExactly("5.15.0-91-generic", "5.15.0-100-generic");
  }

  @Test
  void plan_comparesVersionsByNumber() {
    kernel("5.15.0-99", "generic").kernel("5.15.0-100", "generic");

    assertThat(purged("4.4.0-1-generic"))
        .contains("linux-image-5.15.0-99-generic")
        .noneMatch(name -> name.contains("5.15.0-100"));
  }

  @Test
  void plan_keepsNewest_whenRunningKernelIsNotUbuntus() {
    kernel("6.8.0-31", "generic").kernel("6.8.0-45", "generic");

    assertThat(purged("6.1.0-18-amd64")).isNotEmpty().noneMatch(name -> name.contains("6.8.0-45"));
    assertThat(purged("")).isNotEmpty().noneMatch(name -> name.contains("6.8.0-45"));
  }

  @Test
  void plan_tellsFlavoursApart_andKeepsNewestOfTheWantedOne() {
    kernel("6.8.0-31", "generic").kernel("6.8.0-45", "generic");
    kernel("6.8.0-31", "lowlatency").kernel("6.8.0-50", "lowlatency");

    List<String> purged = purged("6.8.0-31-lowlatency");

    assertThat(purged)
        .contains("linux-image-6.8.0-31-generic")
        .doesNotContain(
            "linux-image-6.8.0-31-lowlatency",
            "linux-headers-6.8.0-31",
            "linux-image-6.8.0-45-generic",
            "linux-image-6.8.0-50-lowlatency");
  }

  @Test
  void plan_knowsNamesOfOtherLines() {
    add("ii", "linux-image-unsigned-6.5.0-14-generic")
        .add("ii", "linux-image-6.5.0-27-generic")
        .add("ii", "linux-hwe-6.5-headers-6.5.0-14")
        .add("ii", "linux-hwe-6.5-headers-6.5.0-27")
        .add("ii", "linux-modules-nvidia-535-6.5.0-14-generic")
        .add("ii", "linux-image-generic-hwe-22.04", "linux-image-6.5.0-27-generic")
        .add("ii", "linux-modules-nvidia-535-generic-hwe-22.04");

    assertThat(purged(RUNNING))
        .containsExactly(
            "linux-hwe-6.5-headers-6.5.0-14",
            "linux-image-unsigned-6.5.0-14-generic",
            "linux-modules-nvidia-535-6.5.0-14-generic");
  }

  @Test
  void plan_keepsWhatAMetaPackageNeeds_thoughItIsOld() {
    kernel("5.15.0-91", "generic").kernel("6.5.0-27", "generic").kernel("6.5.0-30", "generic");
    metas("5.15.0-91-generic");

    assertThat(purged("6.5.0-30-generic")).isNotEmpty().allMatch(name -> name.contains("6.5.0-27"));
  }

  @Test
  void plan_leavesHeldAndUnfinishedPackages_andTakesRemainsOfConfiguration() {
    kernel("6.5.0-30", "generic");
    add("hi", "linux-image-6.5.0-1-generic")
        .add("iU", "linux-image-6.5.0-2-generic")
        .add("iHR", "linux-image-6.5.0-3-generic")
        .add("un", "linux-image-6.5.0-4-generic")
        .add("rc", "linux-image-6.5.0-5-generic")
        .add("iF", "linux-image-6.5.0-99-generic");

    assertThat(purged("6.5.0-30-generic")).containsExactly("linux-image-6.5.0-5-generic");
  }

  /** An operator who holds an image wants it to start, which takes its modules. */
  @Test
  void plan_leavesAllOfAKernel_thatIsHeldOrUnfinishedInPart() {
    kernel("6.5.0-10", "generic").kernel("6.5.0-20", "generic").kernel("6.5.0-30", "generic");
    kernel("6.5.0-99", "generic");
    packages.replaceAll(
        p ->
            p.name().equals("linux-image-6.5.0-10-generic")
                ? new KernelPackage("hi", p.name(), p.dependencies())
                : p.name().equals("linux-image-6.5.0-99-generic")
                    ? new KernelPackage("iF", p.name(), p.dependencies())
                    : p);

    assertThat(purged("6.5.0-30-generic")).isNotEmpty().allMatch(n -> n.contains("6.5.0-20"));
  }

  @Test
  void plan_takesSymbols_forAPartOfTheirKernel_andForNoKernel() {
    kernel("6.8.0-31", "generic").kernel("6.8.0-45", "generic").kernel("6.8.0-50", "generic");
    add("ii", "linux-image-unsigned-6.8.0-45-generic-dbgsym")
        .add("ii", "linux-image-unsigned-6.8.0-31-generic-dbgsym")
        .add("ii", "linux-image-unsigned-6.8.0-99-generic-dbgsym");

    assertThat(purged("6.8.0-45-generic"))
        .contains(
            "linux-image-unsigned-6.8.0-31-generic-dbgsym",
            "linux-image-unsigned-6.8.0-99-generic-dbgsym")
        .noneMatch(name -> name.contains("6.8.0-45") || name.contains("6.8.0-50"));
  }

  /** An image that dpkg has not set up does not start a machine. */
  @Test
  void plan_doesNotTakeAnUnfinishedImageForTheNewest() {
    kernel("6.5.0-27", "generic").kernel("6.5.0-30", "generic");
    add("iF", "linux-image-6.5.0-99-generic");

    assertThat(purged("")).allMatch(name -> name.contains("6.5.0-27"));
  }

  @Test
  void plan_keepsHeaders_whereNoImageIsInstalled() {
    add("ii", "linux-headers-6.5.0-27-generic").add("ii", "linux-headers-6.5.0-30-generic");

    assertThat(purged("6.1.0-18-amd64")).containsExactly("linux-headers-6.5.0-27-generic");
    packages.add(0, new KernelPackage("ii", "linux-headers-6.5.0-30", List.of()));
    assertThat(KernelPlan.of(packages, "6.1.0-18-amd64", "virtual").purged())
        .as("what all flavours share stands first")
        .containsExactly("linux-headers-6.5.0-27-generic");
  }

  @Test
  void plan_keepsEachFlavourOfTheNewest() {
    kernel("6.8.0-45", "generic").kernel("6.8.0-50", "lowlatency").kernel("6.8.0-50", "generic");

    assertThat(KernelPlan.of(packages, "", "virtual").purged())
        .isNotEmpty()
        .allMatch(name -> name.contains("6.8.0-45"));
  }

  @Test
  void plan_neverTouchesRunningNorNewest_whateverIsInstalled() {
    long seed = Long.getLong("kernels.seed", System.nanoTime());
    Random random = new Random(seed);
    List<String> flavours = List.of("generic", "lowlatency", "aws", "generic-64k");
    for (int round = 0; round < 300; round++) {
      packages.clear();
      String running = "";
      KernelRelease newest = new KernelRelease("0.0.0-0", "");
      for (int i = 0; i <= random.nextInt(6); i++) {
        KernelRelease kernel =
            new KernelRelease(
                random.nextInt(4, 7) + "." + random.nextInt(12) + ".0-" + random.nextInt(1, 1200),
                flavours.get(random.nextInt(flavours.size())));
        kernel(kernel.version(), kernel.flavour());
        running = i == 0 || random.nextInt(3) == 0 ? kernel.toString() : running;
        newest = KernelRelease.BY_VERSION.compare(kernel, newest) >= 0 ? kernel : newest;
      }
      metas("5.15.0-1-generic");
      String wanted = flavours.get(random.nextInt(flavours.size()));

      assertThat(KernelPlan.of(packages, running, wanted).purged())
          .as("kernels.seed=%d, round %d: %s, running %s", seed, round, packages, running)
          .doesNotContain("linux-image-" + running, "linux-modules-" + running)
          .doesNotContain("linux-image-" + newest.version() + "-" + newest.flavour())
          .doesNotContain("linux-headers-" + running.replaceFirst("(-[0-9]+)-.*", "$1"))
          .allMatch(name -> name.matches("linux-.*-[0-9]+\\.[0-9]+\\.0-[0-9]+(-[a-z0-9-]+)?"));
    }
  }

  @Test
  void package_isParsedFromWhatDpkgPrints() {
    assertThat(
            KernelPackage.parse(
                "ii \tlinux-image-generic\tlinux-image-6.8.0-45-generic, linux-firmware (>= 1) |"
                    + " ab:any, , "))
        .contains(
            new KernelPackage(
                "ii",
                "linux-image-generic",
                List.of("linux-image-6.8.0-45-generic", "linux-firmware", "ab")));
    assertThat(KernelPackage.parse("")).isEmpty();
    assertThat(KernelPackage.parse("ii \t-o\t")).isEmpty();
  }
}
