#include "config/reader.h"

#include <utility>

#include <fmt/format.h>

#include "config/faults.h"
#include "config/key_path.h"
#include "core/error.h"

namespace bernoulli::config {

Reader::Reader(const Json& map, std::string path) : map_(map), path_(std::move(path)) {
  if (!map_.is_object())
    throw InternalError(fmt::format("configuration: '{}' is not a map after validation", path_));
}

Reader Reader::map(const std::string& key) { return {take(key), join_path(path_, key)}; }

std::optional<Reader> Reader::optional_map(const std::string& key) {
  if (take(key).is_null()) return std::nullopt;
  return map(key);
}

const Json& Reader::take(const std::string& key) {
  const auto found = map_.find(key);
  if (found == map_.end()) refuse(key, "the schema declares no such key");
  read_.insert(key);
  return *found;
}

void Reader::refuse(const std::string& key, const std::string& reason) const {
  throw InternalError(fmt::format("configuration: cannot read '{}': {}", join_path(path_, key), reason));
}

void Reader::finish() const {
  std::vector<std::string> unread;
  for (const auto& [key, value] : map_.items()) {
    if (!read_.contains(key)) unread.push_back(join_path(path_, key));
  }
  if (!unread.empty())
    throw InternalError(fmt::format("configuration: the schema declares {}, but nothing reads it",
                                    join_words(unread, "and")));
}

}  // namespace bernoulli::config
