#pragma once

#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "cli/verb_arguments.h"
#include "distributed/place.h"

namespace bernoulli::cli {

/// The whole of `bernoulli train` but for printing. Returns the summary and where the run is.
struct TrainedRun {
  nlohmann::ordered_json summary;
  std::filesystem::path folder;
};
/// @param place  of this process, which is number 0, among those of the training; absent: it is alone
TrainedRun train_run(const TrainArguments& arguments, const std::optional<Place>& place);

}  // namespace bernoulli::cli
