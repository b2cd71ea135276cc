#include "train/metrics_log.h"

#include <string_view>
#include <system_error>
#include <utility>

#include "core/log.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

namespace {

std::string to_line(const Json& event) { return event.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// The lines that belong to the checkpoint of `step`. Each checkpoint is announced before it is saved, so the
/// last line that it knows is its own.
std::vector<Json> lines_before(const std::string& text, int64_t step, bool validated) {
  std::vector<Json> lines;
  size_t end_of_state = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // a line that a kill cut off
    Json line = Json::parse(std::string_view(text).substr(begin, end - begin), nullptr, false);
    begin = end + 1;
    const bool known =
        line.is_object() && line.contains("step") && line["step"].is_number_integer() && line["step"] <= step;
    if (!known) continue;
    const bool announces = line.value("event", Json()) == "checkpoint" && line["step"] == step;
    lines.push_back(std::move(line));
    if (announces && (validated || end_of_state == 0)) end_of_state = lines.size();
  }
  if (end_of_state > 0) lines.resize(end_of_state);
  return lines;
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path path, int64_t step, bool validated)
    : path_(std::move(path)), started_s_(monotonic_seconds()) {
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored)) {
    std::string kept;
    for (const Json& line : lines_before(read_file(path_), step, validated)) {
      const auto seconds = line.find("seconds");
      if (seconds != line.end() && seconds->is_number()) earlier_s_ = *seconds;
      if (const auto epochs = line.find("epoch_seconds"); epochs != line.end()) {
        epoch_seconds_.clear();
        for (const Json& epoch : *epochs)
          epoch_seconds_.push_back(epoch.is_number() ? epoch.get<double>() : 0);
      }
      kept.append(to_line(line)).push_back('\n');
    }
    write_file_atomic(path_, kept);
  }
  file_ = std::make_unique<LineFile>(path_);
}

void MetricsLog::append(const std::string& event, int64_t epoch, int64_t step, const Json& values) {
  Json line = {{"event", event}, {"epoch", epoch}, {"step", step}, {"seconds", elapsed_s()}};
  line.update(values);
  if (event == "checkpoint") line["epoch_seconds"] = epoch_seconds_;
  file_->append(to_line(line));
}

double MetricsLog::elapsed_s() const { return earlier_s_ + monotonic_seconds() - started_s_; }

void MetricsLog::add_epoch_seconds(int64_t epoch, double seconds) {
  if (static_cast<int64_t>(epoch_seconds_.size()) < epoch)
    epoch_seconds_.resize(static_cast<size_t>(epoch), 0.0);
  epoch_seconds_[static_cast<size_t>(epoch) - 1] += seconds;
}

}  // namespace bernoulli
