// Replays the seeds and the findings of corpus/, and inputs too large to keep as files, through every target.
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "core/file.h"
#include "core/random.h"
#include "fuzz/artifact.h"
#include "fuzz/fuzz_target.h"

namespace bernoulli::fuzz {
namespace {

std::vector<std::string> corpus_of(const std::string& target) {
  std::vector<std::string> inputs;
  const auto folder = std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "fuzz/corpus" / target;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    inputs.push_back(read_file(entry.path()));
  return inputs;
}

TEST(Fuzz, EveryTargetHasSeeds) {
  EXPECT_EQ(targets().size(), 12u);
  for (const auto& [name, target] : targets()) EXPECT_FALSE(corpus_of(name).empty()) << name;
}

TEST(Fuzz, SeedsAndFindingsKeepEveryPromise) {
  for (const auto& [name, target] : targets()) {
    for (const std::string& input : corpus_of(name))
      EXPECT_NO_THROW(run_target(target, input)) << name << ": " << ::testing::PrintToString(input);
  }
}

/// What a target does not reach it does not try: seeds that every format change leaves behind would end at
/// the first check.
TEST(Fuzz, SomeSeedOfEachTargetIsAccepted) {
  for (const auto& [name, target] : targets()) {
    std::string reasons;
    int accepted = 0;
    for (const std::string& input : corpus_of(name)) {
      try {
        target(input);
        ++accepted;
      } catch (const Error& error) {
        reasons += std::string("\n  ") + error.what();
      }
    }
    EXPECT_GT(accepted, 0) << name << " refuses all its seeds:" << reasons;
  }
}

TEST(Fuzz, SoundArtifactsAreAnswered) {
  for (const char* name : {"whole", "sequence", "packed", "packed_float16", "packed_folded"}) {
    const auto path = std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "fuzz/corpus/artifact" / name;
    EXPECT_EQ(reason_without_answers(read_file(path)), "") << name;
  }
}

TEST(Fuzz, ChangedSeedsKeepEveryPromise) {
  Random random(5);
  for (const auto& [name, target] : targets()) {
    const std::vector<std::string> inputs = corpus_of(name);
    for (int trial = 0; trial < 500; ++trial) {
      std::string input = inputs[random.below(inputs.size())].substr(0, 4096);
      for (uint64_t change = 1 + random.below(3); change > 0 && !input.empty(); --change) {
        const size_t at = random.below(input.size());
        switch (random.below(3)) {
          case 0:
            input[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            input.erase(at, 1 + random.below(8));
            break;
          default:
            input.insert(at, input.substr(random.below(input.size()), 1 + random.below(8)));
        }
      }
      ASSERT_NO_THROW(run_target(target, input)) << name << ": " << ::testing::PrintToString(input);
    }
  }
}

std::string repeat(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

/// A value nested 200,000 deep, wherever a seed holds one.
TEST(Fuzz, DeepNestingOverflowsNoStack) {
  for (const std::string& deep :
       {repeat("[", 200000) + repeat("]", 200000), repeat("{\"a\":", 200000) + "1" + repeat("}", 200000)}) {
    for (const auto& [name, target] : targets()) {
      ASSERT_NO_THROW(run_target(target, deep)) << name;
      for (std::string input : corpus_of(name)) {
        const size_t at = input.find("DEEP");
        if (at == std::string::npos) continue;
        ASSERT_NO_THROW(run_target(target, input.replace(at, 4, deep))) << name;
      }
    }
  }
}

}  // namespace
}  // namespace bernoulli::fuzz
