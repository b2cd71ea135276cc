#include "train/make_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "train/fused_cases.h"
#include "train/trainer_session.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

std::string reason_for(Case c) {
  Bench bench(c);
  std::string reason;
  EXPECT_FALSE(fused_plan(bench.config, bench.plan, reason).has_value());
  return reason;
}

TEST(MakeStep, SaysWhyTheReferenceRuns) {
  Case c;
  c.layers = {embedding(4), pool("max_pool", "exclude"), linear(1)};
  EXPECT_EQ(reason_for(c), "the fused engine does not run max_pool before the pool");
  c.layers = {embedding(4), pool("mean_pool", "exclude"), layer("layer_norm", {{"eps", 1e-5}}), linear(1)};
  EXPECT_EQ(reason_for(c), "the fused engine does not run layer_norm");
  c = Case{};
  c.layers = {embedding(4), dropout(1e-6), pool("mean_pool", "exclude"), linear(1)};
  EXPECT_EQ(reason_for(c),
            "the fused engine does not run a dropout of 1e-06, which 16-bit draws do not meet");
  c = Case{};
  c.optimizer.args["amsgrad"] = true;
  EXPECT_EQ(reason_for(c), "the fused engine does not run amsgrad");
}

/// What check_engine says of a recurrent layer, empty: nothing.
std::string precision_refusal(const char* kind, const char* precision, c10::Device device) {
  Case c;
  c.layers = {embedding(4), layer(kind, {{"units", 3}, {"bidirectional", false}, {"output", "last"}}),
              linear(1)};
  Bench bench(c);
  bench.config.training.precision = precision;
  try {
    check_engine(bench.config, bench.plan, device);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(MakeStep, RefusesRecurrentLayersInBfloat16WhereTheyDoNotRunInIt) {
  const c10::Device cpu(c10::kCPU), card(c10::kCUDA, 0);
  for (const char* kind : {"lstm", "gru"}) {
    EXPECT_EQ(precision_refusal(kind, "float32", cpu), "") << kind;
    EXPECT_EQ(precision_refusal(kind, "float32", card), "") << kind;
    EXPECT_THAT(precision_refusal(kind, "bfloat16", card), HasSubstr("in float16 on a CUDA device")) << kind;
  }
  EXPECT_THAT(precision_refusal("lstm", "bfloat16", cpu), HasSubstr("does not run on every processor"));
  EXPECT_EQ(precision_refusal("gru", "bfloat16", cpu), "");
}

TEST(MakeStep, OnACardTheFusedEngineRefusesATableThatIsNotTrained) {
  Case c;
  c.layers[0].args["trainable"] = false;
  Bench bench(c);
  bench.config.training.engine = "fused";
  check_engine(bench.config, bench.plan, c10::Device(c10::kCPU));
  try {
    check_engine(bench.config, bench.plan, c10::Device(c10::kCUDA, 0));
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the fused engine for CUDA trains every table"));
  }
}

TEST(MakeStep, ChoosesTheFusedEngineUnlessAskedForTheReference) {
  Bench bench(Case{});
  const auto make = [&] { return make_step(bench.parts(), c10::Device(c10::kCPU)); };
  EXPECT_EQ(make().name, std::string("fused ") + kernels::available_kernels().front()->name);
  EXPECT_EQ(make().reason, "");
  bench.config.training.engine = "fused";
  EXPECT_EQ(make().name, std::string("fused ") + kernels::available_kernels().front()->name);
  bench.config.optimizer.ema_decay = 0.9;
  EXPECT_THROW(make(), UsageError);
  bench.config.training.engine = "reference";
  EXPECT_EQ(make().name, "reference");
  EXPECT_EQ(make().reason, "training.engine");
}

TEST(MakeStep, ATrainingThatMayRunAnywhereStaysOnTheCpuForTheFusedEngine) {
  Bench bench(Case{});
  const auto stays = [&] { return stays_on_cpu(bench.config, bench.plan); };
  EXPECT_TRUE(stays());
  for (const char* engine : {"reference", "fused", "graph"}) {
    bench.config.training.engine = engine;
    EXPECT_FALSE(stays()) << engine;
  }
  bench.config.training.engine = "auto";
  bench.config.training.precision = "bfloat16";
  EXPECT_FALSE(stays());
  bench.config.training.precision = "float32";
  bench.config.training.float32_matmul_precision = "high";
  EXPECT_FALSE(stays());
  Case general;
  general.layers = {embedding(4), pool("max_pool", "exclude"), linear(1)};
  const Bench other(general);
  EXPECT_FALSE(stays_on_cpu(other.config, other.plan));
}

TEST(MakeStep, WarnsOfATableOfAMillionRowsThatIsUpdatedWhole) {
  const Session session;
  const auto warning = [&](int64_t num_ids) {
    const RunConfig& config = session.config();
    return table_sweep_warning(layers::plan_model(config.model, config.text, config.loss.mode, num_ids, 1),
                               "the fused engine does not run rmsprop");
  };
  EXPECT_EQ(warning(999'999), "");
  EXPECT_THAT(
      warning(1'000'000),
      ::testing::StartsWith("each step updates all 1000000 rows of embedding_0.weight, read or not, for "
                            "the reference engine trains the model (the fused engine does not run "
                            "rmsprop); "));
}

}  // namespace
}  // namespace bernoulli
