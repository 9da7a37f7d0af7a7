package org.deferredsync.catalogue;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.junit.jupiter.api.Test;

final class XattrsTest {

  private static ExtendedAttributes attributes(String value) {
    byte[] name = "user.name".getBytes(StandardCharsets.UTF_8);
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return ExtendedAttributes.of(List.of(new Attribute(name, bytes)));
  }

  private static long store(Catalogue catalogue, String value) throws CatalogueException {
    long[] id = new long[1];
    catalogue.transaction(() -> id[0] = requireNonNull(catalogue.xattrs().idOf(attributes(value))));
    return id[0];
  }

  @Test
  void aForgottenSet_isNotRemembered_forTheNextThatGetsItsNumber() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      long one = store(catalogue, "one");
      assertThat(catalogue.xattrs().find(one)).isEqualTo(attributes("one"));

      catalogue.transaction(() -> catalogue.xattrs().forgetUnnamed());
      long two = store(catalogue, "two");

      assertThat(two).isEqualTo(one);
      assertThat(catalogue.xattrs().find(two)).isEqualTo(attributes("two"));
    }
  }
}
