#include "config/named_keys.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/canonical.h"
#include "config/faults.h"

namespace bernoulli::config {
namespace {

constexpr size_t kMostNamed = 5;  ///< keys of one name that a message lists: those of the optimizers' lr

/// Walks a schema beside what was written. Keys are joined where one is found, for many may be asked about.
class NamedKeys {
 public:
  explicit NamedKeys(std::string_view name) : name_(name) {}

  void look_at(const FieldSchema& schema, const Node* node) {
    const bool is_map = schema.type == FieldType::kMap;
    if (schema.kinds != nullptr && (is_map || schema.type == FieldType::kKind))
      look_at_kinds(*schema.kinds, node);
    if (is_map) look_at_fields(schema.fields, node);
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  static const Node* below(const Node* node, std::string_view key) {
    return node == nullptr || !node->is_map() ? nullptr : node->find(key);
  }

  void look_at_fields(const std::vector<FieldSchema>& fields, const Node* node) {
    for (const FieldSchema& field : fields) {
      path_.push_back(field.key);
      if (field.key == name_) found_.push_back(fmt::format("{}", fmt::join(path_, ".")));
      look_at(field, below(node, field.key));
      path_.pop_back();
    }
  }

  void look_at_kinds(const std::vector<KindSchema>& kinds, const Node* node) {
    const bool is_chosen =
        std::ranges::any_of(kinds, [&](const KindSchema& kind) { return below(node, kind.name) != nullptr; });
    for (const KindSchema& kind : kinds) {
      if (is_chosen && below(node, kind.name) == nullptr) continue;
      path_.push_back(kind.name);
      look_at_fields(kind.fields, below(node, kind.name));
      path_.pop_back();
    }
  }

  std::string_view name_;
  std::vector<std::string_view> path_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> keys_named(const FieldSchema& root, const Node* tree, const std::string& name) {
  NamedKeys named(name);
  named.look_at(root, tree);
  std::vector<std::string> keys = named.take();
  const auto is_another_verbs = [](const std::string& key) { return key.starts_with("stability."); };
  if (!std::ranges::all_of(keys, is_another_verbs)) std::erase_if(keys, is_another_verbs);
  return keys;
}

std::string key_elsewhere(const FieldSchema& root, const Node* tree, const std::string& path,
                          const std::string& name) {
  if (path.find('[') != std::string::npos) return "";
  std::vector<std::string> keys = keys_named(root, tree, name);
  const auto is_below = [&](const std::string& key) { return key.starts_with(path + "."); };
  if (std::ranges::any_of(keys, is_below))
    std::erase_if(keys, [&](const std::string& key) { return !is_below(key); });
  if (keys.empty() || keys.size() > kMostNamed) return "";
  for (std::string& key : keys) key = quote(key);
  return fmt::format("; did you mean {}?", join_words(keys));
}

}  // namespace bernoulli::config
