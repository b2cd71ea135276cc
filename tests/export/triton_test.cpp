#include "export/triton.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "export/artifact.h"
#include "export/exported_model.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::small_model;
using testing::TrainedModel;

struct Triton : testing::ExportTest {
  Triton() : ExportTest(small_model(), "triton") {}

  const fs::path& repository = path;
};

TEST_F(Triton, WritesAModelRepositoryAroundTheTorchScriptFile) {
  const ExportReport report = export_triton(model.parts(), answers(0), repository, "reviews");
  EXPECT_EQ(report.verification.max_difference, 0);
  EXPECT_EQ(report.verification.num_texts, static_cast<int64_t>(texts.size()));
  EXPECT_EQ(read_file(repository / "reviews/1/model.pt"), model.file());
  EXPECT_EQ(read_file(repository / "reviews/labels.txt"), "pos\n");
  EXPECT_EQ(read_file(repository / "reviews/config.pbtxt"), triton_config("reviews", 1));
  uintmax_t size_bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(repository))
    size_bytes += entry.is_regular_file() ? entry.file_size() : 0;
  EXPECT_EQ(report.size_bytes, static_cast<int64_t>(size_bytes));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // nothing temporary is left
}

TEST(TritonConfig, SaysTextsInOneDimensionAndARowOfProbabilitiesEach) {
  const std::string config = triton_config("tickets", 4);
  EXPECT_THAT(config, HasSubstr("\nname: \"tickets\"\nplatform: \"pytorch_libtorch\"\nmax_batch_size: 0\n"));
  EXPECT_THAT(config, HasSubstr("{ name: \"INPUT__0\" data_type: TYPE_STRING dims: [ -1 ] }"));
  EXPECT_THAT(config, HasSubstr("{ name: \"OUTPUT__0\" data_type: TYPE_FP32 dims: [ -1, 4 ] "
                                "label_filename: \"labels.txt\" }"));
}

TEST_F(Triton, EachLabelIsOneLineWhateverIsInIt) {
  TrainedModel two(testing::tutorial_config(), testing::padded_layers(2), 2);
  ArtifactParts parts = two.parts();
  parts.labels = {{"kind", "multi_label"}, {"names", {"a\nb\\", "../\u00E9"}}};
  const std::vector<float> expected = two.logits(texts, 3);
  export_triton(parts, {texts, expected, testing::batches_of(texts, 3), 0}, repository, "../x");
  EXPECT_EQ(read_file(repository / ".._x/labels.txt"), "a\\x0ab\\x5c\n../\u00E9\n");
}

TEST_F(Triton, AModelThatAnswersOtherwiseLeavesNoFolder) {
  logits[4] += 1e-3f;
  expect_not_written("triton/reviews/1/model.pt' is wrong and was not written: text 4",
                     [&] { export_triton(model.parts(), answers(), repository, "reviews"); });
}

TEST_F(Triton, AFolderThatIsThereIsRefusedAndStaysAsItWas) {
  folder.write("triton/reviews/config.pbtxt", "mine");
  try {
    export_triton(model.parts(), answers(), repository, "reviews");
    FAIL() << "exported";
  } catch (const RunFolderError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is there already and is never overwritten"));
    EXPECT_EQ(error.exit_code(), ExitCode::kRunFolder);
  }
  EXPECT_EQ(folder.read("triton/reviews/config.pbtxt"), "mine");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace bernoulli
