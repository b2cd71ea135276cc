#include "data/log_count_ratios.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "text/token_view.h"

namespace bernoulli {
namespace {

/// Weights of the texts that have a token, by id: all of them, then those with each label. Side by side,
/// since ids come in no order and each costs one look into memory.
class Presence {
 public:
  Presence(int64_t num_ids, int64_t num_labels)
      : width_(static_cast<size_t>(num_labels) + 1),
        counts_(static_cast<size_t>(num_ids) * width_),
        seen_(static_cast<size_t>(num_ids), -1) {}

  void add(int64_t text, std::span<const int32_t> ids, double weight, std::span<const float> targets) {
    for (const int32_t id : ids) {
      const auto at = static_cast<size_t>(id);
      if (seen_[at] == text) continue;
      seen_[at] = text;
      double* counts = &counts_[at * width_];
      counts[0] += weight;
      for (size_t label = 0; label < targets.size(); ++label)
        counts[label + 1] += weight * double{targets[label]};
    }
  }
  double all(size_t id) const { return counts_[id * width_]; }
  double with(size_t id, size_t label) const { return counts_[id * width_ + label + 1]; }

 private:
  size_t width_;
  std::vector<double> counts_;
  std::vector<int64_t> seen_;  ///< the last text that had the token
};

}  // namespace

std::vector<float> label_log_odds(const EncodedDataset& data, double alpha) {
  const auto labels = static_cast<size_t>(data.num_labels);
  double weight = 0;
  std::vector<double> with(labels);
  for (int64_t text = 0; text < data.size(); ++text) {
    weight += data.weight(text);
    for (size_t label = 0; label < labels; ++label)
      with[label] += data.weight(text) * double{data.targets[static_cast<size_t>(text) * labels + label]};
  }
  std::vector<float> odds(labels);
  for (size_t label = 0; label < labels; ++label)
    odds[label] = static_cast<float>(std::log((alpha + with[label]) / (alpha + weight - with[label])));
  return odds;
}

LogCountRatios log_count_ratios(const EncodedDataset& data, int64_t num_ids, double alpha) {
  const auto ids = static_cast<size_t>(num_ids), labels = static_cast<size_t>(data.num_labels);
  Presence presence(num_ids, data.num_labels);
  std::vector<int32_t> room;
  for (int64_t text = 0; text < data.size(); ++text) {
    room.resize(std::max(room.size(), static_cast<size_t>(data.rows.row_size(text))));
    const std::span<const int32_t> row = data.rows.row(text, room.data());
    const auto targets = std::span(data.targets).subspan(static_cast<size_t>(text) * labels, labels);
    presence.add(text, row, data.weight(text), targets);
  }

  LogCountRatios result{std::vector<float>(ids * labels), label_log_odds(data, alpha)};
  for (size_t label = 0; label < labels; ++label) {
    double p_sum = 0, q_sum = 0;
    for (size_t id = kPaddingId + 1; id < ids; ++id) {
      p_sum += alpha + presence.with(id, label);
      q_sum += alpha + presence.all(id) - presence.with(id, label);
    }
    const double norm = std::log(q_sum / p_sum);
    for (size_t id = kPaddingId + 1; id < ids; ++id) {
      const double all = presence.all(id), p = presence.with(id, label);
      const double ratio = all == 0 ? 0 : std::log((alpha + p) / (alpha + all - p));
      result.ratios[id * labels + label] = static_cast<float>(ratio + norm);
    }
  }
  return result;
}

}  // namespace bernoulli
