// `bernoulli info`: what it says of a run and of a file, without LibTorch.

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class EndToEndInfo : public EndToEnd {
 protected:
  /// Without bernoulli-torch beside it.
  ProgramResult ask(const fs::path& model, const std::vector<std::string>& more = {}) const {
    const fs::path alone = folder_ / "alone";
    fs::copy_file(BERNOULLI_PROGRAM, alone, fs::copy_options::skip_existing);
    std::vector<std::string> all = {alone.string(), "info", model.string()};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }
  Json facts_of(const fs::path& model) const {
    const ProgramResult result = ask(model, {"--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out);
  }
};

TEST_F(EndToEndInfo, AFileTellsTheModelAndWhoWroteIt) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const Json facts = facts_of(folder_ / "run/model.pt");
  EXPECT_EQ(facts.at("kind"), "binary");
  EXPECT_EQ(facts.at("labels"), Json({"bad", "good"}));
  EXPECT_EQ(facts.at("thresholds"), Json({0.5}));
  EXPECT_EQ(facts.at("sequence_length"), nullptr);
  const std::string file = folder_.read("run/model.pt");
  EXPECT_EQ(facts.at("hash"), "xxh3-128:" + file.substr(file.size() - 32));
  EXPECT_EQ(facts.at("size_bytes"), file.size());
  EXPECT_EQ(facts.at("metadata").at("format"), 2);
  EXPECT_THAT(facts.at("metadata").at("program").get<std::string>(), StartsWith("bernoulli "));

  const ProgramResult lines = ask(folder_ / "run/model.pt");
  EXPECT_EQ(lines.exit_code, 0) << lines.err;
  EXPECT_THAT(lines.out, HasSubstr("\nlabels                           [\"bad\",\"good\"]\n"));
  EXPECT_THAT(lines.out, HasSubstr("\nmetadata.program                 bernoulli "));
}

TEST_F(EndToEndInfo, ARunTellsTheModelOfItsCheckpoint) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const Json run = facts_of(folder_ / "run"), file = facts_of(folder_ / "run/model.pt");
  for (const char* key : {"kind", "labels", "thresholds", "temperatures", "shifts", "sequence_length"})
    EXPECT_EQ(run.at(key), file.at(key)) << key;
  EXPECT_THAT(run.at("hash").get<std::string>(), MatchesRegex("xxh3-128:[0-9a-f]+"));
  EXPECT_FALSE(run.contains("metadata"));
  EXPECT_FALSE(run.contains("size_bytes"));
}

TEST_F(EndToEndInfo, ColumnsOfTextAreTold) {
  folder_.write("pairs.csv", "title,text,label\nfine,a film,good\ndull,a film,bad\nfine,one,good\n");
  const ProgramResult trained =
      run(train_words("pairs", {"--set", "data.train=pairs.csv", "--set", "data.validation=null", "--set",
                                "data.test=null", "--set", "data.columns.text=[title, text]"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json columns = {{"names", {"title", "text"}}, {"separator", " "}};
  EXPECT_EQ(facts_of(folder_ / "pairs").at("text_columns"), columns);
  EXPECT_EQ(facts_of(folder_ / "pairs/model.pt").at("text_columns"), columns);
}

TEST_F(EndToEndInfo, ADamagedFileIsRefused) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  std::string file = folder_.read("run/model.pt");
  file[file.size() / 2] ^= 1;
  folder_.write("damaged.pt", file);
  const ProgramResult refused = ask(folder_ / "damaged.pt");
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("damaged.pt"));
  EXPECT_EQ(refused.out, "");
}

}  // namespace
}  // namespace bernoulli::testing
