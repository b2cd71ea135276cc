#include "store/raw_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/shallow_json.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

std::string checkpoint_with(const std::string& step, const std::string& state) {
  RawTensors content;
  content.metadata = {
      {"format", "bernoulli-checkpoint-1"}, {"step", step}, {"state", state}, {"fingerprints", "{}"}};
  return write_raw_tensors(content);
}

std::string refusal(const std::string& step, const std::string& state) {
  try {
    read_raw_checkpoint(checkpoint_with(step, state), "f");
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "";
}

std::string brackets(size_t count) { return std::string(count, '[') + std::string(count, ']'); }

TEST(RawCheckpoint, TakesCountsOnlyAsItsStep) {
  EXPECT_EQ(read_raw_checkpoint(checkpoint_with("12", "{}"), "f").step, 12);
  for (const char* step : {"", "12abc", "-1", "1e3", " 1", "9223372036854775808"})
    EXPECT_THAT(refusal(step, "{}"), HasSubstr("'f' is damaged: step '")) << step;
}

TEST(RawCheckpoint, RefusesAStateThatIsNestedTooDeepToBeCopied) {
  EXPECT_EQ(refusal("1", "{\"a\":" + brackets(kDeepestJson - 1) + "}"), "");
  for (const size_t count : {size_t{kDeepestJson}, size_t{200000}})
    EXPECT_THAT(refusal("1", "{\"a\":" + brackets(count) + "}"), HasSubstr("not a JSON object")) << count;
}

}  // namespace
}  // namespace bernoulli
