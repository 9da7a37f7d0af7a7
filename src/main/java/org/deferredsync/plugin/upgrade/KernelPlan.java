package org.deferredsync.plugin.upgrade;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which packages of old kernels go. Never those of the running kernel, of the newest one that is
 * installed, of the newest of the wanted flavour, of one that a meta package needs, of one of which
 * dpkg is told to hold a package or is not done with it, and never a meta package.
 *
 * @param kept the kernels that stay, for people
 * @param purged the names of the packages that go, sorted
 */
record KernelPlan(List<String> kept, List<String> purged) {
  KernelPlan {
    kept = List.copyOf(kept);
    purged = List.copyOf(purged);
  }

  /**
   * Decides.
   *
   * @param packages all that dpkg knows by names that begin with linux-
   * @param running what {@code uname -r} prints
   * @param flavour the wanted one, such as {@code generic}
   */
  static KernelPlan of(List<KernelPackage> packages, String running, String flavour) {
    Set<KernelRelease> kept = new HashSet<>();
    KernelRelease.parse(running).ifPresent(kept::add);
    List<KernelRelease> kernels = kernels(packages);
    kept.addAll(newest(kernels));
    kept.addAll(newest(kernels.stream().filter(kernel -> isOf(flavour, kernel)).toList()));
    Set<String> needed = neededByMetas(packages);
    packages.stream()
        .filter(p -> needed.contains(p.name()) || !(p.isSettled() || p.isGone()))
        .flatMap(p -> p.release().stream())
        .filter(release -> !release.flavour().isEmpty())
        .forEach(kept::add);
    Set<String> purged = new TreeSet<>();
    for (KernelPackage candidate : packages) {
      Optional<KernelRelease> release = candidate.release();
      boolean goes =
          release.isPresent()
              && candidate.isSettled()
              && !needed.contains(candidate.name())
              && kept.stream().noneMatch(kernel -> kernel.covers(release.get()));
      if (goes) {
        purged.add(candidate.name());
      }
    }
    return new KernelPlan(
        kept.stream().sorted(KernelRelease.BY_VERSION).map(KernelRelease::toString).toList(),
        new ArrayList<>(purged));
  }

  /** The kernels whose image is installed; where there is none, those of which anything is. */
  private static List<KernelRelease> kernels(List<KernelPackage> packages) {
    List<KernelRelease> images = new ArrayList<>();
    List<KernelRelease> parts = new ArrayList<>();
    for (KernelPackage candidate : packages) {
      if (candidate.isInstalled()) {
        candidate.release().ifPresent(candidate.isImage() ? images::add : parts::add);
      }
    }
    return images.isEmpty() ? parts : images;
  }

  /** Those of the newest version, of all flavours. */
  private static List<KernelRelease> newest(List<KernelRelease> kernels) {
    Optional<KernelRelease> newest = kernels.stream().max(KernelRelease.BY_VERSION);
    return kernels.stream()
        .filter(kernel -> newest.filter(n -> n.version().equals(kernel.version())).isPresent())
        .toList();
  }

  /** The flavour of a kernel of {@code generic-hwe-22.04} is {@code generic}. */
  private static boolean isOf(String wanted, KernelRelease kernel) {
    return wanted.equals(kernel.flavour()) || wanted.startsWith(kernel.flavour() + "-");
  }

  private static Set<String> neededByMetas(List<KernelPackage> packages) {
    Set<String> needed = new HashSet<>();
    for (KernelPackage candidate : packages) {
      if (candidate.release().isEmpty() && candidate.isInstalled()) {
        needed.addAll(candidate.dependencies());
      }
    }
    return needed;
  }
}
