#include "train/metrics_log.h"

#include <chrono>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/json_text.h"
#include "core/log.h"
#include "core/parse_number.h"
#include "store/event_lines.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

namespace {

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

/// What belongs to the checkpoint of `step`. Each checkpoint is announced before it is saved, so the last
/// line that it knows is its own.
std::string_view text_of_state(std::string_view text, int64_t step, bool validated) {
  size_t length = text.size();
  bool announced = false;
  for_each_event(text, [&](const Json& event, std::string_view line) {
    if (event["event"] != "checkpoint" || event["step"] != step) return;
    if (validated || !announced) length = static_cast<size_t>(line.data() - text.data()) + line.size();
    announced = true;
  });
  return text.substr(0, length);
}

}  // namespace

void MetricsLog::begin(int64_t step, bool validated) {
  started_s_ = monotonic_seconds();
  const double now = wall_time_now();
  events_ = std::make_unique<EventFile>(path_.parent_path(), now);
  int64_t num_kept = 0;
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored)) {
    const std::string text = read_file(path_);
    AtomicFile kept(path_);
    for_each_event(text_of_state(text, step, validated), [&](const Json& event, std::string_view line) {
      if (event["step"] > step) return;
      take_times(event);
      const auto wall_time = event.find("wall_time");  // earlier versions wrote none
      const bool timed = wall_time != event.end() && wall_time->is_number();
      events_->add(timed ? wall_time->get<double>() : now, event["step"], scalars_of(event));
      kept.append(line);
      ++num_kept;
    });
    kept.commit();
  }
  if (step > 0 && num_kept == 0)
    log_warning(fmt::format("'{}' has nothing of the {} steps so far: their curves and times are lost",
                            path_.string(), step));
  file_ = std::make_unique<LineFile>(path_);
}

void MetricsLog::take_times(const Json& event) {
  if (const auto seconds = event.find("seconds"); seconds != event.end() && seconds->is_number())
    earlier_s_ = *seconds;
  const auto epochs = event.find("epoch_seconds");
  if (epochs == event.end()) return;
  if (epochs->is_array()) {  // earlier versions wrote those of all epochs each time
    epoch_seconds_.clear();
    for (const Json& seconds : *epochs)
      epoch_seconds_.push_back(seconds.is_number() ? seconds.get<double>() : 0);
    return;
  }
  for (const auto& [name, seconds] : epochs->items()) {
    const auto epoch = parse_number<int64_t>(name);  // an epoch has one step or more
    if (epoch && *epoch > 0 && *epoch <= event["step"].get<int64_t>() && seconds.is_number())
      seconds_of(*epoch) += seconds.get<double>();
  }
}

void MetricsLog::append(const std::string& event, int64_t epoch, int64_t step, const Json& values) {
  check_is_there();
  const double now = wall_time_now();
  Json line = {
      {"event", event}, {"epoch", epoch}, {"step", step}, {"seconds", elapsed_s()}, {"wall_time", now}};
  line.update(values);
  if (event == "checkpoint") {
    Json& seconds = line["epoch_seconds"] = Json::object();
    for (const auto& [number, more] : unwritten_seconds_) seconds[std::to_string(number)] = more;
    unwritten_seconds_.clear();
  }
  file_->append(compact_json(line));
  events_->add(now, step, scalars_of(line));
}

void MetricsLog::sync() {
  file_->sync();
  check_is_there();  // behind what takes time
}

void MetricsLog::check_is_there() const {
  if (folder_ != nullptr) folder_->check_is_whole();
  file_->check_is_there();
}

std::map<int64_t, double> MetricsLog::validation_values(const std::string& metric) const {
  std::map<int64_t, double> values;
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return values;
  const std::string text = read_file(path_);
  for_each_event(text, [&](const Json& event, std::string_view) {
    const auto value = event.find(metric);
    if (event["event"] == "validation" && value != event.end() && value->is_number())
      values[event["step"]] = value->get<double>();
  });
  return values;
}

double MetricsLog::elapsed_s() const { return earlier_s_ + monotonic_seconds() - started_s_; }

void MetricsLog::add_epoch_seconds(int64_t epoch, double seconds) {
  seconds_of(epoch) += seconds;
  unwritten_seconds_[epoch] += seconds;
}

double& MetricsLog::seconds_of(int64_t epoch) {
  const auto number = static_cast<size_t>(epoch);
  if (epoch_seconds_.size() < number) epoch_seconds_.resize(number, 0.0);
  return epoch_seconds_[number - 1];
}

}  // namespace bernoulli
