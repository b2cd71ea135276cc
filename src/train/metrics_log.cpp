#include "train/metrics_log.h"

#include <string_view>
#include <system_error>
#include <utility>

#include "core/log.h"

namespace bernoulli {

using Json = nlohmann::ordered_json;

MetricsLog::MetricsLog(std::filesystem::path path, int64_t step)
    : path_(std::move(path)), started_s_(monotonic_seconds()) {
  std::error_code ignored;
  if (std::filesystem::exists(path_, ignored)) {
    const std::string text = read_file(path_);
    std::string kept;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      if (end == std::string::npos) break;  // a line that a kill cut off
      const std::string_view line(text.data() + begin, end - begin);
      begin = end + 1;
      const Json event = Json::parse(line, nullptr, false);
      if (!event.is_object() || event.value("step", int64_t{-1}) > step) continue;
      earlier_s_ = event.value("seconds", earlier_s_);
      if (event.contains("epoch_seconds")) epoch_seconds_ = event["epoch_seconds"].get<std::vector<double>>();
      kept.append(line).push_back('\n');
    }
    write_file_atomic(path_, kept);
  }
  file_ = std::make_unique<LineFile>(path_);
}

void MetricsLog::append(const std::string& event, int64_t epoch, int64_t step, const Json& values) {
  Json line = {{"event", event}, {"epoch", epoch}, {"step", step}, {"seconds", elapsed_s()}};
  line.update(values);
  if (event == "checkpoint") line["epoch_seconds"] = epoch_seconds_;
  file_->append(line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

double MetricsLog::elapsed_s() const { return earlier_s_ + monotonic_seconds() - started_s_; }

void MetricsLog::add_epoch_seconds(int64_t epoch, double seconds) {
  if (static_cast<int64_t>(epoch_seconds_.size()) < epoch)
    epoch_seconds_.resize(static_cast<size_t>(epoch), 0.0);
  epoch_seconds_[static_cast<size_t>(epoch) - 1] += seconds;
}

}  // namespace bernoulli
