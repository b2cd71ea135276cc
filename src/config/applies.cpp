#include "config/applies.h"

#include <algorithm>

#include "config/canonical.h"

namespace bernoulli::config {

Applies applies(const FieldSchema& map, const FieldSchema& field, const Node& node,
                const Condition** failed) {
  if (!field.only_when) return Applies::kYes;
  const auto& [key, values] = *field.only_when;
  const FieldSchema& decider = *find_member(map, key).field;
  if (const Applies decides = applies(map, decider, node, failed); decides != Applies::kYes) return decides;
  if (failed != nullptr) *failed = &*field.only_when;
  if (values.empty()) return node.gives(key) ? Applies::kYes : Applies::kNo;
  std::string word;
  if (const Node* written = node.find(key); written != nullptr && !written->is_null()) {
    word = written->scalar;
  } else if (decider.default_value) {
    word = decider.default_value->get<std::string>();
  }
  if (std::ranges::find(decider.choices, word) == decider.choices.end()) return Applies::kUnknown;
  return std::ranges::find(values, word) != values.end() ? Applies::kYes : Applies::kNo;
}

}  // namespace bernoulli::config
