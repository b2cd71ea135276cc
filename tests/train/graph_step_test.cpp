#include "train/graph_step.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gmock/gmock.h>

#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>

#include "core/error.h"
#include "support/card.h"
#include "support/recording_device.h"
#include "tensor/device.h"
#include "train/fused_cases.h"
#include "train/make_step.h"

// The device is played by the processor (support/recording_device.h), and so is the recording: what a graph
// of a card would have kept from the time of its recording, the replay keeps as well. What only a card can
// show is skipped without one.

namespace bernoulli {
namespace {

using recording::recording_device;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

KindConfig layer_norm() { return layer("layer_norm", {{"eps", 1e-5}}); }
KindConfig batch_norm() { return layer("batch_norm", {{"momentum", 0.1}, {"eps", 1e-5}}); }
KindConfig rmsprop(double momentum = 0, bool centered = false, double decay = 0) {
  return layer("rmsprop", {{"lr", 0.01},
                           {"alpha", 0.99},
                           {"eps", 1e-8},
                           {"weight_decay", decay},
                           {"momentum", momentum},
                           {"centered", centered}});
}

/// The general model: what the fused engine does not run.
std::vector<KindConfig> two_hidden_layers() {
  return {embedding(8),  dropout(0.25), pool("max_pool", "exclude"),
          linear(6),     layer_norm(),  layer("relu"),
          dropout(0.5),  linear(5),     layer_norm(),
          layer("tanh"), linear(1)};
}

std::vector<Case> graph_cases() {
  std::vector<Case> all = cases();
  const auto add = [&](const char* name, std::vector<KindConfig> layers, KindConfig optimizer = adam()) {
    all.push_back({name, std::move(layers), std::move(optimizer)});
  };
  KindConfig amsgrad = adam();
  amsgrad.args["amsgrad"] = true;
  add("general", two_hidden_layers());
  add("general_sgd", two_hidden_layers(), sgd(0.9, true, 0.001));
  add("general_amsgrad", two_hidden_layers(), amsgrad);
  add("general_rmsprop", two_hidden_layers(), rmsprop());
  add("rmsprop_momentum", two_hidden_layers(), rmsprop(0.9, false, 0.01));
  add("rmsprop_centered", two_hidden_layers(), rmsprop(0, true));
  add("words_and_features",
      {embedding(6), layer("word_dropout", {{"rate", 0.3}}), layer("spatial_dropout", {{"rate", 0.3}}),
       linear(4), pool("mean_pool", "exclude"), linear(1)});
  add("bag_max",
      {bag(8, "max"), dropout(0.5), linear(3), layer("gelu", {{"approximate", "none"}}), linear(1)});
  add("bag_dropout", {bag(8, "mean"), linear(6), layer_norm(), layer("relu"), linear(1)}, sgd());
  add("statistics", {embedding(6), pool("mean_pool", "exclude"), batch_norm(), linear(4), batch_norm(),
                     layer("relu"), linear(1)});
  Case accumulate{"general_accumulate_clip", two_hidden_layers()};
  accumulate.accumulate = 3;
  accumulate.clip_norm = 0.05;
  accumulate.weighted = true;
  all.push_back(accumulate);
  return all;
}

/// The two engines of a case on the device.
struct Engines {
  explicit Engines(const Case& c) : bench(c) {}

  std::unique_ptr<Step> reference() {
    return std::make_unique<ReferenceStep>(bench.parts(), recording_device());
  }
  std::unique_ptr<GraphStep> graph() { return graph(std::make_unique<recording::Graphs>(&counts)); }
  std::unique_ptr<GraphStep> graph(std::unique_ptr<GraphDevice> graphs) {
    return std::make_unique<GraphStep>(bench.parts(), recording_device(), std::move(graphs));
  }

  /// Updates `from` to `to`: the rate falls, and is a float32, as the device takes it; every fifth is short.
  std::vector<StepResult> train(Step& step, int64_t from, int64_t to) const {
    const int64_t size = bench.config.training.batch_size * bench.config.training.accumulate;
    std::vector<std::vector<int64_t>> examples;
    std::vector<PlannedUpdate> updates;
    for (int64_t s = from; s < to; ++s) {
      examples.emplace_back();
      for (int64_t i = 0; i < (s % 5 == 4 ? size - 5 : size); ++i)
        examples.back().push_back((s * 29 + i * 5) % bench.data.size());
      const auto rate = static_cast<float>(step.base_lr() / (1 + 0.01 * static_cast<double>(s)));
      updates.push_back({examples.back(), s, double{rate}});
    }
    return step.update_all(updates);
  }

  Bench bench;
  recording::Counts counts;
};

void expect_same_results(const std::vector<StepResult>& expected, const std::vector<StepResult>& got,
                         double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE(i);
    const StepResult &a = expected[i], &b = got[i];
    EXPECT_NEAR(b.loss_sum, a.loss_sum, tolerance * (1 + std::abs(a.loss_sum)));
    EXPECT_EQ(b.weight, a.weight);
    EXPECT_NEAR(b.gradient_norm, a.gradient_norm, tolerance * (1e-2 + a.gradient_norm));
    EXPECT_EQ(b.telemetry.entries, a.telemetry.entries);
    EXPECT_EQ(b.telemetry.saturated, a.telemetry.saturated);
    EXPECT_EQ(b.telemetry.wrong_and_dead, a.telemetry.wrong_and_dead);
    EXPECT_NEAR(b.telemetry.max_abs_logit, a.telemetry.max_abs_logit,
                tolerance * (1 + a.telemetry.max_abs_logit));
  }
}

NamedTensors by_name(NamedTensors tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  return tensors;
}

/// Of each tensor's largest number.
void expect_near_tensors(const NamedTensors& expected, const NamedTensors& got, double tolerance) {
  const NamedTensors a = by_name(expected), b = by_name(got);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    const at::Tensor x = a[i].second.to(at::kCPU, at::kDouble), y = b[i].second.to(at::kCPU, at::kDouble);
    EXPECT_LE((x - y).abs().max().item<double>(), tolerance * x.abs().max().item<double>()) << a[i].first;
  }
}

void expect_near_state(const Step& a, const Step& b, double tolerance) {
  expect_near_tensors(a.evaluation_weights(), b.evaluation_weights(), tolerance);
  expect_near_tensors(a.training_state(), b.training_state(), tolerance);
}

/// rmsprop divides by the root of the squares, which enlarges the rounding of a gradient near 0; with
/// momentum the host's addition rounds once, the device's twice. Results are those of weights so far apart.
bool enlarges_rounding(const Case& c) { return c.name == "rmsprop_momentum"; }

class Replayed : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(GraphStep, Replayed, ::testing::ValuesIn(graph_cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(Replayed, AgreesWithTheReferenceWithTheSameDraws) {
  Engines engines(GetParam());
  const auto reference = engines.reference();
  const auto graph = engines.graph();
  expect_same_state(*reference, *graph);
  ::testing::internal::CaptureStderr();
  const bool enlarges = enlarges_rounding(GetParam());
  expect_same_results(engines.train(*reference, 0, 24), engines.train(*graph, 0, 24), enlarges ? 5e-6 : 1e-6);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("not replayed")));
  EXPECT_GT(engines.counts.replayed, 30);
  expect_near_state(*reference, *graph, enlarges ? 5e-5 : 2e-6);
  EXPECT_EQ(reference->logits(engines.bench.data.rows).size(), graph->logits(engines.bench.data.rows).size());
}

TEST_P(Replayed, GoesOnFromASavedStateBitForBit) {
  Engines engines(GetParam());
  const auto whole = engines.graph(), first = engines.graph(), second = engines.graph();
  engines.train(*whole, 0, 12);
  for (int64_t step = 0; step < 7; ++step) engines.train(*first, step, step + 1);
  second->load(first->evaluation_weights(), first->training_state());
  expect_same_state(*first, *second);
  engines.train(*second, 7, 12);
  expect_same_state(*whole, *second);
}

TEST(GraphStep, GoesOnFromTheStateOfOtherEnginesAndTheyFromIts) {
  Case c;
  c.layers = {embedding(8), pool("mean_pool", "include"), linear(5), layer("tanh"), linear(1)};
  c.optimizer = adam(0.01, 0.1, "adamw");
  Engines engines(c);
  const auto fused = engines.bench.fused();
  const auto reference = engines.reference(), graph_first = engines.reference();
  const auto graph = engines.graph();
  engines.train(*fused, 0, 6);
  graph->load(fused->evaluation_weights(), fused->training_state());
  reference->load(fused->evaluation_weights(), fused->training_state());
  engines.train(*reference, 6, 14);
  engines.train(*graph, 6, 14);
  expect_near_state(*reference, *graph, 2e-6);
  fused->load(graph->evaluation_weights(), graph->training_state());
  engines.train(*fused, 14, 20);
  engines.train(*graph, 14, 20);
  expect_near_state(*fused, *graph, 1e-5);
}

/// A state of no update, loaded into an engine that has recorded its work: the first update is one again.
TEST(GraphStep, BeginsAnewWhereItIsGivenAStateOfNoUpdate) {
  Case c;
  c.optimizer = sgd(0.9, false, 0, 0.5);  // the first update fills the momentum without the dampening
  Engines engines(c);
  const auto graph = engines.graph(), other = engines.graph();
  graph->load(other->evaluation_weights(), other->training_state());
  engines.train(*graph, 0, 9);
  graph->load(other->evaluation_weights(), other->training_state());
  engines.train(*graph, 0, 9);
  engines.train(*other, 0, 9);
  expect_same_state(*other, *graph);
}

TEST(GraphStep, AveragesWeightsAsTheReferenceDoes) {
  Case c;
  c.layers = two_hidden_layers();
  Engines engines(c);
  engines.bench.config.optimizer.ema_decay = 0.8;
  const auto reference = engines.reference();
  const auto graph = engines.graph();
  for (int64_t step = 0; step < 15; step += 5) {
    engines.train(*reference, step, step + 5);
    engines.train(*graph, step, step + 5);
    const std::vector<float> a = reference->logits(engines.bench.data.rows),
                             b = graph->logits(engines.bench.data.rows);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
  }
  expect_near_state(*reference, *graph, 2e-6);
}

/// Without text.sequence_length a batch is as long as its longest text. The draws then depend on the shape,
/// so that there are none here.
TEST(GraphStep, RecordsAGraphForEachShape) {
  Case c;
  c.layers = {embedding(8), linear(4), layer("relu"), pool("mean_pool", "exclude"), linear(1)};
  Engines engines(c);
  engines.bench.config.text.sequence_length = std::nullopt;
  TokenRows rows;  // of 0 to 6 tokens, and some of 20
  for (int64_t i = 0; i < engines.bench.data.size(); ++i) {
    for (int64_t p = 0; p < (i % 31 == 7 ? 20 : i % 7); ++p)
      rows.ids.push_back(static_cast<int32_t>(1 + (i + p) % 50));
    rows.end_row();
  }
  engines.bench.data.rows = std::move(rows);
  const auto reference = engines.reference();
  const auto graph = engines.graph();
  expect_same_results(engines.train(*reference, 0, 40), engines.train(*graph, 0, 40), 1e-5);
  expect_near_state(*reference, *graph, 5e-6);
  // Widths 8 and 24 of 8 texts; 8 of 3 texts (those of 24 came once, or not at all); and the update itself.
  EXPECT_EQ(engines.counts.recorded, 4);
}

TEST(GraphStep, ManyUpdatesAtOnceAreThoseOfOneByOne) {
  Case c;
  c.layers = two_hidden_layers();
  Engines engines(c);
  const auto many = engines.graph(), one = engines.graph();
  ASSERT_EQ(many->run_ahead(), 128);
  const std::vector<StepResult> at_once = engines.train(*many, 0, 200);  // more than run_ahead
  ASSERT_EQ(at_once.size(), 200u);
  std::vector<StepResult> singly;
  for (int64_t step = 0; step < 200; ++step) singly.push_back(engines.train(*one, step, step + 1).front());
  expect_same_results(singly, at_once, 0);
  expect_same_state(*one, *many);
}

std::string refusal_of(Step& step, std::span<const PlannedUpdate> updates) {
  try {
    step.update_all(updates);
    return "no error";
  } catch (const NonFiniteError& error) {
    return error.what();
  }
}

class GraphRefusals : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(GraphStep, GraphRefusals, ::testing::Values("adam", "sgd", "adagrad", "rmsprop"),
                         [](const auto& entry) { return entry.param; });

KindConfig optimizer_called(const std::string& kind) {
  for (const KindConfig& config : {adam(), sgd(0.9), adagrad(), rmsprop(0.9)}) {
    if (config.kind == kind) return config;
  }
  return {};
}

/// One before anything is recorded, one among replays.
TEST_P(GraphRefusals, ALossThatIsNotFiniteMovesNothingNorDoTheUpdatesBehindIt) {
  for (const int64_t before : {int64_t{1}, int64_t{6}}) {
    Case c;
    c.layers = {embedding(6), pool("mean_pool", "exclude"), batch_norm(), linear(4), layer("tanh"),
                linear(1)};
    c.optimizer = optimizer_called(GetParam());
    Engines engines(c);
    engines.bench.config.optimizer.ema_decay = 0.9;
    TokenRows rows;
    for (int64_t i = 0; i < engines.bench.data.size(); ++i) {
      for (int64_t p = 0; p < 4; ++p) rows.ids.push_back(static_cast<int32_t>(i == 8 ? 59 : 1 + i % 7));
      rows.end_row();
    }
    engines.bench.data.rows = std::move(rows);
    const auto graph = engines.graph(), good = engines.graph();
    const auto reference = engines.reference();
    NamedTensors weights;
    for (const auto& [name, tensor] : graph->evaluation_weights()) weights.emplace_back(name, tensor.clone());
    {
      const at::NoGradGuard no_grad;
      weights[0].second[59].fill_(3e38f);  // the sum of two is infinite
    }
    for (Step* step : {static_cast<Step*>(graph.get()), static_cast<Step*>(good.get()), reference.get()}) {
      NamedTensors state;
      for (const auto& [name, tensor] : step->training_state()) {
        const bool is_table = name == "raw/embedding_0.weight";
        state.emplace_back(name, is_table ? weights[0].second : tensor);
      }
      step->load(weights, state);
    }
    std::vector<std::vector<int64_t>> fine;
    std::vector<PlannedUpdate> updates;
    for (int64_t s = 0; s < before; ++s) fine.push_back({s, s + 9, s + 20, s + 41});
    for (int64_t s = 0; s < before; ++s) updates.push_back({fine[static_cast<size_t>(s)], s, 0.0078125});
    const std::vector<int64_t> bad = {1, 8, 2, 3};
    good->update_all(updates);
    updates.push_back({bad, before, 0.0078125});
    updates.push_back({fine[0], before + 1, 0.0078125});
    updates.push_back({fine[0], before + 2, 0.0078125});
    const std::string message = refusal_of(*graph, updates);
    EXPECT_THAT(message,
                AllOf(HasSubstr("nan; 4 of 4 examples"), StartsWith("step " + std::to_string(before + 1))));
    EXPECT_EQ(message, refusal_of(*reference, updates));
    expect_same_state(*good, *graph);
    good->update(fine[0], before, 0.0078125);  // goes on: nothing of the refused update is left
    graph->update(fine[0], before, 0.0078125);
    expect_same_state(*good, *graph);
  }
}

TEST(GraphStep, RefusesAGradientThatIsNotFiniteAndNamesTheParameters) {
  Case c;
  c.layers = {embedding(16), pool("sum_pool", "exclude"), linear(8), linear(1)};
  Engines engines(c);
  const auto graph = engines.graph();
  const auto reference = engines.reference();
  const NamedTensors start = graph->evaluation_weights();
  NamedTensors weights;
  for (const auto& [name, tensor] : start) weights.emplace_back(name, tensor.detach().clone());
  const std::vector<int64_t> examples = {1, 2, 3, 4};
  const auto messages = [&](float table, float first, float second) {
    weights[0].second.fill_(table);
    weights[1].second.fill_(first);
    weights[3].second.fill_(second);
    const std::vector<PlannedUpdate> updates = {{examples, 0, 0.01}};
    std::string expected, got;
    for (int round = 0; round < 3; ++round) {
      reference->load(weights, reference->training_state());
      graph->load(weights, graph->training_state());
      expected = refusal_of(*reference, updates);
      got = refusal_of(*graph, updates);
      EXPECT_EQ(got, expected);
      expect_near_tensors(weights, graph->evaluation_weights(), 0);
    }
    return got;
  };
  EXPECT_THAT(messages(1.2e-38f, 1e19f, 1e20f), HasSubstr("not finite in embedding_0.weight."));
  EXPECT_THAT(messages(1e-30f, 0, 3e30f), HasSubstr("not finite in its norm only (overflow)"));
}

/// A device that records nothing.
struct NoGraphs : GraphDevice {
  std::shared_ptr<void> enter() override { return nullptr; }
  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override {
    recording::Graphs().record(work);
    throw IoError("this card records nothing");
  }
};

TEST(GraphStep, GoesOnWithoutGraphsAndSaysWhy) {
  Case c;
  c.layers = two_hidden_layers();
  Engines engines(c);
  const auto graph = engines.graph();
  const auto plain = engines.graph(std::make_unique<NoGraphs>());
  ::testing::internal::CaptureStderr();
  expect_same_results(engines.train(*graph, 0, 12), engines.train(*plain, 0, 12), 0);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("this card records nothing"));
  EXPECT_EQ(said.find("this card"), said.rfind("this card"));
  expect_same_state(*graph, *plain);
}

/// A device whose second recording fails, and leaves nothing of the first that could be replayed: on a card,
/// the generator that its graph draws from is gone.
struct OneGraph : GraphDevice {
  struct Graph : DeviceGraph {
    Graph(std::unique_ptr<DeviceGraph> of, const OneGraph& from) : graph(std::move(of)), device(from) {}
    void replay() override {
      if (device.asked > 1) throw IoError("the generator is another one");
      graph->replay();
    }
    std::unique_ptr<DeviceGraph> graph;
    const OneGraph& device;
  };
  std::shared_ptr<void> enter() override { return nullptr; }
  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override {
    auto graph = recording::Graphs().record(work);
    if (++asked > 1) throw IoError("this card records once");
    return std::make_unique<Graph>(std::move(graph), *this);
  }
  int asked = 0;
};

TEST(GraphStep, GoesOnWithoutTheGraphsFromBeforeARecordingThatFailed) {
  Case c;
  c.layers = two_hidden_layers();
  Engines engines(c);
  const auto graph = engines.graph();
  const auto once = engines.graph(std::make_unique<OneGraph>());
  ::testing::internal::CaptureStderr();
  expect_same_results(engines.train(*graph, 0, 12), engines.train(*once, 0, 12), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("this card records once"));
  expect_same_state(*graph, *once);
}

/// A device whose memory ran out by the first replay.
struct FullGraphs : GraphDevice {
  struct Full : DeviceGraph {
    void replay() override { throw IoError("CUDA out of memory. Tried to allocate 2.00 GiB."); }
  };
  std::shared_ptr<void> enter() override { return nullptr; }
  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override {
    recording::Graphs().record(work);
    return std::make_unique<Full>();
  }
};

TEST(GraphStep, ThatFindsNoMemoryNamesItsBatchAndTheRemedy) {
  Case c;
  c.layers = two_hidden_layers();
  Engines engines(c);
  const auto step = engines.graph(std::make_unique<FullGraphs>());
  try {
    engines.train(*step, 0, 3);
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("out of memory in step 2, whose batch has "),
                                    HasSubstr("text.sequence_length")));
  }
}

EngineChoice choose(Engines& engines, c10::Device device, bool has_library = true) {
  engines.bench.config.training.engine = "graph";
  const auto open = [&](c10::Device) -> std::unique_ptr<GraphDevice> {
    if (!has_library) throw DeviceError("there is no such library");
    return std::make_unique<recording::Graphs>();
  };
  return make_step(engines.bench.parts(), device, open);
}

TEST(MakeStep, ReplaysAGraphWhereItIsAskedForAndElseSaysWhyNot) {
  Case c;
  c.layers = two_hidden_layers();
  Engines general(c);
  const EngineChoice graph = choose(general, recording_device());
  EXPECT_EQ(graph.name, "graph cuda");
  EXPECT_EQ(graph.reason, "");
  const EngineChoice without = choose(general, recording_device(), false);
  EXPECT_EQ(without.name, "reference");
  EXPECT_EQ(without.reason, "there is no such library");
  try {
    choose(general, c10::Device(c10::kCPU));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("runs on a CUDA device only"), HasSubstr("set it to auto")));
  }
  general.bench.config.training.precision = "bfloat16";
  const EngineChoice rounded = choose(general, recording_device());
  EXPECT_EQ(rounded.name, "reference");
  EXPECT_EQ(rounded.reason, "training.precision is bfloat16");
  c.layers = {bag(8, "mean"), batch_norm(), linear(1)};
  Engines statistics(c);
  const EngineChoice eager = choose(statistics, recording_device());
  EXPECT_EQ(eager.name, "reference");
  EXPECT_THAT(eager.reason, HasSubstr("batch_norm behind embedding_bag"));
}

/// What the comparisons above stand on: the played device keeps what a graph keeps.
TEST(RecordingDevice, KeepsNumbersOfTheHostAndReadsThoseOfTheDevice) {
  const at::Tensor rate = at::ones({1}).to(recording_device()), sum = at::zeros({1}).to(recording_device());
  double of_host = 1;
  at::Tensor between;
  recording::Graphs graphs;
  const auto graph = graphs.record([&] {
    between = rate * 10 + of_host;
    sum.add_(between);
  });
  EXPECT_EQ(sum.to(at::kCPU).item<float>(), 0);  // nothing has happened
  graph->replay();
  EXPECT_EQ(sum.to(at::kCPU).item<float>(), 11);
  EXPECT_TRUE(std::isnan(between.to(at::kCPU).item<float>()));  // the memory is another's by now
  rate.fill_(2);
  of_host = 5;
  graph->replay();
  EXPECT_EQ(sum.to(at::kCPU).item<float>(), 11 + 21);
}

TEST(RecordingDevice, RefusesToRecordWhatTheHostHasToWaitFor) {
  const at::Tensor here = at::ones({2}).to(recording_device()), there = at::ones({2});
  const auto refused = [&](const std::function<void()>& work) -> std::string {
    try {
      recording::Graphs().record(work);
      return "";
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
  };
  EXPECT_THAT(refused([&] { here.sum().item<float>(); }), HasSubstr("_local_scalar_dense"));
  EXPECT_THAT(refused([&] { here.to(at::kCPU); }), HasSubstr("copy between host and device"));
  EXPECT_THAT(refused([&] { here.copy_(there); }), HasSubstr("copy between host and device"));
  EXPECT_THAT(refused([&] { here.nonzero(); }), HasSubstr("nonzero"));
  EXPECT_EQ(refused([&] { here.mul_(2); }), "");
  EXPECT_EQ(here.to(at::kCPU)[0].item<float>(), 1);
}

TEST(RecordingDevice, DrawsFromTheSeedOfTheReplay) {
  const at::Tensor out = at::zeros({4}).to(recording_device());
  recording::Graphs graphs;
  const auto draw = [&] { out.copy_(at::rand({4}, at::TensorOptions().device(recording_device()))); };
  const auto seeded = [&](uint64_t seed, const std::function<void()>& call) {
    at::Generator generator = at::globalContext().defaultGenerator(recording_device());
    generator.set_current_seed(seed);
    call();
    return out.to(at::kCPU).clone();
  };
  const at::Tensor one = seeded(1, draw), two = seeded(2, draw);
  const auto graph = graphs.record(draw);
  EXPECT_TRUE(at::equal(seeded(2, [&] { graph->replay(); }), two));
  EXPECT_TRUE(at::equal(seeded(1, [&] { graph->replay(); }), one));
}

/// Without LibTorch's CUDA half in the process the library does not open, and says so.
TEST(GraphLibrary, IsNotOpenedWithoutLibTorchsCudaHalf) {
  if (why_no_card().empty()) GTEST_SKIP() << "this machine has a CUDA device";
  try {
    open_graph_device(c10::Device(c10::kCUDA, 0));
    FAIL();
  } catch (const DeviceError& error) {
    EXPECT_THAT(error.what(), HasSubstr("libbernoulli_cuda_graph.so"));
  }
}

/// What follows runs on a card, where there is one.
class GraphOnCard : public TestOnCard<Case> {};
INSTANTIATE_TEST_SUITE_P(GraphStep, GraphOnCard, ::testing::ValuesIn(graph_cases()),
                         [](const auto& entry) { return entry.param.name; });

TEST_P(GraphOnCard, AgreesWithTheReferenceAndResumesToTheBit) {
  const c10::Device card = open_device("cuda:0");
  Engines engines(GetParam());
  const Bench& bench = engines.bench;
  const auto make = [&] { return std::make_unique<GraphStep>(bench.parts(), card, open_graph_device(card)); };
  ReferenceStep reference(bench.parts(), card);
  const auto first = make(), second = make();
  ::testing::internal::CaptureStderr();
  const std::vector<StepResult> expected = engines.train(reference, 0, 24),
                                got = engines.train(*first, 0, 24);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), Not(HasSubstr("not replayed")));
  const double tolerance = enlarges_rounding(GetParam()) ? 5e-5 : 1e-5;
  expect_same_results(expected, got, tolerance);
  expect_near_state(reference, *first, tolerance);
  for (int64_t step = 0; step < 7; ++step) engines.train(*second, step, step + 1);
  const auto third = make();
  third->load(second->evaluation_weights(), second->training_state());
  engines.train(*third, 7, 24);
  // The maximum of a bag adds by atomic operations, in LibTorch's kernel.
  expect_near_state(*first, *third, GetParam().name == "bag_max" ? 1e-5 : 0);
}

}  // namespace
}  // namespace bernoulli
