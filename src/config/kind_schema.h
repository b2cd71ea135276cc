#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace bernoulli::config {

using Json = nlohmann::ordered_json;

enum class FieldType { kBool, kInt, kNumber, kString, kEnum, kList, kKind, kKindList, kMap, kAny };

struct KindSchema;

/// One key of the configuration, declared once. Parsing, defaults, validation, `config describe`, the JSON Schema and the
/// reference page are all made from it.
struct FieldSchema {
  std::string key;
  FieldType type = FieldType::kString;
  std::string doc;                       ///< one line: what it does, unit
  std::optional<Json> default_value;     ///< absent: the key is required unless `optional`
  bool optional = false;                 ///< may be left out and then has no value (null in the resolved configuration)
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool minimum_exclusive = false;
  bool maximum_exclusive = false;
  std::vector<std::string> choices;      ///< kEnum: the allowed words; kNumber/kInt/kList with choices: words accepted beside the type (such as `auto`)
  std::vector<FieldSchema> fields;       ///< kMap: the keys; kList: exactly one entry, the schema of an item
  const std::vector<KindSchema>* kinds = nullptr;  ///< kKind and kKindList: what may stand there
  int64_t min_items = 0;
  int64_t max_items = std::numeric_limits<int64_t>::max();
};

/// A named variant with its own keys: a layer, an optimizer, a schedule, a standardisation step.
/// Written `name`, `name: value` (the value of `shorthand`), or `name: {key: value, ...}`.
struct KindSchema {
  std::string name;
  std::string doc;
  std::vector<FieldSchema> fields;
  std::string shorthand;                 ///< the key that a bare value sets; empty: none
};

}  // namespace bernoulli::config
