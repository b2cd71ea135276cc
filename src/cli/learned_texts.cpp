#include "cli/learned_texts.h"

#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/held_out.h"
#include "cli/load_arguments.h"
#include "core/error.h"
#include "core/log.h"
#include "data/audit.h"

namespace bernoulli::cli {
namespace {

/// Nothing where they cannot be read, with the reason.
std::optional<Dataset> read_training_data(const RunConfig& config, const RunPaths& run, std::string& reason) {
  if (!std::filesystem::exists(run.data())) {
    reason = fmt::format("'{}' is no run folder", run.folder.string());
    return std::nullopt;
  }
  try {
    return load_data(data_of_run(config, run, {}), config.task).train;
  } catch (const DataError& error) {
    reason = error.what();
  } catch (const IoError& error) {
    reason = error.what();
  }
  return std::nullopt;
}

}  // namespace

void warn_of_learned_texts(const RunConfig& config, const RunPaths& run, const Dataset& given) {
  std::string reason;
  const std::optional<Dataset> train = read_training_data(config, run, reason);
  if (!train) {
    log_info(
        fmt::format("whether the model was trained on some of these texts could not be seen: {}", reason));
    return;
  }
  const std::string changed = change_since_training(run, "train", *train);
  if (!changed.empty())
    log_warning(fmt::format(
        "{}: texts that the model learned then and that are gone now are not found among these", changed));
  const std::string warning = overlap_warning("", overlap(*train, given), given.size());
  if (!warning.empty()) log_warning(warning);
}

}  // namespace bernoulli::cli
