#pragma once

#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "cli/verb_arguments.h"
#include "distributed/place.h"

namespace bernoulli::cli {

/// What a training that has ended left.
struct TrainedRun {
  nlohmann::ordered_json summary;
  std::filesystem::path folder;
};
/// The whole of `bernoulli train` but for printing. Nothing where it was paused, as the arguments asked for.
/// @param place  of this process, which is number 0, among those of the training; absent: it is alone
std::optional<TrainedRun> train_run(const TrainArguments& arguments, const std::optional<Place>& place);

}  // namespace bernoulli::cli
