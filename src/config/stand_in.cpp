#include "config/stand_in.h"

#include <algorithm>
#include <cmath>

#include "config/canonical.h"
#include "config/scalar.h"

namespace bernoulli::config {
namespace {

/// 0 or 1 where the field takes one of them.
double number_in_range(const FieldSchema& schema) {
  for (const double simple : {0.0, 1.0}) {
    if (in_range(schema, simple)) return simple;
  }
  if (!std::isfinite(schema.minimum)) return schema.maximum - 1;
  if (!schema.minimum_exclusive) return schema.minimum;
  return std::isfinite(schema.maximum) ? (schema.minimum + schema.maximum) / 2 : schema.minimum + 1;
}

Json value_of(const FieldSchema& schema) {
  if (schema.default_value) return *schema.default_value;
  Json several = schema.type == FieldType::kList ? Json::array() : Json::object();
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
      return value_of(schema.fields.front());
    case FieldType::kKind:
      return Json{{schema.kinds->front().name, Json::object()}};
    case FieldType::kList:
      while (std::ssize(several) < schema.min_items) several.push_back(value_of(schema.fields.front()));
      break;
    case FieldType::kNamed:
      while (std::ssize(several) < schema.min_items)
        several[std::to_string(several.size())] = value_of(schema.fields.front());
      break;
    case FieldType::kMap:
      break;
  }
  return several;
}

Node to_node(const Json& value) {
  Node node;
  node.place = default_place();
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

}  // namespace

Node stand_in(const FieldSchema& schema) {
  Node node = to_node(value_of(schema));
  canonicalise(schema, node);
  return node;
}

}  // namespace bernoulli::config
