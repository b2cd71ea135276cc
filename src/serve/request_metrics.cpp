#include "serve/request_metrics.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bernoulli::serve {
namespace {

template <class Value>
std::string single(const char* name, const char* type, const char* help, Value value) {
  return fmt::format("# HELP bernoulli_{0} {1}\n# TYPE bernoulli_{0} {2}\nbernoulli_{0} {3}\n", name, help,
                     type, value);
}

}  // namespace

void RequestMetrics::count(const RequestFacts& facts) {
  const std::lock_guard lock(mutex_);
  ++requests_[{facts.endpoint, facts.status}];
  latencies_[facts.endpoint].count(facts.seconds);
  num_texts_ += facts.num_texts;
  request_bytes_ += facts.request_bytes;
  response_bytes_ += facts.response_bytes;
}

void RequestMetrics::Latency::count(double seconds) {
  ++counts[static_cast<size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin())];
  sum_s += seconds;
}

void RequestMetrics::count_wait(double seconds) {
  const std::lock_guard lock(mutex_);
  waits_.count(seconds);
}

void RequestMetrics::count_reload(bool succeeded) {
  const std::lock_guard lock(mutex_);
  ++(succeeded ? reloads_ : failed_reloads_);
}

std::string RequestMetrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string text =
      "# HELP bernoulli_requests_total Answered requests.\n# TYPE bernoulli_requests_total counter\n";
  for (const auto& [key, count] : requests_)
    text += fmt::format("bernoulli_requests_total{{endpoint=\"{}\",code=\"{}\"}} {}\n", key.first, key.second,
                        count);
  text += single("texts_total", "counter", "Texts that were classified.", num_texts_);
  text += single("request_bytes_total", "counter", "Bytes of the bodies of requests.", request_bytes_);
  text += single("response_bytes_total", "counter", "Bytes of the bodies of answers.", response_bytes_);
  text += single("requests_in_flight", "gauge", "Requests that were read and are not answered yet.",
                 in_flight.load());
  text += single("connections", "gauge", "Open connections.", connections.load());
  text += single("reloads_total", "counter", "Times that the model was opened anew.", reloads_);
  text += single("failed_reloads_total", "counter", "Times that it could not be, and the old one stayed.",
                 failed_reloads_);
  return text + latency_text();
}

std::string RequestMetrics::Latency::text(const char* name, const std::string& labels) const {
  std::string text;
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
    text += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, labels, bound, total);
  }
  const std::string alone =
      labels.empty() ? "" : fmt::format("{{{}}}", std::string_view(labels).substr(0, labels.size() - 1));
  return text + fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, alone, sum_s, total);
}

std::string RequestMetrics::latency_text() const {
  constexpr const char* kRequest = "bernoulli_request_seconds";
  constexpr const char* kWait = "bernoulli_request_wait_seconds";
  std::string text = fmt::format(
      "# HELP {0} From the last byte of a request to the first of its answer.\n# TYPE {0} histogram\n",
      kRequest);
  for (const auto& [endpoint, latency] : latencies_)
    text += latency.text(kRequest, fmt::format("endpoint=\"{}\",", endpoint));
  text += fmt::format(
      "# HELP {0} From the last byte of a request that computes to its turn.\n# TYPE {0} histogram\n", kWait);
  return text + waits_.text(kWait, "");
}

}  // namespace bernoulli::serve
