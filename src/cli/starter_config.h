#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/column_roles.h"

/// What `bernoulli init` finds in data, and the configuration that it writes of it.
namespace bernoulli::cli {

/// Something that was decided, and how it shows.
struct Finding {
  std::string setting, value, why;
};

struct StarterConfig {
  std::string yaml;  ///< complete, with the reasons as comments
  std::vector<Finding> findings;
  std::vector<std::string> warnings;
  std::string sweep;              ///< arguments behind the file's name, where one is worth a try; or none
  nlohmann::ordered_json labels;  ///< {"name": examples, ...} of the training file; of a number, empty
};

struct InitRequest {
  std::string data;  ///< file or folder, as typed
  GivenColumns columns;
  std::optional<bool> header;
  std::string positive;                  ///< empty: found out
  std::optional<double> positive_above;  ///< of labels that are numbers
  std::string command;                   ///< what was typed, for the head of the file
  std::string config = "config.yaml";    ///< how the file will be called
};

/// @throws UsageError where the data leave open what only the user knows; DataError where nothing can be
/// trained on them; SpillError
StarterConfig make_starter_config(const InitRequest& request);

}  // namespace bernoulli::cli
