#pragma once

#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// What a key has where nobody wrote it, and in the place of a faulty value: its default, else the least that
/// it takes (the first word, kind or form, a number in its range). Canonical, at default_place(); a map but
/// for its default is empty, and whatever it must hold is missing.
Node stand_in(const FieldSchema& schema);

}  // namespace bernoulli::config
