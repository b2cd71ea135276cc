#include "train/graph_batch.h"

#include <algorithm>
#include <bit>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

namespace bernoulli {
namespace {

/// The next of 8, 12, 16, 24, 32, 48, ...: at most half more than was asked for.
int64_t round_up(int64_t length) {
  int64_t width = 8;
  while (width < length) width += std::has_single_bit(static_cast<uint64_t>(width)) ? width / 2 : width / 3;
  return width;
}

int32_t bits_of(double number) { return std::bit_cast<int32_t>(static_cast<float>(number)); }

/// Cuts a row of the queue into its parts.
class Cutter {
 public:
  explicit Cutter(at::Tensor row) : row_(std::move(row)) {}
  at::Tensor take(int64_t count) {
    begin_ += count;
    return row_.narrow(0, begin_ - count, count);
  }
  at::Tensor take_floats(int64_t count) { return take(count).view(at::kFloat); }

 private:
  at::Tensor row_;
  int64_t begin_ = 0;
};

}  // namespace

BatchShape shape_of(const TokenView& rows, std::span<const int64_t> examples, const FeatureShape& features) {
  const int64_t width = feature_sizes(rows, examples, features).back();
  const bool is_fixed = !features.ragged && features.sequence_length;
  return {static_cast<int64_t>(examples.size()), is_fixed ? width : round_up(width)};
}

GraphBatch::GraphBatch(BatchShape shape, const BatchParts& parts, int64_t capacity)
    : shape_(shape),
      parts_(parts),
      is_ragged_(parts.shared.shape().ragged),
      num_labels_(parts.train.num_labels),
      num_lengths_(shape.rows + (is_ragged_ ? 1 : 0)),
      work_([this] { take_next(); }) {
  const int64_t num_ids = is_ragged_ ? shape.width : shape.rows * shape.width;
  const int64_t num_weights = parts.train.weights.empty() ? 0 : shape.rows;
  const int64_t size = num_ids + num_lengths_ + shape.rows * num_labels_ + num_weights + 1;
  const auto options = at::TensorOptions().device(parts.shared.device());
  queue_ = at::zeros({capacity, size}, options.dtype(at::kInt));
  next_ = at::zeros({1}, options.dtype(at::kLong));
  losses_ = at::zeros({capacity}, options.dtype(at::kFloat));
  logits_ = at::zeros({capacity, shape.rows * num_labels_}, options.dtype(at::kFloat));
}

int64_t GraphBatch::add(std::span<const int64_t> examples, double divisor) {
  const EncodedDataset& train = parts_.train;
  const auto size = static_cast<size_t>(queue_.size(1));
  staged_.resize(static_cast<size_t>(num_staged_ + 1) * size);
  int32_t* out = staged_.data() + static_cast<size_t>(num_staged_) * size;
  std::fill_n(out, size, 0);
  int32_t* const end_of_ids = out + (is_ragged_ ? shape_.width : shape_.rows * shape_.width);
  int32_t* id = out;
  for (const int64_t example : examples) {
    int32_t* const end_of_row = train.rows.copy_row(example, end_of_ids - id, id);
    id = is_ragged_ ? end_of_row : id + shape_.width;
  }
  out = end_of_ids;
  for (const int64_t example : examples) *out++ = static_cast<int32_t>(train.rows.row_size(example));
  if (is_ragged_) *out++ = static_cast<int32_t>(end_of_ids - id);
  for (const int64_t example : examples) {
    for (int64_t label = 0; label < num_labels_; ++label)
      *out++ = bits_of(double{train.targets[static_cast<size_t>(example * num_labels_ + label)]});
  }
  if (!train.weights.empty()) {
    for (const int64_t example : examples)
      *out++ = bits_of(double{train.weights[static_cast<size_t>(example)]});
  }
  *out = bits_of(divisor);
  return num_staged_++;
}

void GraphBatch::send() {
  const at::Tensor staged = at::from_blob(staged_.data(), {num_staged_, queue_.size(1)}, at::kInt);
  queue_.narrow(0, 0, num_staged_).copy_(staged);
  next_.zero_();
}

void GraphBatch::run_plainly(int64_t place) {
  next_.fill_(place);
  work_.run_plainly();
}

void GraphBatch::receive() {
  losses_read_ = losses_.narrow(0, 0, num_staged_).to(at::kCPU);
  logits_read_ = logits_.narrow(0, 0, num_staged_).to(at::kCPU).view({num_staged_, shape_.rows, num_labels_});
  num_staged_ = 0;
}

void GraphBatch::take_next() {
  Cutter row(queue_.index_select(0, next_).view({-1}));
  Features features;
  features.values = is_ragged_ ? row.take(shape_.width)
                               : row.take(shape_.rows * shape_.width).view({shape_.rows, shape_.width});
  features.values = features.values.to(at::kLong);
  features.lengths = row.take(num_lengths_).to(at::kLong);
  const at::Tensor targets = row.take_floats(shape_.rows * num_labels_).view({shape_.rows, num_labels_});
  const at::Tensor weights = parts_.train.weights.empty() ? at::Tensor() : row.take_floats(shape_.rows);
  const at::Tensor divisor = row.take_floats(1).squeeze(0);

  const at::Tensor logits = parts_.shared.model().forward(features).narrow(0, 0, shape_.rows);
  const at::Tensor loss = parts_.loss(logits, targets, weights);
  const std::vector<at::Tensor> gradients = torch::autograd::grad({loss / divisor}, parts_.parameters);

  const at::NoGradGuard no_grad;
  at::_foreach_add_(parts_.gradients, gradients);
  parts_.loss_sum.add_(loss.detach().view({1}));
  losses_.index_copy_(0, next_, loss.detach().view({1}));
  logits_.index_copy_(0, next_, logits.detach().view({1, -1}));
  next_.add_(1);
}

}  // namespace bernoulli
