package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class JsonWriterTest {
  private static String write(Consumer<JsonWriter> task) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonWriter writer =
        new JsonWriter(new PrintStream(bytes, false, StandardCharsets.UTF_8))) {
      task.accept(writer);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void write_escapesWhatMustBe_andKeepsTheRest() {
    assertThat(write(w -> w.value("a\"\\/\n\r\t\u0000\u001b\u009b\u2028é😀\ud800x")))
        .isEqualTo("\"a\\\"\\\\/\\n\\r\\t\\u0000\\u001b\\u009b\\u2028é😀\ufffdx\"\n");
  }

  @Test
  void write_givesOneElementALine() {
    assertThat(
            write(
                w -> {
                  w.beginArray();
                  w.beginObject().member("a", 1).member("b", true).name("c").beginArray();
                  w.value("x").value(-2).nullValue().endArray().endObject();
                  w.beginObject().endObject();
                  w.endArray();
                }))
        .isEqualTo("[\n{\"a\":1,\"b\":true,\"c\":[\"x\",-2,null]},\n{}\n]\n");
    assertThat(write(w -> w.beginArray().endArray())).isEqualTo("[]\n");
    assertThat(write(w -> w.beginObject().member("k", "v").endObject()))
        .isEqualTo("{\n\"k\":\"v\"\n}\n");
  }

  @Test
  void write_refusesWhatIsNoJson() {
    assertThatThrownBy(() -> write(w -> w.beginObject().value("x")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> write(w -> w.beginArray().name("x")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> write(w -> w.beginArray().endObject()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> write(w -> w.beginArray().endArray().beginArray()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> write(w -> w.beginObject().name("x").endObject()))
        .isInstanceOf(IllegalStateException.class);
  }
}
