// One weight update by either engine, on one thread, and what the telemetry costs in it, for the model of
// tutorial.h. Names: step/ENGINE/vocabulary/dimension/batch/examples of the training data.

#include <benchmark/benchmark.h>
#include <string>
#include <vector>

#include <ATen/Parallel.h>

#include "bench/tutorial.h"
#include "train/make_step.h"

namespace bernoulli {
namespace {

using bench::kExamples;
using bench::made_up_reviews;
using bench::shuffled;
using bench::tutorial;

void step(benchmark::State& state, const std::string& engine) {
  const int64_t num_ids = state.range(0), batch = state.range(2), num_examples = state.range(3);
  const RunConfig config = tutorial(engine == "fused" ? "auto" : engine, state.range(1), batch);
  const EncodedDataset data = made_up_reviews(num_ids, num_examples);
  const auto plan = layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1);
  const std::unique_ptr<Loss> loss = make_loss(config.loss, {}, 1);
  const EngineChoice choice = make_step({config, plan, data, *loss, {}}, c10::Device(c10::kCPU));
  state.SetLabel(choice.name);
  const std::vector<int64_t> order = shuffled(num_examples);
  const int64_t steps = num_examples / batch;
  int64_t done = 0;
  const auto update = [&] {
    const std::span<const int64_t> examples(order.data() + done % steps * batch, static_cast<size_t>(batch));
    benchmark::DoNotOptimize(choice.step->update(examples, done, 0.001).loss_sum);
    ++done;
  };
  const int64_t warm_up = engine == "fused" ? 200 : 5;  // until rows miss as many updates as they will
  while (done < warm_up) update();
  for (auto _ : state) update();
  state.SetItemsProcessed(state.iterations() * batch);
}

/// What every update adds for the saturated and dead shares, for a batch of 32.
void telemetry(benchmark::State& state) {
  EncodedDataset data;
  std::vector<float> logits;
  std::vector<int64_t> examples;
  for (int64_t i = 0; i < 32; ++i) {
    data.targets.push_back(static_cast<float>(i % 2));
    logits.push_back(static_cast<float>(i - 16));
    examples.push_back(i);
  }
  const DeadRange dead{16.6f, -88.7f};
  for (auto _ : state) benchmark::DoNotOptimize(observe_logits(examples, logits.data(), 1, data, dead));
}

void register_all() {
  constexpr int64_t kVocabulary = 10000, kDimension = 16, kBatch = 32;
  std::vector<std::vector<int64_t>> shapes = {{kVocabulary, kDimension, kBatch, kExamples}};
  for (const int64_t batch : {8, 128, 512}) shapes.push_back({kVocabulary, kDimension, batch, kExamples});
  for (const int64_t dimension : {32, 64, 128, 256})
    shapes.push_back({kVocabulary, dimension, kBatch, kExamples});
  for (const int64_t vocabulary : {30000, 100000, 300000, 1000000})
    shapes.push_back({vocabulary, kDimension, kBatch, kExamples});
  for (const int64_t examples : {2000, 200000}) shapes.push_back({kVocabulary, kDimension, kBatch, examples});
  shapes.push_back({1000000, 300, kBatch, kExamples});
  for (const std::string engine : {"fused", "reference"}) {
    auto* bench = benchmark::RegisterBenchmark(("step/" + engine).c_str(),
                                               [engine](benchmark::State& state) { step(state, engine); });
    for (const auto& shape : shapes) {
      const bool seconds_a_step = shape[0] * shape[1] > 100'000'000;  // a dense sweep of the table
      if (engine == "reference" && seconds_a_step) continue;
      bench->Args(shape);
    }
    bench->Unit(benchmark::kMicrosecond);
  }
  benchmark::RegisterBenchmark("telemetry/32", telemetry)->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace bernoulli

int main(int argc, char** argv) {
  at::set_num_threads(1);
  bernoulli::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
