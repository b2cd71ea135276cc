#pragma once

#include <map>
#include <string>

#include "config/faults.h"
#include "config/kind_schema.h"
#include "config/node.h"

namespace bernoulli::config {

/// Checks a canonical tree against its schema and fills the defaults in.
struct Resolution {
  Json value;  ///< every key in schema order; kinds as {name: {key: value}}; null where a key has no value
  std::map<std::string, Place>
      places;  ///< key path -> where the value comes from, for every value and every map that was written
};

/// Adds a fault for each unknown key, missing key, wrong type and value out of range. In the place of a
/// faulty value stands one that the schema takes, so that the others can be bound and checked. Nothing is
/// called missing that `faults` has as broken already: it may stand in what could not be read.
Resolution resolve(const FieldSchema& schema, const Node& node, Faults& faults);

/// The place of `path`, or of the nearest thing around it.
Place place_of(const std::map<std::string, Place>& places, const std::string& path);

}  // namespace bernoulli::config
