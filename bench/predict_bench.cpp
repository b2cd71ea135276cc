// One raw review to one probability, on one thread: the native path and the TorchScript of the same exported
// file. The texts are reviews of BERNOULLI_DATA, or without it made-up words; the model is the
// tutorial's, with a vocabulary of those texts and random weights. p50_us and p99_us are of single calls,
// each on another text.

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "config/load.h"
#include "core/file.h"
#include "core/random.h"
#include "export/artifact.h"
#include "export/torchscript.h"
#include "infer/text_classifier.h"
#include "layers/model_plan.h"
#include "model/sequential.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTexts = 5000;

constexpr const char* kConfig = R"(
data: {train: {path: t.csv}, validation: {from: train, fraction: 0.1, method: random, seed: 1}}
task: {kind: binary, positive: pos}
text:
  standardize: [lowercase, {replace: ["<br />", " "]}, strip_punctuation]
  vocabulary: {max_tokens: 10000}
  sequence_length: 250
model:
  layers: [{embedding: 16}, {dropout: 0.2}, {mean_pool: {padding: include}}, {dropout: 0.2}, HEAD]
optimizer: {sgd: {lr: 1}}
training: {epochs: 1}
)";

std::vector<std::string> reviews() {
  std::vector<std::string> texts;
  const char* const data = std::getenv("BERNOULLI_DATA");
  for (const char* const folder : {"train/pos", "train/neg"}) {
    const fs::path path = fs::path(data == nullptr ? "" : data) / "aclImdb" / folder;
    if (data == nullptr || !fs::exists(path)) continue;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    files.resize(std::min(files.size(), kTexts / 2));
    for (const fs::path& file : files) texts.push_back(read_file(file));
  }
  return texts;
}

std::vector<std::string> made_up_texts() {
  Random random(1);
  std::vector<std::string> texts(kTexts);
  for (std::string& text : texts) {
    const uint64_t words = 50 + random.below(400);
    for (uint64_t i = 0; i < words; ++i)
      text += "word" + std::to_string(random.below(1 + random.below(20000))) + ' ';
  }
  return texts;
}

const std::vector<std::string>& texts() {
  static const std::vector<std::string> kAll = [] {
    std::vector<std::string> all = reviews();
    if (all.empty()) all = made_up_texts();
    // In an order that no cache or branch predictor knows.
    std::vector<std::string> mixed;
    for (const int64_t i : random_permutation(static_cast<int64_t>(all.size()), 7))
      mixed.push_back(std::move(all[static_cast<size_t>(i)]));
    return mixed;
  }();
  return kAll;
}

/// The exported file of the tutorial's model with another head.
std::string exported(std::string head) {
  std::string yaml = kConfig;
  yaml.replace(yaml.find("HEAD"), 4, head);
  const RunConfig config = config::load_config_text(yaml, "bench.yaml", layers::layer_schemas()).run;
  const Vectorizer vectorizer(config.text, learn_vocabulary(config.text, texts()));
  const Sequential model(
      layers::plan_model(config.model, config.text, config.loss.mode, vectorizer.num_ids(), 1), 7, c10::kCPU);
  return serialize_artifact({vectorizer,
                             model.module(),
                             model.plan(),
                             {0.5},
                             {{"kind", "binary"}, {"names", {"neg", "pos"}}},
                             config.resolved_yaml,
                             {},
                             {}});
}

/// Runs `answer(text)` on one text an iteration and reports quantiles of its time.
template <typename Answer>
void measure(benchmark::State& state, const Answer& answer) {
  std::vector<double> times_us;
  size_t next = 0;
  for (const std::string& text : texts()) benchmark::DoNotOptimize(answer(text));
  for (auto _ : state) {
    const std::string& text = texts()[next];
    next = next + 1 == texts().size() ? 0 : next + 1;
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(answer(text));
    const auto end = std::chrono::steady_clock::now();
    times_us.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
    state.SetIterationTime(times_us.back() * 1e-6);
  }
  std::sort(times_us.begin(), times_us.end());
  state.counters["p50_us"] = times_us[times_us.size() / 2];
  state.counters["p99_us"] = times_us[times_us.size() * 99 / 100];
}

void native(benchmark::State& state, const char* head) {
  const fs::path file = fs::temp_directory_path() / ("bernoulli-bench-" + std::to_string(::getpid()) + ".pt");
  write_file_atomic(file, exported(head));
  const TextClassifier classifier = TextClassifier::open(file.string());
  fs::remove(file);
  TextClassifier::State memory;
  measure(state, [&](const std::string& text) {
    float probability = 0;
    classifier.probabilities(text, memory, {&probability, 1});
    return probability;
  });
}

void torchscript(benchmark::State& state, const char* head) {
  at::set_num_threads(1);
  const Artifact artifact = Artifact::parse(exported(head), "model.pt");
  measure(state, [&](const std::string& text) {
    return artifact.probabilities({&text, 1}).const_data_ptr<float>()[0];
  });
}

BENCHMARK_CAPTURE(native, tutorial, "{linear: 1}")->UseManualTime()->MinTime(1);
BENCHMARK_CAPTURE(native, hidden_layer, "{linear: 16}, relu, {linear: 1}")->UseManualTime()->MinTime(1);
BENCHMARK_CAPTURE(torchscript, tutorial, "{linear: 1}")->UseManualTime()->MinTime(1);

}  // namespace
}  // namespace bernoulli

BENCHMARK_MAIN();
