// Whole epochs of tutorial.h's model on a CUDA device: the fused engine, which answers once for many updates,
// beside the reference engine (eager LibTorch), at batch 32, 512 and 4096, best of five epochs; what each of
// its kernels takes; whether ten repetitions of the first epoch, and one launch by launch, leave the same
// weights, and how near those of the fused engine of the processor are; how near a table of 1,000,000 x 300
// comes to the speed of a copy in the device's memory; then a model of two hidden layers with layer_norm, the
// graph engine beside the reference engine at batch 32.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include "bench/tutorial.h"
#include "core/hash.h"
#include "core/log.h"
#include "tensor/device.h"
#include "train/cuda_fused_step.h"
#include "train/make_step.h"

namespace bernoulli {
namespace {

constexpr int kEpochs = 5;
constexpr int kRepetitions = 10;

/// A batch at a time, in `order`, from the beginning again where it ends.
std::vector<PlannedUpdate> planned(const std::vector<int64_t>& order, int64_t batch, int64_t first,
                                   int64_t count) {
  std::vector<PlannedUpdate> updates;
  const int64_t of_epoch = static_cast<int64_t>(order.size()) / batch;
  for (int64_t step = first; step < first + count; ++step)
    updates.push_back({{order.data() + step % of_epoch * batch, static_cast<size_t>(batch)}, step, 0.001});
  return updates;
}

struct Subject {
  Subject(const std::string& engine, int64_t num_ids, int64_t dimension, int64_t batch, c10::Device device)
      : Subject(bench::tutorial(engine, dimension, batch), bench::made_up_reviews(num_ids), num_ids, device) {
  }
  Subject(RunConfig model, EncodedDataset texts, int64_t num_ids, c10::Device device)
      : config(std::move(model)),
        data(std::move(texts)),
        plan(layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1)),
        loss(make_loss(config.loss, {}, 1)),
        order(bench::shuffled(data.size())),
        choice(make_step({config, plan, data, *loss, {}}, device)) {}

  /// Updates `count` from number `first` on, as the trainer asks for them. Seconds.
  double train(int64_t first, int64_t count) {
    const double started = monotonic_seconds();
    for (int64_t done = 0; done < count;) {
      const int64_t at_once = std::min(count - done, choice.step->run_ahead());
      choice.step->update_all(planned(order, config.training.batch_size, first + done, at_once));
      done += at_once;
    }
    return monotonic_seconds() - started;
  }

  RunConfig config;
  EncodedDataset data;
  layers::ModelPlan plan;
  std::unique_ptr<Loss> loss;
  std::vector<int64_t> order;
  EngineChoice choice;
};

double best_microseconds(Subject& subject, int64_t updates) {
  double best = 1e30;
  for (int epoch = 0; epoch < kEpochs; ++epoch)
    best = std::min(best, subject.train(epoch * updates, updates) / static_cast<double>(updates));
  return best * 1e6;
}

/// Timed one by one, which takes longer than their sum in a run, where they overlap.
void print_kernels(const std::vector<card::KernelTime>& times, int64_t updates) {
  for (const card::KernelTime& time : times)
    std::printf("%8s %16.1f us an update: %s\n", "", time.seconds * 1e6 / static_cast<double>(updates),
                time.name);
}

void compare_engines(c10::Device device) {
  std::printf("%8s %16s %16s %8s\n", "batch", "fused, us", "reference, us", "ratio");
  for (const int64_t batch : {32, 512, 4096}) {
    Subject fused("fused", 10000, 16, batch, device), reference("reference", 10000, 16, batch, device);
    const int64_t updates = bench::kExamples / batch;
    const double a = best_microseconds(fused, updates);
    const double b = best_microseconds(reference, std::min<int64_t>(updates, 100));
    std::printf("%8lld %16.1f %16.1f %8.1f\n", static_cast<long long>(batch), a, b, b / a);
    auto& step = dynamic_cast<CudaFusedStep&>(*fused.choice.step);
    print_kernels(step.profile(planned(fused.order, batch, kEpochs * updates, updates)), updates);
  }
}

bool are_equal(const NamedTensors& a, const NamedTensors& b) {
  return std::ranges::equal(
      a, b, [](const auto& x, const auto& y) { return x.first == y.first && at::equal(x.second, y.second); });
}

/// Of all bytes of all tensors.
std::string hash_of(const NamedTensors& tensors) {
  StreamingHash hash;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor bytes = tensor.cpu().contiguous();
    hash.update({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
  }
  return hash.hex();
}

/// Of the largest weight.
double largest_distance(const NamedTensors& a, const NamedTensors& b) {
  double distance = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    distance = std::max(distance, (a[i].second - b[i].second).abs().max().item<double>());
    size = std::max(size, a[i].second.abs().max().item<double>());
  }
  return distance / size;
}

/// The first epoch, again and again, and at last launch by launch: without a graph, and with nothing that
/// prepares itself beside something else.
void compare_repetitions(c10::Device device) {
  for (const int64_t batch : {32, 512}) {
    const int64_t updates = bench::kExamples / batch;
    NamedTensors weights, state;
    bool same = true;
    for (int i = 0; i <= kRepetitions; ++i) {
      Subject subject("fused", 10000, 16, batch, device);
      auto& step = dynamic_cast<CudaFusedStep&>(*subject.choice.step);
      if (i < kRepetitions) {
        subject.train(0, updates);
      } else {
        step.profile(planned(subject.order, batch, 0, updates));
      }
      if (i == 0) weights = step.evaluation_weights(), state = step.training_state();
      same = same && are_equal(weights, step.evaluation_weights()) && are_equal(state, step.training_state());
    }
    Subject processor("fused", 10000, 16, batch, c10::Device(c10::kCPU));
    processor.train(0, updates);
    std::printf(
        "batch %lld: %d repetitions, and one launch by launch, leave %s weights (hash of the first %s) and "
        "optimizer state, ",
        static_cast<long long>(batch), kRepetitions, same ? "the same" : "DIFFERENT",
        hash_of(weights).c_str());
    std::printf("%.1e of the largest weight from the processor's\n",
                largest_distance(processor.choice.step->evaluation_weights(), weights));
  }
}

/// Texts whose words are all alike in frequency: a table that no cache holds.
EncodedDataset even_reviews(int64_t num_ids, int64_t num_examples) {
  Random random(1);
  return bench::made_up_texts(
      num_ids, num_examples, [](int64_t) { return 250; },
      [&] { return static_cast<int32_t>(random.below(static_cast<uint64_t>(num_ids))); });
}

/// An update reads a million rows and moves every number of the table, weights and both moments: each is read
/// once and written once, and no gradient is kept. What has to pass through the device's memory, a second,
/// beside a copy. All that is not forward counts as backward and update: the sort of the readings too.
void update_large_table(c10::Device device) {
  constexpr int64_t kRows = 1000000, kDim = 300, kBatch = 4096, kUpdates = 10;
  constexpr double kRowBytes = kDim * 4.0;
  Subject subject(bench::tutorial("fused", kDim, kBatch), even_reviews(kRows, kBatch), kRows, device);
  auto& step = dynamic_cast<CudaFusedStep&>(*subject.choice.step);
  const auto updates = planned(subject.order, kBatch, 0, kUpdates);
  step.update_all(updates);
  double examples = 0, backward = 0;
  for (const card::KernelTime& time : step.profile(updates)) {
    const bool is_forward = std::string_view(time.name) == "examples";
    (is_forward ? examples : backward) += time.seconds / kUpdates;
  }
  double num_tokens = 0;
  for (int64_t i = 0; i < subject.data.size(); ++i)
    num_tokens += static_cast<double>(subject.data.rows.row_size(i));
  const double copy = cuda_copy_speed(device.index(), int64_t{1} << 30);
  const double forward_speed = num_tokens * kRowBytes / examples;
  const double update_speed = 6.0 * kRows * kRowBytes / backward;
  std::printf(
      "table of %lld x %lld, batch %lld: %.2f ms forward, %.0f GB/s, %.0f %% of a copy's %.0f GB/s; "
      "%.2f ms backward and update, %.0f GB/s, %.0f %%\n",
      static_cast<long long>(kRows), static_cast<long long>(kDim), static_cast<long long>(kBatch),
      examples * 1e3, forward_speed / 1e9, 100 * forward_speed / copy, copy / 1e9, backward * 1e3,
      update_speed / 1e9, 100 * update_speed / copy);
}

void compare_general_model(c10::Device device) {
  constexpr int64_t kBatch = 32, kUpdates = bench::kExamples / kBatch;
  Subject graph(bench::general_model("graph", kBatch), bench::made_up_reviews(10000), 10000, device),
      reference(bench::general_model("reference", kBatch), bench::made_up_reviews(10000), 10000, device);
  if (!graph.choice.reason.empty()) std::printf("no graph: %s\n", graph.choice.reason.c_str());
  const double a = best_microseconds(graph, kUpdates), b = best_microseconds(reference, kUpdates);
  std::printf("two hidden layers, batch %lld: %s %.1f us, reference %.1f us, ratio %.1f\n",
              static_cast<long long>(kBatch), graph.choice.name.c_str(), a, b, b / a);
}

int run() {
  std::string why_none;
  if (num_cuda_devices(&why_none) == 0) {
    std::printf("nothing was measured: %s\n", why_none.c_str());
    return 0;
  }
  const c10::Device device = open_device("cuda:0");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // who ends it has what was measured until then
  std::printf("%s\n", cuda_device_name(0).c_str());
  int failed = 0;
  for (const auto measure :
       {compare_engines, compare_repetitions, update_large_table, compare_general_model}) {
    try {
      measure(device);
    } catch (const std::exception& error) {
      std::printf("not measured: %s\n", error.what());
      failed = 1;
    }
  }
  return failed;
}

}  // namespace
}  // namespace bernoulli

int main() { return bernoulli::run(); }
