#include "config/merge.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/canonical.h"
#include "config/key_path.h"

namespace bernoulli::config {
namespace {

void remove(Node& map, const std::string& key) {
  std::erase_if(map.entries, [&](const Entry& entry) { return entry.key == key; });
}

/// Keys that had a meaning only while `key` was given, and those that had one only beside these.
void remove_dependents(const FieldSchema& schema, Node& base, const std::string& key) {
  for (const FieldSchema& field : schema.fields) {
    if (!field.only_when || field.only_when->key != key) continue;
    remove(base, field.key);
    remove_dependents(schema, base, field.key);
  }
}

void remove_other_choices(const FieldSchema& schema, Node& base, const Node& overlay) {
  for (const std::string& chosen : schema.one_of) {
    if (!overlay.gives(chosen)) continue;
    for (const std::string& other : schema.one_of) {
      if (other == chosen || overlay.gives(other)) continue;
      remove(base, other);
      remove_dependents(schema, base, other);
    }
  }
}

/// A changed word, such as task.kind, takes away the keys that do not go with it.
void remove_inapplicable(const FieldSchema& schema, Node& base, const Node& overlay) {
  for (const FieldSchema& field : schema.fields) {
    if (!field.only_when || field.only_when->values.empty()) continue;
    const Node* word = overlay.find(field.only_when->key);
    if (word == nullptr || !word->is_scalar()) continue;
    const std::vector<std::string>& values = field.only_when->values;
    if (std::find(values.begin(), values.end(), word->scalar) != values.end()) continue;
    remove(base, field.key);
    remove_dependents(schema, base, field.key);
  }
}

/// A kind without a value, onto what is there, could mean either: it, with its defaults, or not it.
void refuse_empty_kinds(const std::vector<KindSchema>& kinds, const Node& base, const Node& overlay,
                        const std::string& path, Faults& faults) {
  if (base.entries.empty()) return;
  for (const Entry& entry : overlay.entries) {
    if (!entry.value.had_no_value || find_kind(kinds, entry.key) == nullptr) continue;
    faults.add(entry.value.place, join_path(path, entry.key),
               "is empty: write {} to choose it with its defaults, in the place of any other");
  }
}

/// Where one kind stands by itself, any other name takes its place, one that no kind has, too: it is then
/// told where it stands, and not as a second key of the former one.
void remove_former_kind(Node& base, const Node& overlay) {
  const bool is_former = overlay.entries.size() == 1 && base.find(overlay.entries.front().key) != nullptr;
  if (is_former) return;
  base.entries.clear();
  base.place = overlay.place;
}

void remove_other_kinds(const std::vector<KindSchema>& kinds, Node& base, const Node& overlay) {
  const auto is_kind = [&](const Entry& entry) { return find_kind(kinds, entry.key) != nullptr; };
  if (std::none_of(overlay.entries.begin(), overlay.entries.end(), is_kind)) return;
  std::erase_if(base.entries,
                [&](const Entry& entry) { return is_kind(entry) && overlay.find(entry.key) == nullptr; });
}

void merge_entry(const FieldSchema& schema, Node& base, Entry entry, const std::string& path,
                 Faults& faults) {
  auto own = std::ranges::find(base.entries, entry.key, &Entry::key);
  if (own == base.entries.end()) own = base.entries.insert(own, {entry.key, entry.place, {}});
  if (!entry.value.is_map()) own->place = entry.place;
  Node* const old = &own->value;
  const MapMember member = find_member(schema, entry.key);
  const std::string below = join_path(path, entry.key);
  if (member.field != nullptr) {
    merge(*member.field, *old, std::move(entry.value), below, faults);
  } else if (member.kind != nullptr) {
    merge(kind_map(*member.kind), *old, std::move(entry.value), below, faults);
  } else {
    *old = std::move(entry.value);
  }
}

void merge_maps(const FieldSchema& schema, Node& base, Node overlay, const std::string& path,
                Faults& faults) {
  remove_other_choices(schema, base, overlay);
  remove_inapplicable(schema, base, overlay);
  if (schema.kinds != nullptr) {
    refuse_empty_kinds(*schema.kinds, base, overlay, path, faults);
    if (schema.type == FieldType::kKind) {
      remove_former_kind(base, overlay);
    } else {
      remove_other_kinds(*schema.kinds, base, overlay);
    }
  }
  for (Entry& entry : overlay.entries) merge_entry(schema, base, std::move(entry), path, faults);
}

void merge_item(const FieldSchema& schema, Node& base, Node overlay, const std::string& path,
                Faults& faults) {
  const auto size = static_cast<int64_t>(base.items.size());
  if (schema.type != FieldType::kList || !base.is_list()) {
    faults.add(overlay.place, path,
               "is not a list in the configuration, so no item of it can be set (set the whole key)");
  } else if (overlay.index >= size) {
    faults.add(overlay.place, path,
               fmt::format("has no item [{}] (it has {}, counted from 0)", overlay.index, size));
  } else {
    merge(schema.fields.front(), base.items[static_cast<size_t>(overlay.index)],
          std::move(overlay.items.front()), item_path(path, overlay.index), faults);
  }
}

/// Keys that only build a path to a list item must not replace what they pass through.
bool is_keyed(const FieldSchema& schema) {
  return schema.type == FieldType::kMap || schema.type == FieldType::kNamed ||
         schema.type == FieldType::kKind;
}

}  // namespace

void merge(const FieldSchema& schema, Node& base, Node overlay, const std::string& path, Faults& faults) {
  if (schema.type == FieldType::kEither) {
    if (const FieldSchema* form = form_of(schema, overlay)) {
      merge(*form, base, std::move(overlay), path, faults);
    } else {
      base = std::move(overlay);
    }
    return;
  }
  if (overlay.kind == Node::Kind::kItem) {
    merge_item(schema, base, std::move(overlay), path, faults);
    return;
  }
  if (!overlay.is_map() || !is_keyed(schema)) {
    base = std::move(overlay);
    return;
  }
  if (!base.is_map()) {
    base = Node{};
    base.kind = Node::Kind::kMap;
    base.place = overlay.place;
  }
  merge_maps(schema, base, std::move(overlay), path, faults);
}

}  // namespace bernoulli::config
