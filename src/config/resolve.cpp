#include "config/resolve.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/canonical.h"
#include "config/key_path.h"
#include "config/scalar.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

enum class Applies { kYes, kNo, kUnknown };

const std::shared_ptr<const std::string>& default_source() {
  static const auto source = std::make_shared<const std::string>(kDefaultSource);
  return source;
}

Node to_node(const Json& value) {
  Node node;
  node.place.source = default_source();
  if (value.is_object()) {
    node.kind = Node::Kind::kMap;
    for (const auto& [key, item] : value.items()) node.entries.push_back({key, node.place, to_node(item)});
  } else if (value.is_array()) {
    node.kind = Node::Kind::kList;
    for (const Json& item : value) node.items.push_back(to_node(item));
  } else if (!value.is_null()) {
    node.kind = Node::Kind::kScalar;
    node.quoted = value.is_string();
    node.scalar = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return node;
}

std::vector<std::string> member_names(const FieldSchema& schema) {
  std::vector<std::string> names;
  for (const FieldSchema& field : schema.fields) names.push_back(field.key);
  if (schema.kinds != nullptr) {
    for (const KindSchema& kind : *schema.kinds) names.push_back(kind.name);
  }
  return names;
}

const FieldSchema& sibling(const FieldSchema& map, const std::string& key) {
  return *find_member(map, key).field;
}

/// Whether a field has a meaning beside what `node` gives. Unknown where the deciding word itself is at
/// fault. @param failed  the condition that does not hold, where the answer is no
Applies applies(const FieldSchema& map, const FieldSchema& field, const Node& node,
                const Condition** failed = nullptr) {
  if (!field.only_when) return Applies::kYes;
  const auto& [key, values] = *field.only_when;
  const FieldSchema& decider = sibling(map, key);
  if (const Applies decides = applies(map, decider, node, failed); decides != Applies::kYes) return decides;
  if (failed != nullptr) *failed = &*field.only_when;
  if (values.empty()) return node.gives(key) ? Applies::kYes : Applies::kNo;
  std::string word;
  if (const Node* written = node.find(key); written != nullptr) {
    word = written->scalar;
  } else if (decider.default_value) {
    word = decider.default_value->get<std::string>();
  }
  if (std::find(decider.choices.begin(), decider.choices.end(), word) == decider.choices.end())
    return Applies::kUnknown;
  return std::find(values.begin(), values.end(), word) != values.end() ? Applies::kYes : Applies::kNo;
}

class Resolver {
 public:
  explicit Resolver(Faults& faults) : faults_(faults) {}

  std::map<std::string, Place> take_places() { return std::move(places_); }

  /// @param node null pointer: not written. @param around where a missing key is missed.
  Json field(const FieldSchema& schema, const Node* node, const std::string& path, const Place& around) {
    if (node == nullptr && schema.default_value && schema.type != FieldType::kMap)
      return field_default(schema, path);
    const bool absent = node == nullptr || node->is_null();
    if (absent && schema.optional) {
      places_[path] = node == nullptr ? Place{default_source()} : node->place;
      return nullptr;
    }
    if (schema.type == FieldType::kMap) return map(schema, node, path, around);
    if (node == nullptr) {
      missing(around, path, fmt::format("is missing (expected {})", expected(schema)), {path});
      return stand_in(schema, path);
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

  /// What may stand in the place of a faulty value: of a key that can do without one as though it were not
  /// written.
  Json stand_in(const FieldSchema& schema, const std::string& path) {
    if (schema.optional) return nullptr;
    if (schema.default_value && schema.type != FieldType::kMap) {
      Node node = to_node(*schema.default_value);
      canonicalise(schema, node);
      return value(schema, node, path);
    }
    switch (schema.type) {
      case FieldType::kBool:
        return false;
      case FieldType::kInt:
        return static_cast<int64_t>(number_in_range(schema));
      case FieldType::kNumber:
        return number_in_range(schema);
      case FieldType::kString:
        return std::string(static_cast<size_t>(std::max<int64_t>(schema.min_items, 1)), 'x');
      case FieldType::kEnum:
        return schema.choices.front();
      case FieldType::kEither:
        return stand_in(schema.fields.front(), path);
      case FieldType::kMap:
        return map(schema, nullptr, path, Place{});
      case FieldType::kKind:
        return first_kind(*schema.kinds, path);
      case FieldType::kList:
        return stand_in_list(schema, path);
      case FieldType::kNamed:
        return Json::object();
      default:
        return nullptr;
    }
  }

  static double number_in_range(const FieldSchema& schema) {
    if (!std::isfinite(schema.minimum)) return std::isfinite(schema.maximum) ? schema.maximum - 1 : 0;
    if (!schema.minimum_exclusive) return schema.minimum;
    return std::isfinite(schema.maximum) ? (schema.minimum + schema.maximum) / 2 : schema.minimum + 1;
  }

  Json stand_in_list(const FieldSchema& schema, const std::string& path) {
    Json items = Json::array();
    for (int64_t i = 0; i < schema.min_items; ++i)
      items.push_back(stand_in(schema.fields.front(), item_path(path, i)));
    return items;
  }

  Json first_kind(const std::vector<KindSchema>& kinds, const std::string& path) {
    const KindSchema& kind = kinds.front();
    return Json{{kind.name, map(kind_map(kind), nullptr, join_path(path, kind.name), Place{})}};
  }

  Json field_default(const FieldSchema& schema, const std::string& path) {
    Node node = to_node(*schema.default_value);
    canonicalise(schema, node);
    places_[path] = node.place;
    return value(schema, node, path);
  }

  Json wrong(const Node& node, const std::string& path, const std::string& what, const FieldSchema& schema) {
    faults_.add(node.place, path, fmt::format("{} (expected {})", what, expected(schema)));
    return stand_in(schema, path);
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
    if (!node.is_scalar()) return wrong_type(node, path, schema);
    if (schema.type == FieldType::kString) return string(schema, node, path);
    const bool is_choice =
        std::find(schema.choices.begin(), schema.choices.end(), node.scalar) != schema.choices.end();
    if (is_choice) return node.scalar;
    if (schema.type == FieldType::kEnum) {
      faults_.add(node.place, path,
                  fmt::format("is {} (expected {}){}", describe_node(node), expected(schema),
                              did_you_mean(node.scalar, schema.choices)));
      return stand_in(schema, path);
    }
    if (schema.type == FieldType::kBool) return typed(schema, node, path, read_bool(node));
    if (schema.type == FieldType::kInt) return typed(schema, node, path, read_integer(node));
    return typed(schema, node, path, read_number(node));
  }

  template <typename T>
  Json typed(const FieldSchema& schema, const Node& node, const std::string& path,
             const std::variant<T, ScalarFault>& read) {
    if (const auto* fault = std::get_if<ScalarFault>(&read)) return wrong(node, path, fault->message, schema);
    const T number = std::get<T>(read);
    if constexpr (!std::is_same_v<T, bool>) {
      if (!in_range(schema, static_cast<double>(number)))
        return wrong(node, path, fmt::format("is {}, out of range", describe_node(node)), schema);
    }
    return number;
  }

  Json string(const FieldSchema& schema, const Node& node, const std::string& path) {
    const auto size = static_cast<int64_t>(node.scalar.size());
    if (size < schema.min_items || size > schema.max_items) {
      return wrong(node, path, fmt::format("is {}, {} bytes long", describe_node(node), size), schema);
    }
    if (node.scalar.find('\0') != std::string::npos)
      return wrong(node, path, "contains a NUL character", schema);
    return node.scalar;
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
    const std::string names = join_words(kind_names(schema));
    if (!node.is_map()) {
      faults_.add(node.place, path, fmt::format("is {} (expected {})", describe_node(node), names));
      return first_kind(*schema.kinds, path);
    }
    if (node.entries.size() != 1) {
      faults_.add(
          node.place, path,
          fmt::format("has {} keys{} (expected one kind, with its own keys in braces or indented below it)",
                      node.entries.size(), first_keys(node)));
      return first_kind(*schema.kinds, path);
    }
    const Entry& entry = node.entries.front();
    const KindSchema* chosen = find_kind(*schema.kinds, entry.key);
    if (chosen == nullptr) {
      faults_.add(entry.place, path,
                  fmt::format("unknown kind {} (expected {}){}", quote(entry.key), names,
                              did_you_mean(entry.key, kind_names(schema))));
      return first_kind(*schema.kinds, path);
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
    if (is_other)
      faults_.add(node->place, path,
                  fmt::format("is {} (expected {})", describe_node(*node), expected(schema)));
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

  void report_unknown_keys(const FieldSchema& schema, const Node& node, const std::string& path) {
    for (const Entry& entry : node.entries) {
      const MapMember member = find_member(schema, entry.key);
      if (member.field != nullptr || member.kind != nullptr) continue;
      const std::vector<std::string> names = member_names(schema);
      const std::string known = names.empty() ? "no keys" : join_words(names);
      const std::string below = join_shown(path, entry.key);
      std::vector<std::string> broken = meant_by(schema, node, entry.key, path);
      broken.push_back(below);
      faults_.add(entry.place, below,
                  fmt::format("unknown key (expected {}){}", known, did_you_mean(entry.key, names)),
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
    return paths_of(kind_names(schema), path);
  }

  void check_one_of(const FieldSchema& schema, const Node& node, const std::string& path) {
    if (schema.one_of.empty()) return;
    std::vector<std::string> applicable;
    std::vector<std::string> given;
    for (const std::string& key : schema.one_of) {
      const Applies meaning = applies(schema, sibling(schema, key), node);
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
    if (meaning == Applies::kYes) return field(member, written, below, node.place);
    if (meaning == Applies::kNo && written != nullptr && !written->is_null()) {
      const auto& [key, values] = *failed;
      faults_.add(
          written->place, below,
          values.empty()
              ? fmt::format("has no meaning without '{}' (expected '{}' beside it, or neither)", key, key)
              : fmt::format("has a meaning only where '{}' is {} (leave it out)", key, join_words(values)));
    }
    places_[below] = written == nullptr ? Place{default_source()} : written->place;
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
                              quote(chosen[1]->key), join_words(kind_names(schema))),
                  paths_of(kind_names(schema), path));
    }
    Node fallback;
    if (chosen.empty()) {
      if (!schema.default_value) {
        missing(node.place, path,
                fmt::format("names no kind (expected one of {})", join_words(kind_names(schema))),
                paths_of(kind_names(schema), path));
        values.update(first_kind(*schema.kinds, path));
        return;
      }
      fallback = to_node(*schema.default_value);
      chosen.push_back(&fallback.entries.front());
    }
    const KindSchema& kind = *find_kind(*schema.kinds, chosen.front()->key);
    values[kind.name] = kind_arguments(kind, *chosen.front(), join_path(path, kind.name));
  }

  Faults& faults_;
  std::map<std::string, Place> places_;
};

}  // namespace

Resolution resolve(const FieldSchema& schema, const Node& node, Faults& faults) {
  Resolver resolver(faults);
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
