#pragma once

#include <string>
#include <vector>

#include "config/kind_schema.h"
#include "config/load.h"

namespace bernoulli::config {

/// What every key means, what it takes and what it defaults to; or only `key` ("training.schedule.cosine")
/// and what is below it.
/// @param key dotted path, kinds by their name; indices are left out or ignored. Empty: everything.
/// @throws UsageError for a key that there is not, with the nearest one.
std::string describe(const std::vector<KindSchema>& layer_kinds, const std::string& key);

/// The same, one object a key: key, meaning, takes, required, default (null: none).
Json describe_json(const std::vector<KindSchema>& layer_kinds, const std::string& key);

/// docs/config_reference.md: the same as a page.
std::string reference_markdown(const std::vector<KindSchema>& layer_kinds);

/// One line a key: path, value, and where the value comes from.
std::string show_with_origin(const LoadedConfig& loaded);

}  // namespace bernoulli::config
