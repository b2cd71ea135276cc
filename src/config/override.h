#pragma once

#include <optional>
#include <string>
#include <utility>

#include "config/faults.h"
#include "config/node.h"

namespace bernoulli::config {

/// One setting that is laid over the files.
struct Override {
  Override(std::string setting) : text(std::move(setting)), typed("--set " + text) {}
  Override(const char* setting) : Override(std::string(setting)) {}
  /// @param typed  the words of the command line that stand for it
  Override(std::string setting, std::string words) : text(std::move(setting)), typed(std::move(words)) {}

  /// "a.b[2].c": what stands before the first '='.
  std::string key() const { return text.substr(0, text.find('=')); }

  std::string text;   ///< "a.b[2].c=VALUE", VALUE in YAML
  std::string typed;  ///< begins the faults of it
};

/// An override as a tree of one leaf, to be merged over a configuration. Nothing where its text is not of
/// that form: the fault says why.
std::optional<Node> read_override(const Override& given, Faults& faults);

/// Whether a tree has the key that an override sets, and the keys of its value where that is a map. Both are
/// canonical.
bool holds(const Node& tree, const Node& given);

}  // namespace bernoulli::config
