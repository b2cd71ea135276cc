#pragma once

#include <string>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// Lays `overlay` over `base`; both canonical. Maps merge key by key, everything else replaces. Where one
/// thing can stand at a place only (a kind, `path` or `from`, the keys of one `task.kind`), the overlay's
/// choice takes the other choice's keys away. A kItem overlay changes one item of a list; an index that is
/// not there is a fault.
void merge(const FieldSchema& schema, Node& base, Node overlay, const std::string& path, Faults& faults);

}  // namespace bernoulli::config
