#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"

namespace bernoulli {

/// Named numbers of one step.
using Scalars = std::vector<std::pair<std::string, double>>;

/// events.out.tfevents.<number>: scalars for TensorBoard, each event a record with its length and checksums
/// (TensorFlow's TFRecord) around a protobuf message (tensorflow/core/util/event.proto). Written without a
/// sync: all of it can be made again from metrics.jsonl.
class EventFile {
 public:
  /// Begins a file in the place of those that earlier processes of the run left in `folder`. It has the next
  /// number and says that the run starts at step 0, so that a TensorBoard that is open forgets what it has
  /// read.
  /// @param wall_time  seconds since 1970. @throws IoError
  EventFile(const std::filesystem::path& folder, double wall_time);

  /// TensorBoard keeps values in float32. @throws IoError
  void add(double wall_time, int64_t step, const Scalars& scalars);

 private:
  std::unique_ptr<LineFile> file_;
};

}  // namespace bernoulli
