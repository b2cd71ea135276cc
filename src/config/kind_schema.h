#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace bernoulli::config {

using Json = nlohmann::ordered_json;

enum class FieldType {
  kBool,
  kInt,
  kNumber,
  kString,
  kEnum,
  kList,
  kKind,
  kMap,
  kNamed,  ///< a map whose keys are free names, each with a value of the same schema
  kEither  ///< one of several forms, which are told apart by shape: a single value, a list, a map
};

/// What a number that is kept in float32 may be, either side of 0: a round number below the largest float32.
inline constexpr double kFloat32Limit = 3.4e38;

struct KindSchema;

/// When a key has a meaning: a sibling key has one of these values, or, with no values, is given at all.
struct Condition {
  std::string key;
  std::vector<std::string> values = {};
};

/// What a bare value stands for where a list is expected.
enum class BareItem {
  kRefused,
  kOneItem,  ///< 3 means [3]
  kCountUp,  ///< 3 means [1, 2, 3]
};

/// One key of the configuration, declared once. Parsing, defaults, validation, `config describe`, the JSON
/// Schema and the reference page are all made from it.
struct FieldSchema {
  std::string key;
  FieldType type = FieldType::kString;
  std::string doc;                    ///< one line: what it does, unit
  std::optional<Json> default_value;  ///< absent: the key is required unless `optional`
  bool optional = false;  ///< may be left out and then has no value (null in the resolved configuration)
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool minimum_exclusive = false;
  bool maximum_exclusive = false;
  std::vector<std::string> choices;  ///< kEnum: the allowed words; kNumber/kInt/kList with choices: words
                                     ///< accepted beside the type (such as `auto`)
  /// kMap: the keys. kList: exactly one entry, the schema of an item. kNamed: exactly one, that of a value,
  /// whose key says what the names are. kEither: the forms, of different shapes; their keys are not used.
  std::vector<FieldSchema> fields;
  /// kKind: what may stand there. kMap: beside `fields`, exactly one of these kinds stands in the map, and
  /// its default names one.
  const std::vector<KindSchema>* kinds = nullptr;
  int64_t min_items = 0;  ///< kList: items. kString: bytes
  int64_t max_items = std::numeric_limits<int64_t>::max();
  std::string pattern =
      {};  ///< kString: what the JSON Schema says of it beside its size, as a regular expression
  std::string shorthand =
      {};  ///< kMap: the key that a bare value sets; kKind: the kind that a bare number chooses
  BareItem bare_item = BareItem::kRefused;  ///< kList
  std::optional<Condition> only_when =
      std::nullopt;  ///< elsewhere the key is refused, and null in the resolved configuration
  std::vector<std::string> one_of = {};  ///< kMap: exactly one of these keys is given, among those that apply
  bool never_empty = false;  ///< kMap: for the JSON Schema; a check of the program wants a key there
};

/// A named variant with its own keys: a layer, an optimizer, a schedule, a standardisation step.
/// Written `name`, `name: value` (the value of `shorthand`), or `name: {key: value, ...}`.
struct KindSchema {
  std::string name;
  std::string doc;
  std::vector<FieldSchema> fields;
  std::string shorthand;    ///< the key that a bare value sets; empty: none
  bool positional = false;  ///< a list of values sets the keys in order
};

}  // namespace bernoulli::config
