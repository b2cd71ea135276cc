#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace bernoulli::serve {

/// One answered request, as it is counted.
struct RequestFacts {
  const char* endpoint = "other";  ///< the path of a route, or what stands for all others
  int status = 0;
  size_t num_texts = 0;
  size_t request_bytes = 0;   ///< of the body
  size_t response_bytes = 0;  ///< of the body
  double seconds = 0;         ///< from the last byte of the request to the first of the answer
};

/// What has happened since the start. Any thread may count and read.
class RequestMetrics {
 public:
  void count(const RequestFacts& facts);
  void count_reload(bool succeeded);
  /// @param seconds  that a request was in line, until it was computed or dropped
  void count_wait(double seconds);

  std::atomic<int64_t> in_flight = 0;    ///< requests that were read and are not answered yet
  std::atomic<int64_t> connections = 0;  ///< open ones

  /// In the text format of Prometheus, version 0.0.4.
  std::string text() const;

 private:
  /// Upper bounds of the histogram, s; a request above the last one is counted by +Inf alone.
  static constexpr std::array<double, 12> kBounds = {.0001, .00025, .0005, .001, .0025, .005,
                                                     .01,   .025,   .1,    .5,   2.5,   10};
  struct Latency {
    std::array<uint64_t, kBounds.size() + 1> counts{};  ///< of each bucket alone
    double sum_s = 0;

    void count(double seconds);
    /// @param labels  empty or with a comma behind each. @return its lines
    std::string text(const char* name, const std::string& labels) const;
  };

  std::string latency_text() const;

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, uint64_t> requests_;  ///< by endpoint and status
  std::map<std::string, Latency> latencies_;                  ///< by endpoint
  Latency waits_;
  uint64_t num_texts_ = 0;
  uint64_t request_bytes_ = 0;
  uint64_t response_bytes_ = 0;
  uint64_t reloads_ = 0;
  uint64_t failed_reloads_ = 0;
};

}  // namespace bernoulli::serve
