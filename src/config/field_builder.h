#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// Builds a FieldSchema in one expression that reads like a sentence: integer("patience",
/// "...").at_least(1).defaults(3).
class Field {
 public:
  Field(FieldType type, std::string key, std::string doc) {
    schema_.type = type;
    schema_.key = std::move(key);
    schema_.doc = std::move(doc);
  }
  operator FieldSchema() const {
    return schema_;
  }  // NOLINT(google-explicit-constructor): so that a list of Fields is a list of schemas

  Field& defaults(Json value) {
    schema_.default_value = std::move(value);
    return *this;
  }
  Field& optional() {
    schema_.optional = true;
    return *this;
  }
  Field& at_least(double bound) {
    schema_.minimum = bound;
    return *this;
  }
  Field& above(double bound) {
    schema_.minimum = bound;
    schema_.minimum_exclusive = true;
    return *this;
  }
  Field& at_most(double bound) {
    schema_.maximum = bound;
    return *this;
  }
  Field& below(double bound) {
    schema_.maximum = bound;
    schema_.maximum_exclusive = true;
    return *this;
  }
  /// Of a number that becomes a float32, as weights and what changes them.
  Field& float32() {
    schema_.minimum = std::max(schema_.minimum, -kFloat32Limit);
    schema_.maximum = std::min(schema_.maximum, kFloat32Limit);
    return *this;
  }
  /// Items of a list, bytes of a string.
  Field& size(int64_t least, int64_t most = std::numeric_limits<int64_t>::max()) {
    schema_.min_items = least;
    schema_.max_items = most;
    return *this;
  }
  /// For the JSON Schema; a check of the program (config/setting_checks.h) refuses the same.
  Field& pattern(std::string expression) {
    schema_.pattern = std::move(expression);
    return *this;
  }
  /// Words that are accepted beside the type.
  Field& or_word(std::string word) {
    schema_.choices.push_back(std::move(word));
    return *this;
  }
  Field& bare(BareItem bare_item) {
    schema_.bare_item = bare_item;
    return *this;
  }
  Field& shorthand(std::string key) {
    schema_.shorthand = std::move(key);
    return *this;
  }
  Field& only_when(std::string key, std::vector<std::string> values = {}) {
    schema_.only_when = Condition{std::move(key), std::move(values)};
    return *this;
  }
  Field& one_of(std::vector<std::string> keys) {
    schema_.one_of = std::move(keys);
    return *this;
  }
  Field& never_empty() {
    schema_.never_empty = true;
    return *this;
  }
  Field& kinds(const std::vector<KindSchema>& kinds) {
    schema_.kinds = &kinds;
    return *this;
  }
  Field& fields(std::vector<FieldSchema> fields) {
    schema_.fields = std::move(fields);
    return *this;
  }
  Field& choices(std::vector<std::string> words) {
    schema_.choices = std::move(words);
    return *this;
  }

 private:
  FieldSchema schema_;
};

inline Field boolean(std::string key, std::string doc) {
  return {FieldType::kBool, std::move(key), std::move(doc)};
}
inline Field integer(std::string key, std::string doc) {
  return {FieldType::kInt, std::move(key), std::move(doc)};
}
inline Field number(std::string key, std::string doc) {
  return {FieldType::kNumber, std::move(key), std::move(doc)};
}
inline Field text(std::string key, std::string doc) {
  return {FieldType::kString, std::move(key), std::move(doc)};
}
inline Field word(std::string key, std::string doc, std::vector<std::string> words) {
  return Field(FieldType::kEnum, std::move(key), std::move(doc)).choices(std::move(words));
}
inline Field list(std::string key, std::string doc, const FieldSchema& item) {
  return Field(FieldType::kList, std::move(key), std::move(doc)).fields({item});
}
inline Field map(std::string key, std::string doc, std::vector<FieldSchema> fields) {
  return Field(FieldType::kMap, std::move(key), std::move(doc)).fields(std::move(fields));
}
/// @param value  its key says what the names are, such as "label".
inline Field named(std::string key, std::string doc, const FieldSchema& value) {
  return Field(FieldType::kNamed, std::move(key), std::move(doc)).fields({value});
}
inline Field either(std::string key, std::string doc, std::vector<FieldSchema> forms) {
  return Field(FieldType::kEither, std::move(key), std::move(doc)).fields(std::move(forms));
}
inline Field one_kind(std::string key, std::string doc, const std::vector<KindSchema>& kinds) {
  return Field(FieldType::kKind, std::move(key), std::move(doc)).kinds(kinds);
}
inline Field kind_list(std::string key, std::string doc, const std::vector<KindSchema>& kinds) {
  return list(std::move(key), std::move(doc), one_kind("", "", kinds));
}

}  // namespace bernoulli::config
