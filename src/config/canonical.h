#pragma once

#include <string>
#include <string_view>

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// Writes every short form out, so that trees of different sources can be merged key by key: `dropout: 0.2`
/// becomes `dropout: {rate: 0.2}`, `data.train: p` becomes `{path: p}`, `ngrams: 2` becomes `[1, 2]`. What
/// does not fit the schema stays as it is, for the validation to name.
void canonicalise(const FieldSchema& schema, Node& node);

/// The form of a kEither that has the shape of a canonical node; null pointer where none has.
const FieldSchema* form_of(const FieldSchema& either, const Node& node);

/// The schema of `key` in a map, or the kind of that name; null pointers where there is none.
struct MapMember {
  const FieldSchema* field = nullptr;
  const KindSchema* kind = nullptr;
};
MapMember find_member(const FieldSchema& map, std::string_view key);

/// Null pointer where there is no such kind.
const KindSchema* find_kind(const std::vector<KindSchema>& kinds, std::string_view name);

/// The map of a kind's own keys, for code that walks maps.
FieldSchema kind_map(const KindSchema& kind);

/// Whether a list where one kind stands (kKind) is the value of the kind that a bare number chooses.
bool takes_bare_list(const FieldSchema& one_kind);

/// Whether `kind: true` means the kind with its defaults, as `max_f1: true`.
bool takes_true(const KindSchema& kind);

}  // namespace bernoulli::config
