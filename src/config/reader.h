#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// Reads one map of a resolved configuration and remembers what was read, so that no setting can be declared,
/// accepted and then ignored. Values are valid already: what does not fit is a bug of ours and throws
/// InternalError.
class Reader {
 public:
  /// @param path of the map, for messages.
  Reader(const Json& map, std::string path);

  bool boolean(const std::string& key) { return get<bool>(key); }
  int64_t integer(const std::string& key) { return get<int64_t>(key); }
  double number(const std::string& key) { return get<double>(key); }
  std::string text(const std::string& key) { return get<std::string>(key); }
  std::vector<std::string> texts(const std::string& key) { return get<std::vector<std::string>>(key); }
  /// Of a key that takes one text or a list of them.
  std::vector<std::string> one_or_more_texts(const std::string& key) {
    return take(key).is_string() ? std::vector{text(key)} : texts(key);
  }
  std::vector<int64_t> integers(const std::string& key) { return get<std::vector<int64_t>>(key); }

  std::optional<int64_t> optional_integer(const std::string& key) { return get_optional<int64_t>(key); }
  std::optional<double> optional_number(const std::string& key) { return get_optional<double>(key); }
  /// Empty where there is no value.
  std::string optional_text(const std::string& key) { return get_optional<std::string>(key).value_or(""); }

  /// The value as it is; counts as read in full.
  const Json& raw(const std::string& key) { return take(key); }
  /// The map below `key`. Its own keys are for its own reader to check.
  Reader map(const std::string& key);
  /// Nothing where there is no value.
  std::optional<Reader> optional_map(const std::string& key);
  bool has(const std::string& key) const { return map_.contains(key); }

  const std::string& path() const { return path_; }
  /// @throws InternalError naming the keys that nobody read.
  void finish() const;

 private:
  const Json& take(const std::string& key);

  template <typename T>
  T get(const std::string& key) {
    const Json& value = take(key);
    try {
      return value.get<T>();
    } catch (const Json::exception& error) {
      refuse(key, error.what());
    }
  }

  template <typename T>
  std::optional<T> get_optional(const std::string& key) {
    if (take(key).is_null()) return std::nullopt;
    return get<T>(key);
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;

  const Json& map_;
  std::string path_;
  std::set<std::string> read_;
};

}  // namespace bernoulli::config
