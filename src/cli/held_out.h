#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"
#include "infer/classifier.h"
#include "store/run_paths.h"

namespace bernoulli::cli {

/// The data that a run is judged by.
struct HeldOutData {
  std::string split;  ///< "validation" or "test"; what load_part gives may be "train"
  Dataset dataset;
};

/// The test data of a configuration, else its validation data; absent where it names neither, or the test
/// data are optional and gone. @throws DataError, IoError, SpillError
std::optional<HeldOutData> load_held_out(const DataConfig& data, const TaskConfig& task);

/// "train", and "validation" and "test" as far as a configuration names them and optional ones are there.
std::vector<std::string> parts_of(const DataConfig& data);

/// @param part  one of parts_of()  @throws DataError, IoError, SpillError
HeldOutData load_part(const DataConfig& data, const TaskConfig& task, const std::string& part);

/// Empty where the data are those of the training, or `run` is no run folder and does not tell. Else what has
/// changed. @param split  "train", "validation" or "test"  @throws ArtifactError where data.json is damaged
std::string change_since_training(const RunPaths& run, const std::string& split, const Dataset& dataset);

/// The logits of a data set, N*L, in blocks: whole batches of the classifier's, so that they are the same as
/// in one call, and few enough that their texts do not fill the memory. @throws StopRequested
std::vector<float> logits_of(Classifier& classifier, const Dataset& dataset);

}  // namespace bernoulli::cli
