package org.deferredsync.config;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.deferredsync.logging.Printable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * The text of a {@code sync.yaml} as one tree of nodes. No object is ever made of a node, so that
 * tags mean nothing; every error has its line and column.
 */
final class YamlDocument {
  private static final int DEEPEST = 20;
  private static final int LARGEST = 1 << 24;

  private final String file;

  YamlDocument(String file) {
    this.file = file;
  }

  /**
   * The top of the tree.
   *
   * @throws SettingException if the bytes are no text, no YAML, or not one document
   */
  Node read(byte[] bytes) throws SettingException {
    LoaderOptions options = new LoaderOptions();
    options.setNestingDepthLimit(DEEPEST);
    options.setCodePointLimit(LARGEST);
    options.setAllowRecursiveKeys(false);
    ParserImpl parser = new ParserImpl(new StreamReader(text(bytes)), options);
    try {
      Node top = new Composer(parser, new Resolver(), options).getSingleNode();
      if (top == null) {
        throw error(1, 1, "is empty; write the settings, or {} for the defaults alone");
      }
      return top;
    } catch (MarkedYAMLException e) {
      throw error(e.getProblemMark(), problem(e));
    } catch (YAMLException e) {
      throw error(
          parser.peekEvent().getStartMark(),
          Printable.of(oneLine(String.valueOf(e.getMessage()))) + "; make it simpler");
    }
  }

  private String text(byte[] bytes) throws SettingException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    String text = out.flip().toString();
    if (result.isError()) {
      throw errorAfter(
          text,
          String.format(
              "the byte \\x%02x is not valid UTF-8; save the file as UTF-8",
              bytes[in.position()] & 0xff));
    }
    String read = text.startsWith("\ufeff") ? text.substring(1) : text;
    for (int i = 0; i < read.length(); i = read.offsetByCodePoints(i, 1)) {
      int c = read.codePointAt(i);
      if (!StreamReader.isPrintable(c)) {
        throw errorAfter(
            read.substring(0, i),
            String.format("the character U+%04X cannot stand in YAML; take it out", c));
      }
    }
    return read;
  }

  private SettingException errorAfter(String text, String what) {
    int line = (int) text.chars().filter(c -> c == '\n').count() + 1;
    int begin = text.lastIndexOf('\n') + 1;
    return error(line, text.codePointCount(begin, text.length()) + 1, what);
  }

  private static String problem(MarkedYAMLException e) {
    String problem = oneLine(String.valueOf(e.getProblem()));
    if (problem.contains("'\\t(TAB)'")) {
      return "a tab stands where blanks belong; indent with blanks";
    }
    if (problem.startsWith("Global tag is not allowed") || problem.contains("tag handle")) {
      return "a tag is not read; take out what begins with !";
    }
    if (problem.contains("another document")) {
      return "a second document begins; write one, without a line of ---";
    }
    if (problem.contains("undefined alias")) {
      return Printable.of(problem) + "; write the value itself";
    }
    String context = e.getContext() == null ? "" : oneLine(e.getContext()) + ": ";
    return Printable.of(context + problem)
        + "; mend the YAML here, or put the value in single quotes";
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** {@code FILE:LINE:COLUMN} of a node. */
  String place(Node node) {
    return place(node.getStartMark());
  }

  private String place(Mark mark) {
    return file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
  }

  /** An error at a node. */
  SettingException error(Node node, String what) {
    return error(node.getStartMark(), what);
  }

  private SettingException error(Mark mark, String what) {
    return new SettingException(place(mark) + ": " + what);
  }

  private SettingException error(int line, int column, String what) {
    return new SettingException(file + ":" + line + ":" + column + ": " + what);
  }
}
