#include "config/canonical.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "config/scalar.h"

namespace bernoulli::config {
namespace {

void wrap(Node& node, const std::string& key) {
  const Place place = node.place;
  Node value = std::move(node);
  node = make_map(key, std::move(value), place);
}

Node empty_map(const Place& place) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.place = place;
  return node;
}

bool takes_list(const FieldSchema& schema) {
  return schema.type == FieldType::kList ||
         (schema.type == FieldType::kEither && std::ranges::any_of(schema.fields, takes_list));
}

/// Whether the value of the key that a bare value sets may be a list.
bool shorthand_takes_list(const std::vector<FieldSchema>& fields, const std::string& shorthand) {
  return std::ranges::any_of(
      fields, [&](const FieldSchema& field) { return field.key == shorthand && takes_list(field); });
}

void set_positions(const KindSchema& kind, Node& node) {
  Node map = empty_map(node.place);
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Place place = node.items[i].place;
    map.entries.push_back({kind.fields[i].key, place, std::move(node.items[i])});
  }
  node = std::move(map);
}

void canonicalise_arguments(const KindSchema& kind, Node& node) {
  const bool agreed = node.is_scalar() && !node.quoted && node.scalar == "true" && takes_true(kind);
  if (node.is_null() || agreed) {
    const bool had_no_value = node.is_null();
    node = empty_map(node.place);
    node.had_no_value = had_no_value;
  } else if (node.is_scalar() && !kind.shorthand.empty()) {
    wrap(node, kind.shorthand);
  } else if ((node.is_list() || node.kind == Node::Kind::kItem) &&
             shorthand_takes_list(kind.fields, kind.shorthand)) {
    wrap(node, kind.shorthand);
  } else if (node.is_list() && kind.positional && node.items.size() <= kind.fields.size()) {
    set_positions(kind, node);
  }
  for (Entry& entry : node.entries) {
    for (const FieldSchema& field : kind.fields) {
      if (field.key == entry.key) canonicalise(field, entry.value);
    }
  }
}

void canonicalise_kind(const FieldSchema& schema, Node& node) {
  if (node.is_scalar()) {
    if (!schema.shorthand.empty() && looks_like_number(node)) {
      wrap(node, schema.shorthand);
    } else {
      const std::string name = node.scalar;
      node = make_map(name, empty_map(node.place), node.place);
    }
  } else if ((node.is_list() || node.kind == Node::Kind::kItem) && takes_bare_list(schema)) {
    wrap(node, schema.shorthand);
  }
  for (Entry& entry : node.entries) {
    if (const KindSchema* kind = find_kind(*schema.kinds, entry.key))
      canonicalise_arguments(*kind, entry.value);
  }
}

void canonicalise_map(const FieldSchema& schema, Node& node) {
  const bool bare = node.is_scalar() && !schema.shorthand.empty();
  if (bare || (node.is_list() && shorthand_takes_list(schema.fields, schema.shorthand)))
    wrap(node, schema.shorthand);
  if (node.is_scalar() && schema.kinds != nullptr && find_kind(*schema.kinds, node.scalar) != nullptr) {
    const std::string name = node.scalar;
    node = make_map(name, empty_map(node.place), node.place);
  }
  for (Entry& entry : node.entries) {
    const MapMember member = find_member(schema, entry.key);
    if (member.field != nullptr) canonicalise(*member.field, entry.value);
    if (member.kind != nullptr) canonicalise_arguments(*member.kind, entry.value);
  }
}

void count_up(const FieldSchema& schema, Node& node) {
  const ScalarValue number = read_integer(node);
  if (!std::holds_alternative<Json>(number)) return;
  const auto last = std::get<Json>(number).get<int64_t>();
  if (last < 1 || last > schema.max_items) return;
  Node list;
  list.kind = Node::Kind::kList;
  list.place = node.place;
  for (int64_t i = 1; i <= last; ++i) list.items.push_back(make_scalar(std::to_string(i), node.place));
  node = std::move(list);
}

void canonicalise_list(const FieldSchema& schema, Node& node) {
  const FieldSchema& item = schema.fields.front();
  if (node.is_scalar() && schema.bare_item == BareItem::kCountUp) count_up(schema, node);
  if (schema.bare_item == BareItem::kOneItem && looks_like_number(node)) {
    Node list;
    list.kind = Node::Kind::kList;
    list.place = node.place;
    list.items.push_back(std::move(node));
    node = std::move(list);
  }
  for (Node& value : node.items) canonicalise(item, value);
}

}  // namespace

void canonicalise(const FieldSchema& schema, Node& node) {
  switch (schema.type) {
    case FieldType::kMap:
    case FieldType::kNamed:
      return canonicalise_map(schema, node);
    case FieldType::kEither:
      for (const FieldSchema& form : schema.fields) canonicalise(form, node);
      return;
    case FieldType::kKind:
      return canonicalise_kind(schema, node);
    case FieldType::kList:
      return canonicalise_list(schema, node);
    default:
      return;
  }
}

MapMember find_member(const FieldSchema& map, std::string_view key) {
  if (map.type == FieldType::kNamed) return {&map.fields.front(), nullptr};
  for (const FieldSchema& field : map.fields) {
    if (field.key == key) return {&field, nullptr};
  }
  return {nullptr, map.kinds == nullptr ? nullptr : find_kind(*map.kinds, key)};
}

const FieldSchema* form_of(const FieldSchema& either, const Node& node) {
  const auto takes = [&](const FieldSchema& form) {
    const bool is_word =
        node.is_scalar() && std::ranges::find(form.choices, node.scalar) != form.choices.end();
    switch (form.type) {
      case FieldType::kList:
        return node.is_list() || node.kind == Node::Kind::kItem || is_word;
      case FieldType::kMap:
      case FieldType::kNamed:
        return node.is_map();
      default:
        return node.is_scalar();
    }
  };
  const auto found = std::ranges::find_if(either.fields, takes);
  return found == either.fields.end() ? nullptr : &*found;
}

bool takes_bare_list(const FieldSchema& one_kind) {
  const KindSchema* kind = find_kind(*one_kind.kinds, one_kind.shorthand);
  return kind != nullptr && shorthand_takes_list(kind->fields, kind->shorthand);
}

bool takes_true(const KindSchema& kind) {
  return kind.shorthand.empty() && std::ranges::all_of(kind.fields, [](const FieldSchema& field) {
           return field.default_value || field.optional;
         });
}

const KindSchema* find_kind(const std::vector<KindSchema>& kinds, std::string_view name) {
  for (const KindSchema& kind : kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

FieldSchema kind_map(const KindSchema& kind) {
  FieldSchema map;
  map.type = FieldType::kMap;
  map.key = kind.name;
  map.doc = kind.doc;
  map.fields = kind.fields;
  return map;
}

}  // namespace bernoulli::config
