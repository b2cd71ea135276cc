#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli::config {

/// Where something was written. line and column count from 1; line 0: the source as a whole (an override, a
/// default).
struct Place {
  std::shared_ptr<const std::string> source;
  int line = 0;
  int column = 0;

  /// "file:line:column", or the name of the source.
  std::string text() const;
};

/// Source of values that nobody wrote.
inline constexpr const char* kDefaultSource = "default";
Place default_place();

struct Entry;

/// A YAML value with its place. Scalars keep the characters that were written: the schema decides their type.
struct Node {
  enum class Kind {
    kNull,
    kScalar,
    kList,
    kMap,
    kItem,  ///< overrides only: a list of which only item `index` is given (items[0])
  };
  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;
  bool had_no_value = false;  ///< kMap: of a kind that was written without one, as `adam:`
  std::vector<Node> items;
  std::vector<Entry> entries;
  int64_t index = 0;
  Place place;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  /// Null pointer where there is no such key.
  const Node* find(std::string_view key) const;
  /// True where the key is there and has a value.
  bool gives(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;
  Node value;
};

Node make_scalar(std::string value, Place place);
/// A map of one key.
Node make_map(std::string key, Node value, const Place& place);

}  // namespace bernoulli::config
