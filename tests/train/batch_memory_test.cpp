#include "train/batch_memory.h"

#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/late_upload.h"
#include "train/fused_cases.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

/// Two texts: a short one, and one of `length` tokens.
EncodedDataset one_long_text(size_t length) {
  EncodedDataset data;
  TokenRows rows;
  rows.ids = {2, 3};
  rows.end_row();
  rows.ids.resize(rows.ids.size() + length, 2);
  rows.end_row();
  data.rows = std::move(rows);
  data.targets = {0, 1};
  data.origins = StringRows({"a.csv:2", "a.csv:3"});
  return data;
}

TEST(LongText, IsWarnedOfWhereItsBatchIsPaddedToManyGigabytes) {
  Bench bench({.name = "", .layers = {embedding(16), pool("max_pool", "exclude"), linear(1)}});
  bench.config.text.sequence_length = std::nullopt;
  bench.config.training.batch_size = 2;
  const EncodedDataset data = one_long_text(1 << 22);
  EXPECT_EQ(long_text_warning(bench.config, bench.plan, data), "") << "0.5 GiB";
  bench = Bench({.name = "", .layers = {embedding(128), pool("max_pool", "exclude"), linear(1)}});
  bench.config.training.batch_size = 2;
  EXPECT_EQ(long_text_warning(bench.config, bench.plan, data), "") << "texts are cut";
  bench.config.text.sequence_length = std::nullopt;
  EXPECT_EQ(
      long_text_warning(bench.config, bench.plan, data),
      "a.csv:3 has 4194304 tokens: the batch that it is in is padded to that length and takes 4.0 GiB at "
      "the widest layer alone; cut long texts with text.sequence_length");
  bench = Bench({.name = "", .layers = {bag(128, "mean"), linear(1)}});
  bench.config.text.sequence_length = std::nullopt;
  bench.config.training.batch_size = 2;
  EXPECT_EQ(long_text_warning(bench.config, bench.plan, data), "") << "nothing is padded";
}

/// No memory on the device.
class FullUpload : public LateUpload {
 public:
  at::Tensor send(const at::Tensor& /*host*/) override { throw std::bad_alloc(); }
};

TEST(BatchMemory, AStepThatFindsNoneNamesItsBatchAndTheRemedy) {
  const Bench bench({.name = ""});
  ReferenceStep step(bench.parts(), c10::Device(c10::kCPU), std::make_unique<FullUpload>());
  const std::vector<int64_t> examples = {5, 7, 9};
  try {
    step.update(examples, 41, 0.1);
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("out of memory in step 42, whose batch has 3 texts, the longest of "));
    EXPECT_THAT(error.what(), HasSubstr("text.sequence_length"));
  }
}

}  // namespace
}  // namespace bernoulli
