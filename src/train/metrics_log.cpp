#include "train/metrics_log.h"

#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/log.h"
#include "core/shallow_json.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

namespace {

std::string to_line(const Json& event) { return event.dump(-1, ' ', false, Json::error_handler_t::replace); }

double wall_time_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// "train/loss" and so on: the values of an event, not where it stands.
Scalars scalars_of(const Json& event) {
  Scalars scalars;
  for (const auto& [key, value] : event.items()) {
    if (key == "epoch" || key == "step" || key == "seconds" || key == "wall_time" || !value.is_number())
      continue;
    scalars.emplace_back(event.at("event").get<std::string>() + "/" + key, value.get<double>());
  }
  return scalars;
}

/// The lines that belong to the checkpoint of `step`. Each checkpoint is announced before it is saved, so the
/// last line that it knows is its own.
std::vector<Json> lines_before(const std::string& text, int64_t step, bool validated) {
  std::vector<Json> lines;
  size_t end_of_state = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // a line that a kill cut off
    Json line = parse_shallow_json<Json>(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    const bool known = line.is_object() && line.value("event", Json()).is_string() && line.contains("step") &&
                       line["step"].is_number_integer() && line["step"] <= step;
    if (!known) continue;
    const bool announces = line.value("event", Json()) == "checkpoint" && line["step"] == step;
    lines.push_back(std::move(line));
    if (announces && (validated || end_of_state == 0)) end_of_state = lines.size();
  }
  if (end_of_state > 0) lines.resize(end_of_state);
  return lines;
}

}  // namespace

void MetricsLog::begin(int64_t step, bool validated) {
  started_s_ = monotonic_seconds();
  std::vector<Json> kept;
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored)) {
    kept = lines_before(read_file(path_), step, validated);
    std::string text;
    for (const Json& line : kept) {
      const auto seconds = line.find("seconds");
      if (seconds != line.end() && seconds->is_number()) earlier_s_ = *seconds;
      if (const auto epochs = line.find("epoch_seconds"); epochs != line.end()) {
        epoch_seconds_.clear();
        for (const Json& epoch : *epochs)
          epoch_seconds_.push_back(epoch.is_number() ? epoch.get<double>() : 0);
      }
      text.append(to_line(line)).push_back('\n');
    }
    write_file_atomic(path_, text);
  }
  if (step > 0 && kept.empty())
    log_warning(fmt::format("'{}' has nothing of the {} steps so far: their curves and times are lost",
                            path_.string(), step));
  file_ = std::make_unique<LineFile>(path_);
  const double now = wall_time_now();
  events_ = std::make_unique<EventFile>(path_.parent_path(), now);
  for (const Json& line : kept) {
    const auto wall_time = line.find("wall_time");  // earlier versions wrote none
    const bool timed = wall_time != line.end() && wall_time->is_number();
    events_->add(timed ? wall_time->get<double>() : now, line["step"], scalars_of(line));
  }
}

void MetricsLog::append(const std::string& event, int64_t epoch, int64_t step, const Json& values) {
  const double now = wall_time_now();
  Json line = {
      {"event", event}, {"epoch", epoch}, {"step", step}, {"seconds", elapsed_s()}, {"wall_time", now}};
  line.update(values);
  if (event == "checkpoint") line["epoch_seconds"] = epoch_seconds_;
  file_->append(to_line(line));
  events_->add(now, step, scalars_of(line));
}

double MetricsLog::elapsed_s() const { return earlier_s_ + monotonic_seconds() - started_s_; }

void MetricsLog::add_epoch_seconds(int64_t epoch, double seconds) {
  if (static_cast<int64_t>(epoch_seconds_.size()) < epoch)
    epoch_seconds_.resize(static_cast<size_t>(epoch), 0.0);
  epoch_seconds_[static_cast<size_t>(epoch) - 1] += seconds;
}

}  // namespace bernoulli
