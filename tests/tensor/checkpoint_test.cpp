#include "tensor/checkpoint.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

#include "core/error.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Checkpoint sample(int64_t step) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.state = {{"step", step}, {"loss_sum", 0.1}};
  checkpoint.fingerprints = {{"config", "c"}, {"data", "d"}};
  checkpoint.weights = {
      {"linear_0.weight", at::arange(6, at::kFloat).reshape({2, 3}) + static_cast<double>(step)}};
  checkpoint.training = {{"optimizer/linear_0.weight.exp_avg", at::arange(6, at::kFloat)}};
  return checkpoint;
}

void flip_bit(const fs::path& path, size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

TEST(Checkpoint, ComesBackBitForBit) {
  const bernoulli::testing::TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(sample(7));
  const Checkpoint loaded = checkpoints.load_newest().value();
  EXPECT_EQ(loaded.step, 7);
  EXPECT_EQ(loaded.state, sample(7).state);
  EXPECT_EQ(loaded.fingerprints, sample(7).fingerprints);
  ASSERT_EQ(loaded.weights.size(), 1u);
  EXPECT_EQ(loaded.weights[0].first, "linear_0.weight");
  EXPECT_TRUE(at::equal(loaded.weights[0].second, sample(7).weights[0].second));
  ASSERT_EQ(loaded.training.size(), 1u);
  EXPECT_EQ(loaded.training[0].first, "optimizer/linear_0.weight.exp_avg");
}

TEST(Checkpoint, HoldsTablesThatAreWrittenInPieces) {
  const bernoulli::testing::TemporaryFolder folder;
  Checkpoint large = sample(4);
  large.weights.emplace_back("embedding_0.weight", at::arange(600'000, at::kFloat).reshape({300'000, 2}));
  large.weights.emplace_back("linear_9.bias", at::arange(3, at::kFloat));
  large.training.emplace_back("optimizer/embedding_0.weight.sum", at::arange(500'000, at::kFloat));
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(large);
  const Checkpoint loaded = checkpoints.load_newest().value();
  ASSERT_EQ(loaded.weights.size(), 3u);
  ASSERT_EQ(loaded.training.size(), 2u);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(loaded.weights[i].second, large.weights[i].second));
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(loaded.training[i].second, large.training[i].second));
  // Tensors that lie where the file was read outlive everything else that was read.
  const at::Tensor table = load_weights(checkpoints.path_of(4))[1].second;
  EXPECT_TRUE(at::equal(table, large.weights[1].second));
  EXPECT_TRUE(at::equal(table.add_(1), large.weights[1].second + 1));
}

TEST(Checkpoint, SavesTheSameBytesForTheSameState) {
  const bernoulli::testing::TemporaryFolder folder;
  save_checkpoint(folder / "a", sample(3));
  save_checkpoint(folder / "b", sample(3));
  EXPECT_EQ(folder.read("a"), folder.read("b"));
}

TEST(Checkpoint, RefusesAnotherKindOfFile) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("pickle", "\x80\x02}q\x00.");
  EXPECT_THAT(bernoulli::testing::message_of<ArtifactError>([&] { load_weights(folder / "pickle"); }),
              HasSubstr("pickle"));
}

TEST(CheckpointFolder, OrdersByStepAndRemoves) {
  const bernoulli::testing::TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder / "checkpoints");
  EXPECT_TRUE(checkpoints.steps().empty());
  EXPECT_FALSE(checkpoints.load_newest().has_value());
  for (const int64_t step : {10, 9, 1000000000}) checkpoints.save(sample(step));
  folder.write("checkpoints/step-abc.safetensors", "not ours");
  EXPECT_THAT(checkpoints.steps(), ElementsAre(9, 10, 1000000000));
  for (const int64_t step : {9, 11, 1000000000}) checkpoints.remove(step);
  EXPECT_THAT(checkpoints.steps(), ElementsAre(10));
  EXPECT_TRUE(fs::exists(folder / "checkpoints/step-abc.safetensors"));
}

TEST(CheckpointFolder, FallsBackToTheNewestWholeFile) {
  const bernoulli::testing::TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(sample(1));
  checkpoints.save(sample(2));
  flip_bit(checkpoints.path_of(2), fs::file_size(checkpoints.path_of(2)) - 3);
  ::testing::internal::CaptureStderr();
  const auto newest = checkpoints.load_newest();
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->step, 1);
  EXPECT_THAT(log, HasSubstr("step-000000002.safetensors"));
  EXPECT_THAT(log, HasSubstr("using the newest whole checkpoint, step 1"));
}

TEST(CheckpointFolder, DoesNotMakeARunFolderThatWasRemoved) {
  const bernoulli::testing::TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder / "run/checkpoints");
  try {
    checkpoints.save(sample(1));
    FAIL() << "saved";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("run' is no longer there"));
  }
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(CheckpointFolder, RefusesWhenNoFileIsWhole) {
  const bernoulli::testing::TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path());
  checkpoints.save(sample(1));
  flip_bit(checkpoints.path_of(1), 100);
  EXPECT_THAT(bernoulli::testing::message_of<ArtifactError>([&] { checkpoints.load_newest(); }),
              HasSubstr("no checkpoint in"));
  EXPECT_TRUE(fs::exists(checkpoints.path_of(1)));
}

}  // namespace
}  // namespace bernoulli
