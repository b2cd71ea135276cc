#include "config/json_schema.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "config/canonical.h"
#include "config/expectation.h"
#include "config/schema.h"

namespace bernoulli::config {
namespace {

Json field_json(const FieldSchema& schema);

void add_range(const FieldSchema& schema, Json& json) {
  const bool integer = schema.type == FieldType::kInt;
  const auto bound = [&](double value) {
    return integer && std::abs(value) < 9e15 ? Json(static_cast<int64_t>(value)) : Json(value);
  };
  if (std::isfinite(schema.minimum))
    json[schema.minimum_exclusive ? "exclusiveMinimum" : "minimum"] = bound(schema.minimum);
  if (std::isfinite(schema.maximum))
    json[schema.maximum_exclusive ? "exclusiveMaximum" : "maximum"] = bound(schema.maximum);
}

void add_size(const FieldSchema& schema, const char* least, const char* most, Json& json) {
  if (schema.min_items > 0) json[least] = schema.min_items;
  if (schema.max_items < std::numeric_limits<int64_t>::max()) json[most] = schema.max_items;
}

/// A text is taken as it is written, whatever a YAML reader makes of it.
Json string_json(const FieldSchema& schema) {
  Json json{{"type", Json::array({"string", "number", "boolean"})}};
  add_size(schema, "minLength", "maxLength", json);
  if (!schema.pattern.empty()) json["pattern"] = schema.pattern;
  return json;
}

Json any_of(Json alternatives) {
  return alternatives.size() == 1 ? alternatives.front() : Json{{"anyOf", std::move(alternatives)}};
}

Json array_json(Json items, const FieldSchema& schema) {
  Json json{{"type", "array"}, {"items", std::move(items)}};
  add_size(schema, "minItems", "maxItems", json);
  return json;
}

Json list_json(const FieldSchema& schema) {
  const Json item = field_json(schema.fields.front());
  Json alternatives = Json::array({array_json(item, schema)});
  if (schema.bare_item != BareItem::kRefused) alternatives.push_back(item);
  return any_of(std::move(alternatives));
}

Json properties_of(const std::vector<FieldSchema>& fields) {
  Json properties = Json::object();
  for (const FieldSchema& field : fields) properties[field.key] = field_json(field);
  return properties;
}

bool is_required(const FieldSchema& field) {
  return !field.default_value && !field.optional && !field.only_when && field.type != FieldType::kMap;
}

/// Whether nothing needs to be written in a map, so that null may stand for it.
bool may_be_empty(const FieldSchema& map) {
  return map.one_of.empty() && !map.never_empty &&
         std::ranges::none_of(map.fields, [](const FieldSchema& field) {
           const bool is_empty_map = field.type == FieldType::kMap && !field.optional && !may_be_empty(field);
           return is_required(field) || is_empty_map;
         });
}

Json required_keys(const std::vector<FieldSchema>& fields) {
  Json keys = Json::array();
  for (const FieldSchema& field : fields) {
    if (is_required(field)) keys.push_back(field.key);
  }
  return keys;
}

/// What may stand for a whole map of which `field` is the key to set: a map never does, for its keys would be
/// taken for those of that map.
Json bare_json(FieldSchema field) {
  if (field.type == FieldType::kEither)
    std::erase_if(field.fields, [](const FieldSchema& form) {
      return form.type == FieldType::kMap || form.type == FieldType::kNamed;
    });
  return field_json(field);
}

/// What may follow a kind's name.
Json arguments_json(const KindSchema& kind) {
  const Json required = required_keys(kind.fields);
  Json object{
      {"type", "object"}, {"properties", properties_of(kind.fields)}, {"additionalProperties", false}};
  if (!required.empty()) object["required"] = required;
  Json alternatives = Json::array({object});
  if (required.empty()) alternatives.push_back(Json{{"type", "null"}});
  if (takes_true(kind)) alternatives.push_back(Json{{"const", true}});
  for (const FieldSchema& field : kind.fields) {
    if (field.key == kind.shorthand) alternatives.push_back(bare_json(field));
  }
  if (kind.positional) {
    Json items = Json::array();
    for (const FieldSchema& field : kind.fields) items.push_back(field_json(field));
    alternatives.push_back(
        Json{{"type", "array"}, {"prefixItems", items}, {"items", false}, {"minItems", items.size()}});
  }
  Json json = any_of(std::move(alternatives));
  json["description"] = kind.doc;
  return json;
}

constexpr const char* kDefinitions = "$defs";
constexpr const char* kLayer = "layer";

bool holds(const FieldSchema& field, const std::vector<KindSchema>& kinds) {
  return field.kinds == &kinds ||
         std::ranges::any_of(field.fields, [&](const FieldSchema& inner) { return holds(inner, kinds); });
}

/// So do layers, one kind of which has branches of layers: they are written once, and referred to.
bool hold_themselves(const std::vector<KindSchema>& kinds) {
  return std::ranges::any_of(kinds, [&](const KindSchema& kind) {
    return std::ranges::any_of(kind.fields, [&](const FieldSchema& field) { return holds(field, kinds); });
  });
}

Json kind_definition(const FieldSchema& schema);

Json kind_json(const FieldSchema& schema) {
  if (hold_themselves(*schema.kinds)) return Json{{"$ref", fmt::format("#/{}/{}", kDefinitions, kLayer)}};
  return kind_definition(schema);
}

Json kind_definition(const FieldSchema& schema) {
  Json names = Json::array();
  Json properties = Json::object();
  for (const KindSchema& kind : *schema.kinds) {
    if (required_keys(kind.fields).empty()) names.push_back(kind.name);
    properties[kind.name] = arguments_json(kind);
  }
  Json object{{"type", "object"},
              {"properties", properties},
              {"additionalProperties", false},
              {"minProperties", 1},
              {"maxProperties", 1}};
  Json alternatives = Json::array({object});
  if (!names.empty()) alternatives.push_back(Json{{"enum", names}});
  for (const KindSchema& kind : *schema.kinds) {
    if (kind.name != schema.shorthand) continue;
    for (const FieldSchema& field : kind.fields) {
      if (field.key == kind.shorthand) alternatives.push_back(bare_json(field));
    }
  }
  return any_of(std::move(alternatives));
}

Json requires_key(const std::string& key) { return Json{{"required", Json::array({key})}}; }

Json gives_key(const std::string& key) {
  Json json = requires_key(key);
  json["properties"] = {{key, {{"not", {{"type", "null"}}}}}};
  return json;
}

/// At most one of the keys is as `rule` says; a file may leave all out where another file has one.
Json at_most_one(const std::vector<std::string>& keys, Json (*rule)(const std::string& key)) {
  Json each = Json::array();
  for (const std::string& key : keys) each.push_back(rule(key));
  Json one_of = each;
  one_of.push_back(Json{{"not", {{"anyOf", each}}}});
  return Json{{"oneOf", one_of}};
}

/// Whether null stands for a default that is one of `values`: a key that had no meaning is null in a resolved
/// configuration.
bool null_is_one_of(const FieldSchema& field, const std::vector<std::string>& values) {
  return field.only_when && field.default_value &&
         std::ranges::any_of(values, [&](const std::string& value) { return *field.default_value == value; });
}

/// The key is null or absent unless its condition holds. Where what decides is absent, another file may have
/// it, unless one that excludes it is given.
Json condition_json(const FieldSchema& map, const FieldSchema& field) {
  const auto& [key, values] = *field.only_when;
  const Json absent{{"properties", {{field.key, {{"type", "null"}}}}}};
  if (!values.empty()) {
    Json words = values;
    if (null_is_one_of(*find_member(map, key).field, values)) words.push_back(nullptr);
    return Json{{"if", {{"properties", {{key, {{"enum", words}}}}}}}, {"else", absent}};
  }
  Json excluding = Json::array();
  for (const std::string& other : map.one_of) {
    if (other != key && std::ranges::find(map.one_of, key) != map.one_of.end())
      excluding.push_back(gives_key(other));
  }
  if (excluding.empty()) return Json::object();
  return Json{{"if", {{"anyOf", excluding}}}, {"then", absent}};
}

/// What a key's meaning hangs on, link by link: data.test.fraction on a method, the method on data.test.from.
void add_conditions(const FieldSchema& map, const FieldSchema& field, Json& rules) {
  const FieldSchema* decider = &field;
  while (decider->only_when) {
    FieldSchema conditional = field;
    conditional.only_when = decider->only_when;
    rules.push_back(condition_json(map, conditional));
    decider = find_member(map, decider->only_when->key).field;
  }
}

Json named_json(const FieldSchema& schema) {
  Json json{{"type", "object"}, {"additionalProperties", field_json(schema.fields.front())}};
  add_size(schema, "minProperties", "maxProperties", json);
  return json;
}

Json either_json(const FieldSchema& schema) {
  Json forms = Json::array();
  for (const FieldSchema& form : schema.fields) forms.push_back(field_json(form));
  return any_of(std::move(forms));
}

Json map_json(const FieldSchema& schema) {
  Json properties = properties_of(schema.fields);
  if (schema.kinds != nullptr) {
    for (const KindSchema& kind : *schema.kinds) properties[kind.name] = arguments_json(kind);
  }
  Json object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  Json rules = Json::array();
  if (schema.kinds != nullptr) rules.push_back(at_most_one(kind_names(*schema.kinds), requires_key));
  if (!schema.one_of.empty()) rules.push_back(at_most_one(schema.one_of, gives_key));
  for (const FieldSchema& field : schema.fields) {
    add_conditions(schema, field, rules);
  }
  if (!rules.empty()) object["allOf"] = rules;
  Json alternatives = Json::array({object});
  if (!schema.optional && may_be_empty(schema)) alternatives.push_back(Json{{"type", "null"}});
  for (const FieldSchema& field : schema.fields) {
    if (field.key == schema.shorthand) alternatives.push_back(field_json(field));
  }
  if (schema.kinds != nullptr) alternatives.push_back(Json{{"enum", kind_names(*schema.kinds)}});
  return any_of(std::move(alternatives));
}

Json type_json(const FieldSchema& schema) {
  Json json;
  switch (schema.type) {
    case FieldType::kBool:
      return {{"type", "boolean"}};
    case FieldType::kInt:
      json["type"] = "integer";
      break;
    case FieldType::kNumber:
      json["type"] = "number";
      break;
    case FieldType::kString:
      return string_json(schema);
    case FieldType::kEnum:
      return {{"enum", schema.choices}};
    case FieldType::kList:
      return list_json(schema);
    case FieldType::kKind:
      return kind_json(schema);
    case FieldType::kMap:
      return map_json(schema);
    case FieldType::kNamed:
      return named_json(schema);
    case FieldType::kEither:
      return either_json(schema);
  }
  add_range(schema, json);
  return json;
}

Json field_json(const FieldSchema& schema) {
  Json json = type_json(schema);
  const bool has_words = !schema.choices.empty() && schema.type != FieldType::kEnum;
  const bool may_be_null = schema.optional || schema.only_when;
  if (has_words || may_be_null) {
    Json alternatives = Json::array({json});
    if (has_words) alternatives.push_back(Json{{"enum", schema.choices}});
    if (may_be_null) alternatives.push_back(Json{{"type", "null"}});
    json = Json{{"anyOf", alternatives}};
  }
  if (!schema.doc.empty()) json["description"] = schema.doc;
  if (schema.default_value) json["default"] = *schema.default_value;
  return json;
}

}  // namespace

Json json_schema(const std::vector<KindSchema>& layer_kinds) {
  const FieldSchema root = run_schema(layer_kinds);
  Json json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
            {"title", "Bernoulli configuration"}};
  json["type"] = "object";
  json["properties"] = properties_of(root.fields);
  json["additionalProperties"] = false;
  if (hold_themselves(layer_kinds)) {
    FieldSchema layer;
    layer.type = FieldType::kKind;
    layer.kinds = &layer_kinds;
    json[kDefinitions] = {{kLayer, kind_definition(layer)}};
  }
  return json;
}

}  // namespace bernoulli::config
