package org.deferredsync.config;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.deferredsync.config.Settings.Item;
import org.deferredsync.config.Settings.Value;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads {@code sync.yaml}: the settings of {@code sync.conf} as the tree that {@link SettingTree}
 * draws, and what single sources have of their own. Values are texts, whatever YAML takes them for,
 * and are read as between double quotes in {@code sync.conf}.
 */
final class YamlFile {
  private static final Set<Tag> PLAIN =
      Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.TIMESTAMP, Tag.SEQ, Tag.MAP);

  private final YamlDocument document;
  private final Expansion expansion;
  private final Map<String, Value> values = new HashMap<>();
  private final Map<String, Map<String, Value>> own = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();

  private YamlFile(YamlDocument document, Expansion expansion) {
    this.document = document;
    this.expansion = expansion;
  }

  /**
   * The configuration that these bytes say.
   *
   * @param file how the file is called in messages
   * @throws SettingException naming line and column of what cannot be read
   */
  static Configuration read(String file, byte[] bytes, Environment environment)
      throws SettingException {
    Environment now =
        new Environment(
            environment.scriptHome(),
            environment.variables(),
            environment.host(),
            Clock.fixed(environment.clock().instant(), environment.clock().getZone()));
    ConfText none = ConfText.at(file, "");
    YamlDocument document = new YamlDocument(file);
    YamlFile yaml = new YamlFile(document, new Expansion(now, none));
    yaml.values.putAll(ConfFile.defaults(now, new Expansion(now, none)));
    Node top = document.read(bytes);
    yaml.read(top, "", SettingTree.ALL, yaml.values::put, "");
    return new Configuration(new Settings(yaml.values, yaml.own), yaml.warnings);
  }

  /**
   * Reads what stands in a group.
   *
   * @param group empty, or ends with a dot
   * @param of what the names of values end with
   */
  private void read(
      Node node, String group, SettingTree tree, BiConsumer<String, Value> sink, String of)
      throws SettingException {
    for (Map.Entry<ScalarNode, Node> entry : entries(node, group).entrySet()) {
      String name = entry.getKey().getValue();
      String place = group + name;
      String key = tree.key(place).orElse("");
      if (tree == SettingTree.ALL && place.equals(SettingTree.SOURCES)) {
        sources(entry.getValue());
      } else if (tree == SettingTree.ALL && place.equals(SettingTree.VARIABLES)) {
        variables(entry.getValue());
      } else if (!key.isEmpty()) {
        sink.accept(key, value(entry.getValue(), key, place + of));
      } else if (tree.isGroup(place)) {
        if (!isNull(entry.getValue())) {
          read(entry.getValue(), place + ".", tree, sink, of);
        }
      } else if (!(tree == SettingTree.OF_SOURCE && place.equals("path"))) {
        throw unknown(entry.getKey(), group, tree);
      }
    }
  }

  private SettingException unknown(ScalarNode name, String group, SettingTree tree) {
    String shown = ConfText.shown(group + name.getValue());
    if (name.getValue().equals("<<")) {
      return document.error(name, "<< is not read; write out what it would take in");
    }
    return document.error(
        name,
        shown
            + " is not a known setting; "
            + tree.nearest(group, name.getValue())
                .map(
                    found ->
                        "did you mean "
                            + (tree.namesIn(group).contains(found) ? group + found : found)
                            + "?")
                .orElse("take it out"));
  }

  /** The entries of a mapping, no name twice. */
  private Map<ScalarNode, Node> entries(Node node, String group) throws SettingException {
    checkTag(node);
    if (!(node instanceof MappingNode mapping)) {
      String what = group.isEmpty() ? "the file" : group.substring(0, group.length() - 1);
      throw document.error(node, what + " takes settings of its own; write NAME: VALUE");
    }
    Map<String, ScalarNode> names = new HashMap<>();
    Map<ScalarNode, Node> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw document.error(tuple.getKeyNode(), "no list or mapping can be a name; write a word");
      }
      ScalarNode earlier = names.put(key.getValue(), key);
      if (earlier != null) {
        throw document.error(
            key,
            ConfText.shown(group + key.getValue())
                + " is set again, after line "
                + (earlier.getStartMark().getLine() + 1)
                + "; take one of them out");
      }
      entries.put(key, tuple.getValueNode());
    }
    return entries;
  }

  private void checkTag(Node node) throws SettingException {
    if (!PLAIN.contains(node.getTag()) && !node.getTag().equals(Tag.MERGE)) {
      throw document.error(
          node,
          "the tag "
              + ConfText.shown(node.getTag().getValue().replace(Tag.PREFIX, "!!"))
              + " is not read; take it out");
    }
  }

  private static boolean isNull(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }

  private Value value(Node node, String key, String name) throws SettingException {
    checkTag(node);
    if (!SettingTree.isList(key)) {
      return new Value(text(node, key, name), document.place(node), null, name);
    }
    List<Item> items = new ArrayList<>();
    for (Node item : list(node, name)) {
      items.add(item(item, key, name));
    }
    return Value.of(items, document.place(node), name);
  }

  private List<Node> list(Node node, String name) throws SettingException {
    checkTag(node);
    if (node instanceof SequenceNode sequence) {
      return sequence.getValue();
    }
    if (isNull(node)) {
      return List.of();
    }
    throw document.error(
        node, name + " is a list; write each of its words on a line of its own, after \"- \"");
  }

  private Item item(Node node, String key, String name) throws SettingException {
    String text = text(node, key, "one of " + name);
    if (text.isEmpty() || text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
      throw document.error(
          node,
          "one of "
              + name
              + (text.isEmpty() ? " is empty; fill it in or take it out" : " has a line break"));
    }
    return new Item(text, document.place(node));
  }

  private String text(Node node, String key, String name) throws SettingException {
    checkTag(node);
    if (!(node instanceof ScalarNode scalar)) {
      throw document.error(
          node,
          name
              + " is a single value and no "
              + (node instanceof SequenceNode ? "list" : "tree")
              + "; write it behind the colon");
    }
    if (isNull(node)) {
      return "";
    }
    ConfText text = ConfText.at(document.place(node), scalar.getValue());
    String expanded = expansion.text(ConfWords.quoted(text, key), text, 1);
    for (ShellWord.Name unset : expansion.unset()) {
      String which = Settings.isSecret(key) ? "a name in " + name : "$" + unset.name();
      warnings.add(
          document.place(node)
              + ": "
              + which
              + " is not set and reads as empty; for a plain dollar sign write \\$");
    }
    return expanded;
  }

  private void variables(Node node) throws SettingException {
    if (isNull(node)) {
      return;
    }
    String group = SettingTree.VARIABLES + ".";
    for (Map.Entry<ScalarNode, Node> entry : entries(node, group).entrySet()) {
      String name = entry.getKey().getValue();
      if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
        throw document.error(
            entry.getKey(),
            ConfText.shown(group + name) + " is no name; write letters, digits and _");
      }
      if (KnownSettings.isKnown(name)) {
        throw document.error(
            entry.getKey(), name + " is a setting; write " + SettingTree.place(name));
      }
      String text = text(entry.getValue(), name, group + name);
      values.put(name, new Value(text, document.place(entry.getValue()), null, group + name));
    }
  }

  private void sources(Node node) throws SettingException {
    List<Item> items = new ArrayList<>();
    for (Node source : list(node, SettingTree.SOURCES)) {
      if (source instanceof MappingNode) {
        items.add(source(source));
      } else {
        items.add(item(source, "BACKUPDIRS", SettingTree.SOURCES));
      }
    }
    values.put("BACKUPDIRS", Value.of(items, document.place(node), SettingTree.SOURCES));
  }

  private Item source(Node node) throws SettingException {
    @Nullable Node path = null;
    for (Map.Entry<ScalarNode, Node> entry : entries(node, "").entrySet()) {
      path = entry.getKey().getValue().equals("path") ? entry.getValue() : path;
    }
    if (path == null) {
      throw document.error(node, "one of " + SettingTree.SOURCES + " has no path; write path: /…");
    }
    Item item = item(path, "BACKUPDIRS", SettingTree.SOURCES);
    Map<String, Value> of = new HashMap<>();
    read(node, "", SettingTree.OF_SOURCE, of::put, " of " + ConfText.shown(item.text()));
    if (own.put(item.text(), of) != null) {
      throw document.error(path, item.text() + " stands in the list twice; take one out");
    }
    return item;
  }
}
