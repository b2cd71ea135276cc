#include "train/batch_feed.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/empty.h>

namespace bernoulli {
namespace {

/// The numbers of `width` an example, one example after the other.
void gather(const std::vector<float>& values, std::span<const int64_t> examples, int64_t width, float* out) {
  for (const int64_t example : examples) out = std::copy_n(values.begin() + example * width, width, out);
}

/// int64 numbers that hold `count` float32 ones.
int64_t words_of(int64_t count) { return (count + 1) / 2; }

}  // namespace

BatchFeed::BatchFeed(const EncodedDataset& data, FeatureShape shape, c10::Device device,
                     std::unique_ptr<Upload> upload)
    : data_(data), shape_(shape), device_(device), upload_(std::move(upload)) {}

Batch BatchFeed::make(std::span<const int64_t> examples) const {
  const auto count = static_cast<int64_t>(examples.size());
  const auto gathered = [&](const std::vector<float>& values, int64_t width) {
    at::Tensor out = at::empty({count, width}, at::kFloat);
    gather(values, examples, width, out.mutable_data_ptr<float>());
    return out.to(device_);
  };
  Batch batch{
      make_features(data_.rows, examples, shape_, device_), gathered(data_.targets, data_.num_labels), {}};
  if (!data_.weights.empty()) batch.weights = gathered(data_.weights, 1).squeeze(1);
  return batch;
}

Batch BatchFeed::take(std::span<const int64_t> examples) {
  if (!upload_) return make(examples);
  const size_t own = std::exchange(next_, (next_ + 1) % slots_.size());
  Slot& slot = slots_[own];
  const bool announced = slot.is_sent && std::equal(examples.begin(), examples.end(), slot.examples.begin(),
                                                    slot.examples.end());
  if (!announced) send(examples, own);
  upload_->device_waits(own);
  slot.is_sent = false;
  return std::exchange(slot.batch, {});
}

void BatchFeed::announce(std::span<const int64_t> examples) {
  if (upload_) send(examples, next_);
}

void BatchFeed::send(std::span<const int64_t> examples, size_t number) {
  Slot& slot = slots_[number];
  const auto count = static_cast<int64_t>(examples.size());
  const std::vector<int64_t> sizes = feature_sizes(data_.rows, examples, shape_);
  int64_t num_values = 1;
  for (const int64_t size : sizes) num_values *= size;
  const int64_t num_targets = count * data_.num_labels;
  const int64_t targets_at = num_values + count, weights_at = targets_at + words_of(num_targets);
  const int64_t all = weights_at + (data_.weights.empty() ? 0 : words_of(count));

  upload_->host_waits(number);  // what was sent from this memory before
  if (!slot.room.defined() || slot.room.numel() < all) slot.room = upload_->room(all + all / 4);
  auto* const words = slot.room.mutable_data_ptr<int64_t>();
  write_features(data_.rows, examples, shape_, words, words + num_values);
  gather(data_.targets, examples, data_.num_labels, reinterpret_cast<float*>(words + targets_at));
  if (!data_.weights.empty())
    gather(data_.weights, examples, 1, reinterpret_cast<float*>(words + weights_at));

  const at::Tensor sent = upload_->send(slot.room.narrow(0, 0, all));
  upload_->set(number);
  const auto floats = [&](int64_t at, int64_t size) {
    return sent.narrow(0, at, words_of(size)).view(at::kFloat).narrow(0, 0, size);
  };
  slot.batch.features = {sent.narrow(0, 0, num_values).view(sizes), sent.narrow(0, num_values, count)};
  slot.batch.targets = floats(targets_at, num_targets).view({count, data_.num_labels});
  slot.batch.weights = data_.weights.empty() ? at::Tensor() : floats(weights_at, count);
  slot.examples.assign(examples.begin(), examples.end());
  slot.is_sent = true;
}

}  // namespace bernoulli
