// One weight update by either engine, on one thread, and what the telemetry costs in it. The model is that of
// the Keras text-classification tutorial (embedding, dropout, mean over 250 positions, dropout, one logit;
// exact Adam) over made-up texts whose word frequencies and lengths are like those of film reviews. Names:
// step/ENGINE/vocabulary/dimension/batch/examples of the training data.

#include <benchmark/benchmark.h>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ATen/Parallel.h>

#include "config/load.h"
#include "core/random.h"
#include "layers/layer_kind.h"
#include "train/make_step.h"

namespace bernoulli {
namespace {

/// Rank r of the vocabulary is drawn about as often as 1 / r; two thirds of the texts fill all 250 positions.
EncodedDataset made_up_reviews(int64_t num_ids, int64_t num_examples) {
  Random random(1);
  EncodedDataset data;
  TokenRows rows;
  const double log_ranks = std::log(static_cast<double>(num_ids - 1));
  for (int64_t example = 0; example < num_examples; ++example) {
    const uint64_t length = example % 3 == 0 ? 60 + random.below(190) : 250;
    for (uint64_t i = 0; i < length; ++i)
      rows.ids.push_back(static_cast<int32_t>(std::exp(random.uniform() * log_ranks)));
    rows.end_row();
    data.targets.push_back(static_cast<float>(example % 2));
  }
  data.rows = packed(std::move(rows), num_ids);
  data.origins = std::vector<std::string>(static_cast<size_t>(num_examples));
  return data;
}

RunConfig tutorial(const std::string& engine, int64_t dimension, int64_t batch) {
  return config::load_config_text(
             fmt::format("data: {{train: t.csv, validation: v.csv}}\n"
                         "task: {{kind: binary, positive: pos}}\n"
                         "text: {{sequence_length: 250}}\n"
                         "model: {{initializer: keras, layers: [{{embedding: {}}}, {{dropout: 0.2}}, "
                         "{{mean_pool: include}}, {{dropout: 0.2}}, {{linear: 1}}]}}\n"
                         "optimizer: {{adam: {{lr: 0.001, eps: 1.0e-7}}}}\n"
                         "training: {{epochs: 1, batch_size: {}, engine: {}}}\n",
                         dimension, batch, engine),
             "step_bench", layers::layer_schemas())
      .run;
}

std::vector<int64_t> shuffled(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Random random(2);
  for (size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
  return order;
}

void step(benchmark::State& state, const std::string& engine) {
  const int64_t num_ids = state.range(0), batch = state.range(2), num_examples = state.range(3);
  const RunConfig config = tutorial(engine == "fused" ? "auto" : engine, state.range(1), batch);
  const EncodedDataset data = made_up_reviews(num_ids, num_examples);
  const auto plan = layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1);
  const std::unique_ptr<Loss> loss = make_loss(config.loss, {}, 1);
  const EngineChoice choice = make_step(config, plan, data, *loss, {}, c10::Device(c10::kCPU));
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
  for (auto _ : state) benchmark::DoNotOptimize(observe_logits(logits, examples, data, dead));
}

void register_all() {
  constexpr int64_t kVocabulary = 10000, kDimension = 16, kBatch = 32, kExamples = 20000;
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
