// Whole epochs of tutorial.h's model on a CUDA device: the fused engine, which answers once for many updates,
// beside the reference engine, at batch 32, 512 and 4096; whether five repetitions of the first epoch leave
// the same weights; updates of a table of 1,000,000 x 300; then a model of two hidden layers with layer_norm,
// the graph engine beside the reference engine at batch 32. Microseconds an update, the best of five epochs.

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/equal.h>

#include "bench/tutorial.h"
#include "core/log.h"
#include "tensor/device.h"
#include "train/make_step.h"

namespace bernoulli {
namespace {

constexpr int kEpochs = 5;

struct Subject {
  Subject(const std::string& engine, int64_t num_ids, int64_t dimension, int64_t batch, c10::Device device)
      : Subject(bench::tutorial(engine, dimension, batch), num_ids, device) {}
  Subject(RunConfig model, int64_t num_ids, c10::Device device)
      : config(std::move(model)),
        data(bench::made_up_reviews(num_ids)),
        plan(layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1)),
        loss(make_loss(config.loss, {}, 1)),
        order(bench::shuffled(bench::kExamples)),
        choice(make_step(config, plan, data, *loss, {}, device)) {}

  /// Updates `count` from number `first` on, as the trainer asks for them. Seconds.
  double train(int64_t first, int64_t count) {
    const int64_t batch = config.training.batch_size, of_epoch = bench::kExamples / batch;
    const double started = monotonic_seconds();
    for (int64_t done = 0; done < count;) {
      std::vector<PlannedUpdate> updates;
      const int64_t at_once = std::min(count - done, choice.step->run_ahead());
      for (int64_t i = 0; i < at_once; ++i) {
        const int64_t step = first + done + i;
        updates.push_back(
            {{order.data() + step % of_epoch * batch, static_cast<size_t>(batch)}, step, 0.001});
      }
      choice.step->update_all(updates);
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

void compare_engines(c10::Device device) {
  std::printf("%8s %16s %16s %8s\n", "batch", "fused, us", "reference, us", "ratio");
  for (const int64_t batch : {32, 512, 4096}) {
    Subject fused("fused", 10000, 16, batch, device), reference("reference", 10000, 16, batch, device);
    const int64_t updates = bench::kExamples / batch;
    const double a = best_microseconds(fused, updates);
    const double b = best_microseconds(reference, std::min<int64_t>(updates, 100));
    std::printf("%8lld %16.1f %16.1f %8.1f\n", static_cast<long long>(batch), a, b, b / a);
  }
}

void compare_repetitions(c10::Device device) {
  std::vector<at::Tensor> tables;
  bool same = true;
  for (int i = 0; i < kEpochs; ++i) {
    Subject subject("fused", 10000, 16, 32, device);
    subject.train(0, bench::kExamples / 32);
    tables.push_back(subject.choice.step->evaluation_weights().front().second);
    same = same && at::equal(tables.front(), tables.back());
  }
  std::printf("%d repetitions leave %s weights\n", kEpochs, same ? "the same" : "DIFFERENT");
}

/// Its rows are updated when they are read (docs/cuda.md). A sweep would read and write weights and two
/// moments of all of them.
void update_large_table(c10::Device device) {
  constexpr int64_t kRows = 1000000, kDim = 300;
  Subject subject("fused", kRows, kDim, 32, device);
  const double us = best_microseconds(subject, bench::kExamples / 32);
  const double sweep = static_cast<double>(kRows * kDim) * 6 * 4;
  std::printf("table of %lld x %lld: %.1f us an update; a sweep at every update would be %.0f GB/s\n",
              static_cast<long long>(kRows), static_cast<long long>(kDim), us, sweep / us / 1e3);
}

void compare_general_model(c10::Device device) {
  constexpr int64_t kBatch = 32, kUpdates = bench::kExamples / kBatch;
  Subject graph(bench::general_model("graph", kBatch), 10000, device),
      reference(bench::general_model("reference", kBatch), 10000, device);
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
  std::printf("%s\n", cuda_device_name(0).c_str());
  compare_engines(device);
  compare_repetitions(device);
  update_large_table(device);
  compare_general_model(device);
  return 0;
}

}  // namespace
}  // namespace bernoulli

int main() { return bernoulli::run(); }
