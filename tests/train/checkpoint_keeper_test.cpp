#include "train/checkpoint_keeper.h"

#include <gtest/gtest.h>

#include <ATen/ops/full.h>

#include "core/error.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::bernoulli::testing::TemporaryFolder;

/// With one weight of three numbers.
Checkpoint checkpoint_of(int64_t step, const at::Tensor& weight) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.state = checkpoint.fingerprints = nlohmann::ordered_json::object();
  checkpoint.weights = {{"weight", weight}};
  return checkpoint;
}

class CheckpointKeeperTest : public ::testing::Test {
 protected:
  CheckpointKeeperTest() { log_.begin(0, false); }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
  CheckpointFolder checkpoints_{folder_ / "checkpoints"};
  MetricsLog log_{folder_ / "metrics.jsonl"};
};

/// Those of a copy in the background, and those that are waited for.
TEST_F(CheckpointKeeperTest, SavesTheNumbersThatATrainingChangesRightAfterwards) {
  for (const int64_t largest_copy : {CheckpointKeeper::kLargestCopy, int64_t{0}}) {
    SCOPED_TRACE(largest_copy);
    const at::Tensor weight = at::full({3}, 0.5f);
    CheckpointKeeper keeper(checkpoints_, log_, largest_copy);
    keeper.save(checkpoint_of(1, weight), 1, {});
    weight.fill_(2);
    keeper.wait();
    const NamedTensors saved = load_weights(checkpoints_.path_of(1));
    ASSERT_EQ(saved.size(), 1u);
    EXPECT_TRUE(saved[0].second.equal(at::full({3}, 0.5f))) << saved[0].second;
    checkpoints_.remove(1);
  }
}

TEST_F(CheckpointKeeperTest, TellsAFailureAtOnceOnlyWhereTheStateIsNotCopied) {
  const CheckpointFolder gone(folder_ / "gone" / "checkpoints");
  const Checkpoint checkpoint = checkpoint_of(1, at::full({3}, 0.5f));
  CheckpointKeeper waits(gone, log_, 0), copies(gone, log_);
  EXPECT_THROW(waits.save(checkpoint, 1, {}), IoError);
  EXPECT_NO_THROW(copies.save(checkpoint, 1, {}));
  EXPECT_THROW(copies.wait(), IoError);
}

TEST_F(CheckpointKeeperTest, KeepsTheLastTwoAndTheBest) {
  CheckpointKeeper keeper(checkpoints_, log_);
  for (int64_t step = 1; step <= 5; ++step) {
    keeper.save(checkpoint_of(step, at::full({3}, 0.5f)), 1, {2});
    keeper.wait();
  }
  EXPECT_EQ(keeper.saved_step(), 5);
  EXPECT_EQ(checkpoints_.steps(), (std::vector<int64_t>{2, 4, 5}));
}

/// Step 5 is that of a checkpoint that is damaged, or of somebody who looks into it.
TEST_F(CheckpointKeeperTest, TakesOverWhatAKilledProcessLeft) {
  for (int64_t step = 1; step <= 5; ++step) checkpoints_.save(checkpoint_of(step, at::full({3}, 0.5f)));
  CheckpointKeeper keeper(checkpoints_, log_);
  keeper.take_over(4, {1});
  EXPECT_EQ(keeper.saved_step(), 4);
  EXPECT_EQ(checkpoints_.steps(), (std::vector<int64_t>{1, 3, 4, 5}));
}

TEST_F(CheckpointKeeperTest, SaysWhatIsWrongWithAFile) {
  checkpoints_.save(checkpoint_of(1, at::full({3}, 0.5f)));
  checkpoints_.save(checkpoint_of(2, at::full({3}, 0.5f)));
  std::filesystem::resize_file(checkpoints_.path_of(2), 10);
  const CheckpointKeeper keeper(checkpoints_, log_);
  EXPECT_EQ(keeper.fault_of(1), "");
  for (const int64_t step : {2, 3})
    EXPECT_NE(keeper.fault_of(step).find(checkpoints_.path_of(step).string()), std::string::npos) << step;
}

}  // namespace
}  // namespace bernoulli
