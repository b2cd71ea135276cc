#include "train/batch_memory.h"

#include <algorithm>

#include <fmt/format.h>

namespace bernoulli {

std::string long_text_warning(const RunConfig& config, const layers::ModelPlan& plan,
                              const EncodedDataset& train) {
  constexpr double kGib = 1 << 30, kMany = 4 * kGib;
  if (plan.ragged_input || config.text.sequence_length || train.size() == 0) return "";
  int64_t longest = 0, widest = 0;
  for (int64_t i = 1; i < train.size(); ++i) {
    if (train.rows.row_size(i) > train.rows.row_size(longest)) longest = i;
  }
  for (const layers::NamedLayer* layer : plan.all_layers()) {
    if (layer->plan.output.layout == layers::Layout::kSequence)
      widest = std::max(widest, layer->plan.output.features);
  }
  const int64_t batch = std::min(config.training.batch_size, train.size());
  const double bytes = static_cast<double>(batch) * static_cast<double>(train.rows.row_size(longest)) *
                       static_cast<double>(widest) * sizeof(float);
  if (bytes < kMany) return "";
  return fmt::format(
      "{} has {} tokens: the batch that it is in is padded to that length and takes {:.1f} GiB at the widest "
      "layer alone; cut long texts with text.sequence_length",
      train.origins[longest], train.rows.row_size(longest), bytes / kGib);
}

IoError out_of_memory_in_batch(int64_t step, std::span<const int64_t> examples, const EncodedDataset& train) {
  const int64_t longest =
      *std::ranges::max_element(examples, {}, [&](int64_t example) { return train.rows.row_size(example); });
  return IoError(
      fmt::format("out of memory in step {}, whose batch has {} texts, the longest of {} tokens ({}); cut "
                  "long texts with text.sequence_length, or use a smaller training.batch_size or model",
                  step + 1, examples.size(), train.rows.row_size(longest), train.origins[longest]));
}

}  // namespace bernoulli
