#include "config/resolve.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/applies.h"
#include "config/canonical.h"
#include "config/expectation.h"
#include "config/key_path.h"
#include "config/named_keys.h"
#include "config/scalar.h"
#include "config/stand_in.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

std::vector<std::string> member_names(const FieldSchema& schema) {
  std::vector<std::string> names;
  for (const FieldSchema& field : schema.fields) names.push_back(field.key);
  if (schema.kinds != nullptr) {
    for (const KindSchema& kind : *schema.kinds) names.push_back(kind.name);
  }
  return names;
}

class Resolver {
 public:
  Resolver(const FieldSchema& root, const Node& tree, Faults& faults)
      : root_(root), tree_(tree), faults_(faults) {}

  std::map<std::string, Place> take_places() { return std::move(places_); }

  /// @param node null pointer: not written. @param around where a missing key is missed.
  Json field(const FieldSchema& schema, const Node* node, const std::string& path, const Place& around) {
    if (node == nullptr && schema.default_value && schema.type != FieldType::kMap) {
      places_[path] = default_place();
      return value(schema, stand_in(schema), path);
    }
    const bool absent = node == nullptr || node->is_null();
    if (absent && schema.optional) {
      places_[path] = node == nullptr ? default_place() : node->place;
      return nullptr;
    }
    if (schema.type == FieldType::kMap) return map(schema, node, path, around);
    if (node == nullptr) {
      missing(around, path, fmt::format("is missing (expected {})", expected(schema)), {path});
      return replacement(schema, path);
    }
    places_[path] = node->place;
    return value(schema, *node, path);
  }

 private:
  /// @param keys  of which one is expected. It may stand in a part that could not be read, or be misspelt.
  void missing(const Place& place, const std::string& path, const std::string& message,
               const std::vector<std::string>& keys) {
    const auto is_broken = [&](const std::string& key) { return faults_.touch(key); };
    if (std::ranges::none_of(keys, is_broken)) faults_.add(place, path, message, keys);
  }

  static std::vector<std::string> paths_of(const std::vector<std::string>& keys, const std::string& path) {
    std::vector<std::string> paths;
    for (const std::string& key : keys) paths.push_back(join_path(path, key));
    return paths;
  }

  /// Stands in the place of a faulty value. A key that can do without one is as though it were not written.
  Json replacement(const FieldSchema& schema, const std::string& path) {
    return schema.optional ? Json() : value(schema, stand_in(schema), path);
  }

  Json wrong(const Node& node, const std::string& path, const std::string& what, const FieldSchema& schema,
             const std::string& suggestion = "") {
    faults_.add(node.place, path, fmt::format("{} (expected {}){}", what, expected(schema), suggestion));
    return replacement(schema, path);
  }

  Json wrong_type(const Node& node, const std::string& path, const FieldSchema& schema) {
    return wrong(node, path, fmt::format("is {}", describe_node(node)), schema);
  }

  Json value(const FieldSchema& schema, const Node& node, const std::string& path) {
    switch (schema.type) {
      case FieldType::kKind:
        return kind(schema, node, path);
      case FieldType::kList:
        return list(schema, node, path);
      case FieldType::kMap:
        return map(schema, &node, path, node.place);
      case FieldType::kNamed:
        return named(schema, node, path);
      case FieldType::kEither: {
        const FieldSchema* form = form_of(schema, node);
        return form == nullptr ? wrong_type(node, path, schema) : value(*form, node, path);
      }
      default:
        return scalar(schema, node, path);
    }
  }

  Json scalar(const FieldSchema& schema, const Node& node, const std::string& path) {
    const ScalarValue read = read_scalar(schema, node);
    const auto* fault = std::get_if<ScalarFault>(&read);
    return fault == nullptr ? std::get<Json>(read)
                            : wrong(node, path, fault->message, schema, fault->suggestion);
  }

  Json list(const FieldSchema& schema, const Node& node, const std::string& path) {
    const bool is_word = node.is_scalar() && std::find(schema.choices.begin(), schema.choices.end(),
                                                       node.scalar) != schema.choices.end();
    if (is_word) return node.scalar;
    if (!node.is_list()) return wrong_type(node, path, schema);
    if (!has_valid_size(schema, node))
      return wrong(node, path, fmt::format("has {} items", node.items.size()), schema);
    Json values = Json::array();
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string below = item_path(path, i);
      const FieldSchema& item = schema.fields.front();
      values.push_back(node.items[i].is_null() ? wrong_type(node.items[i], below, item)
                                               : value(item, node.items[i], below));
    }
    return values;
  }

  Json named(const FieldSchema& schema, const Node& node, const std::string& path) {
    if (!node.is_map()) return wrong_type(node, path, schema);
    if (!has_valid_size(schema, node))
      return wrong(node, path, fmt::format("has {} names", node.entries.size()), schema);
    const FieldSchema& each = schema.fields.front();
    Json values = Json::object();
    for (const Entry& entry : node.entries) {
      const std::string below = join_path(path, entry.key);
      values[entry.key] =
          entry.value.is_null() ? wrong_type(entry.value, below, each) : value(each, entry.value, below);
      places_[below] = entry.place;
    }
    return values;
  }

  static bool has_valid_size(const FieldSchema& schema, const Node& node) {
    const auto size = static_cast<int64_t>(node.items.size() + node.entries.size());
    return size >= schema.min_items && size <= schema.max_items;
  }

  Json kind(const FieldSchema& schema, const Node& node, const std::string& path) {
    const std::string names = join_words(kind_names(*schema.kinds));
    if (!node.is_map()) {
      faults_.add(node.place, path, fmt::format("is {} (expected {})", describe_node(node), names));
      return replacement(schema, path);
    }
    if (node.entries.size() != 1) {
      faults_.add(
          node.place, path,
          fmt::format("has {} keys{} (expected one kind, with its own keys in braces or indented below it)",
                      node.entries.size(), first_keys(node)));
      return replacement(schema, path);
    }
    const Entry& entry = node.entries.front();
    const KindSchema* chosen = find_kind(*schema.kinds, entry.key);
    if (chosen == nullptr) {
      std::string meant = did_you_mean(entry.key, kind_names(*schema.kinds));
      if (meant.empty()) meant = key_elsewhere(root_, &tree_, path, entry.key);
      faults_.add(entry.place, path,
                  fmt::format("unknown kind {} (expected {}){}", quote(entry.key), names, meant));
      return replacement(schema, path);
    }
    return Json{{chosen->name, kind_arguments(*chosen, entry, join_path(path, chosen->name))}};
  }

  static std::string first_keys(const Node& node) {
    return node.entries.size() < 2
               ? ""
               : fmt::format(", {} and {}", quote(node.entries[0].key), quote(node.entries[1].key));
  }

  Json kind_arguments(const KindSchema& kind, const Entry& entry, const std::string& path) {
    const FieldSchema schema = kind_map(kind);
    if (!entry.value.is_map()) {
      std::vector<std::string> keys;
      for (const FieldSchema& field : kind.fields) keys.push_back(field.key);
      faults_.add(
          entry.value.place, path,
          fmt::format("is {} (expected {})", describe_node(entry.value),
                      keys.empty() ? "nothing: it has no keys" : "a map of " + join_words(keys, "and")));
      return map(schema, nullptr, path, entry.place);
    }
    Json arguments = map(schema, &entry.value, path, entry.place);
    places_[path] = entry.place;
    return arguments;
  }

  Json map(const FieldSchema& schema, const Node* node, const std::string& path, const Place& around) {
    Node empty;
    empty.kind = Node::Kind::kMap;
    empty.place = around;
    const bool is_other = node != nullptr && !node->is_map() && !node->is_null();
    if (is_other) faults_.add(node->place, path, no_map(schema, *node));
    const Node& given = node == nullptr || !node->is_map() ? empty : *node;
    places_[path] = given.place;
    report_unknown_keys(schema, given, path);
    check_one_of(schema, given, path);
    Json values = Json::object();
    if (schema.kinds != nullptr) inline_kind(schema, given, path, values);
    for (const FieldSchema& member : schema.fields)
      values[member.key] = member_value(schema, member, given, path);
    return values;
  }

  /// A word where a map with a kind in it is expected can only be meant for the name of one.
  static std::string no_map(const FieldSchema& schema, const Node& node) {
    if (schema.kinds == nullptr)
      return fmt::format("is {} (expected {})", describe_node(node), expected(schema));
    const std::vector<std::string> kinds = kind_names(*schema.kinds);
    const std::string wanted = fmt::format("{}, or a map of keys with one of them", join_words(kinds));
    if (!node.is_scalar()) return fmt::format("is {} (expected {})", describe_node(node), wanted);
    return fmt::format("unknown kind {} (expected {}){}", quote(node.scalar), wanted,
                       did_you_mean(node.scalar, kinds));
  }

  void report_unknown_keys(const FieldSchema& schema, const Node& node, const std::string& path) {
    for (const Entry& entry : node.entries) {
      const MapMember member = find_member(schema, entry.key);
      if (member.field != nullptr || member.kind != nullptr) continue;
      const std::vector<std::string> names = member_names(schema);
      const std::string known = names.empty() ? "no keys" : join_words(names);
      const std::string below = join_shown(path, entry.key);
      std::vector<std::string> broken = meant_by(schema, node, entry.key, path);
      broken.push_back(below);
      std::string meant = did_you_mean(entry.key, names);
      if (meant.empty()) meant = key_elsewhere(root_, &tree_, path, entry.key);
      faults_.add(entry.place, below, fmt::format("unknown key (expected {}){}", known, meant),
                  std::move(broken));
    }
  }

  /// The keys whose value may stand under an unknown one: that which it is the misspelling of, or any kind
  /// where it is that of one.
  static std::vector<std::string> meant_by(const FieldSchema& schema, const Node& node,
                                           const std::string& unknown, const std::string& path) {
    const std::optional<std::string> meant = nearest_word(unknown, member_names(schema));
    if (!meant || node.find(*meant) != nullptr) return {};
    if (find_member(schema, *meant).kind == nullptr) return {join_path(path, *meant)};
    return paths_of(kind_names(*schema.kinds), path);
  }

  void check_one_of(const FieldSchema& schema, const Node& node, const std::string& path) {
    if (schema.one_of.empty()) return;
    std::vector<std::string> applicable;
    std::vector<std::string> given;
    for (const std::string& key : schema.one_of) {
      const Applies meaning = applies(schema, *find_member(schema, key).field, node);
      if (meaning == Applies::kUnknown) return;
      if (meaning == Applies::kYes) applicable.push_back(key);
      if (meaning == Applies::kYes && node.gives(key)) given.push_back(key);
    }
    if (applicable.empty() || given.size() == 1) return;
    const std::string expected = fmt::format("(expected exactly one of {})", join_words(applicable, "and"));
    if (given.empty()) {
      missing(node.place, path, fmt::format("has neither {} {}", join_words(applicable, "nor"), expected),
              paths_of(applicable, path));
    } else {
      faults_.add(node.place, path, fmt::format("has {} {}", join_words(given, "and"), expected),
                  paths_of(applicable, path));
    }
  }

  Json member_value(const FieldSchema& schema, const FieldSchema& member, const Node& node,
                    const std::string& path) {
    const std::string below = join_path(path, member.key);
    const Node* written = node.find(member.key);
    const Condition* failed = nullptr;
    const Applies meaning = applies(schema, member, node, &failed);
    // What had no meaning stands as null in a resolved configuration, and may have one under an override.
    const bool had_none = written != nullptr && written->is_null() && member.only_when && !member.optional;
    if (meaning == Applies::kYes) return field(member, had_none ? nullptr : written, below, node.place);
    if (meaning == Applies::kNo && written != nullptr && !written->is_null()) {
      const auto& [key, values] = *failed;
      faults_.add(
          written->place, below,
          values.empty()
              ? fmt::format("has no meaning without '{}' (expected '{}' beside it, or neither)", key, key)
              : fmt::format("has a meaning only where '{}' is {} (leave it out)", key, join_words(values)));
    }
    places_[below] = written == nullptr ? default_place() : written->place;
    return nullptr;
  }

  /// The kind that stands among the keys of a map, such as optimizer.adam.
  void inline_kind(const FieldSchema& schema, const Node& node, const std::string& path, Json& values) {
    std::vector<const Entry*> chosen;
    for (const Entry& entry : node.entries) {
      if (find_kind(*schema.kinds, entry.key) != nullptr) chosen.push_back(&entry);
    }
    if (chosen.size() > 1) {
      faults_.add(chosen[1]->place, path,
                  fmt::format("has both {} and {} (expected exactly one of {})", quote(chosen[0]->key),
                              quote(chosen[1]->key), join_words(kind_names(*schema.kinds))),
                  paths_of(kind_names(*schema.kinds), path));
    }
    Node fallback;
    if (chosen.empty()) {
      fallback = stand_in(schema);
      chosen.push_back(&fallback.entries.front());
    }
    const KindSchema& kind = *find_kind(*schema.kinds, chosen.front()->key);
    values[kind.name] = kind_arguments(kind, *chosen.front(), join_path(path, kind.name));
  }

  const FieldSchema& root_;
  const Node& tree_;
  Faults& faults_;
  std::map<std::string, Place> places_;
};

}  // namespace

Resolution resolve(const FieldSchema& schema, const Node& node, Faults& faults) {
  Resolver resolver(schema, node, faults);
  Json value = resolver.field(schema, &node, "", node.place);
  return {std::move(value), resolver.take_places()};
}

Place place_of(const std::map<std::string, Place>& places, const std::string& path) {
  for (std::string prefix = path; !prefix.empty(); prefix = path_around(prefix)) {
    if (const auto found = places.find(prefix);
        found != places.end() && found->second.text() != kDefaultSource)
      return found->second;
  }
  const auto root = places.find("");
  return root == places.end() ? Place{} : root->second;
}

}  // namespace bernoulli::config
