#include "serve/served_model.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "serve/serve_fixture.h"
#include "store/seal.h"
#include "store/stored_zip.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli::serve::testing {
namespace {

using ::testing::HasSubstr;

TEST(ServedModel, IsNamedAfterItsFolderOrFile) {
  EXPECT_EQ(model_name_of("/srv/models/sentiment.pt"), "sentiment");
  EXPECT_EQ(model_name_of("runs/my run-1/"), "my_run-1");
  EXPECT_EQ(model_name_of("runs/v1.2"), "v1.2");
  EXPECT_EQ(model_name_of("runs/../\xC3\xA9.pt"), "__");
  EXPECT_EQ(model_name_of("/"), "model");
  EXPECT_EQ(model_name_of(std::string(900, 'x')).size(), 200u);
  EXPECT_TRUE(is_model_name("a.B-9_"));
  for (const std::string& wrong :
       {std::string(), std::string("a/b"), std::string("a b"), std::string(201, 'x')})
    EXPECT_FALSE(is_model_name(wrong)) << wrong;
}

TEST(ServedModel, GivesTheSameBitsToAnyNumberOfThreads) {
  const auto served = small_served_model(false);
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i)
    texts.push_back(std::string(i % 3 == 0 ? "good " : "") + (i % 5 == 0 ? "so bad" : "good so"));
  const NativeModel model = small_model(false);
  std::vector<float> expected(texts.size() * 3);
  NativeModel::State state;
  for (size_t i = 0; i < texts.size(); ++i)
    model.logits(texts[i], state, std::span(expected).subspan(i * 3, 3));
  const std::atomic<bool> cancelled = false;
  std::vector<std::vector<float>> answers(8);
  {
    std::vector<std::jthread> threads;
    for (auto& answer : answers)
      threads.emplace_back([&] { answer = served->logits(texts, 1 << 18, cancelled); });
  }
  for (const auto& answer : answers) EXPECT_EQ(answer, expected);
}

TEST(ServedModel, TellsWhatChangesForClientsWhoKnowTheLabels) {
  const auto several = [](std::vector<std::string> names) {
    return Labels{TaskConfig::Kind::kMultiLabel, std::move(names)};
  };
  const Labels before = several({"news", "sport", "art"});
  EXPECT_EQ(change_of_labels(before, before), "");
  EXPECT_EQ(change_of_labels(before, {TaskConfig::Kind::kBinary, {"bad", "good"}}),
            "the kind is binary, and was multi_label");
  EXPECT_EQ(change_of_labels(before, several({"news", "art", "sport"})),
            "label number 2 is 'art', and was 'sport'; there are 3, and were 3");
  EXPECT_EQ(change_of_labels(before, several({"news", "sport"})),
            "label number 3 is none, and was 'art'; there are 2, and were 3");
  EXPECT_EQ(change_of_labels(before, several({"news", "sport", "art", "law"})),
            "label number 4 is 'law', and was none; there are 4, and were 3");
}

TEST(ServedModel, RefusesWhatIsNoModel) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("model.pt", "no zip archive");
  EXPECT_THROW(ServedModel::open(folder.path() / "model.pt", "m"), ArtifactError);
  EXPECT_THROW(ServedModel::open(folder.path() / "none.pt", "m"), ArtifactError);
}

TEST(ServedModel, SaysWhatToDoWithAFileThatOnlyLibTorchRuns) {
  const bernoulli::testing::TemporaryFolder folder;
  folder.write("model.pt", seal_zip(bernoulli::testing::stored_zip({{"archive/data.pkl", "x"}})));
  EXPECT_THAT(bernoulli::testing::message_of<ArtifactError>(
                  [&] { ServedModel::open(folder.path() / "model.pt", "m"); }),
              ::testing::AllOf(
                  HasSubstr("cannot be served: that is done without LibTorch, and the file does not list "
                            "its weights"),
                  HasSubstr("export the run again")));
}

}  // namespace
}  // namespace bernoulli::serve::testing
