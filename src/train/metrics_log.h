#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "store/event_file.h"
#include "store/run_folder.h"

namespace bernoulli {

/// metrics.jsonl: one JSON object an event, with `event`, `epoch`, `step`, `seconds` (of training so far, all
/// processes of the run) and `wall_time` (seconds since 1970). That of a checkpoint has `epoch_seconds`, the
/// seconds of training since the last one by epoch. Its numbers go to a file for TensorBoard too.
class MetricsLog {
 public:
  /// Touches no file yet. @param path  of metrics.jsonl; the file for TensorBoard stands beside it.
  /// @param folder  of the run, which outlives this; null: nobody's
  explicit MetricsLog(std::filesystem::path path, const RunFolder* folder = nullptr)
      : path_(std::move(path)), folder_(folder) {}

  /// Begins, or takes over an existing file up to the checkpoint of `step`: what was written after it was
  /// never part of the state that is resumed, and is dropped. The file for TensorBoard is made again from
  /// what stays.
  /// @param validated whether that checkpoint was saved after the validation of its step. A run that was
  /// stopped just before a validation saves twice at one step.
  void begin(int64_t step, bool validated);

  /// @throws IoError, of check_is_there too
  void append(const std::string& event, int64_t epoch, int64_t step, const nlohmann::ordered_json& values);

  /// By step, what the validations in the file say of `metric`; those where it was undefined are left out.
  /// @throws IoError
  std::map<int64_t, double> validation_values(const std::string& metric) const;

  /// Makes the lines durable: a checkpoint must not outlive the history that led to it. The last thing before
  /// one is written. @throws IoError, of check_is_there too
  void sync();
  /// @throws IoError where the run folder is not the one in which this log was begun, or has lost its
  /// configuration or this log: what is written by paths would go into another's run, or be read by nobody
  void check_is_there() const;

  /// Seconds of work on this run, earlier processes included.
  double elapsed_s() const;
  /// Seconds of training, one an epoch; add to the epoch under way (1, 2, ...).
  void add_epoch_seconds(int64_t epoch, double seconds);
  const std::vector<double>& epoch_seconds() const { return epoch_seconds_; }

 private:
  /// Of a line that stays.
  void take_times(const nlohmann::ordered_json& event);
  double& seconds_of(int64_t epoch);

  std::filesystem::path path_;
  const RunFolder* folder_;
  double earlier_s_ = 0;
  double started_s_ = 0;
  std::vector<double> epoch_seconds_;
  std::map<int64_t, double> unwritten_seconds_;  ///< by epoch, since the last line of a checkpoint
  std::unique_ptr<LineFile> file_;
  std::unique_ptr<EventFile> events_;
};

}  // namespace bernoulli
