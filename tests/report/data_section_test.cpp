#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_fixture.h"
#include "report/sections.h"

namespace bernoulli {
namespace {

using report::Json;
using ::testing::HasSubstr;
using ::testing::Not;

Json audit_of(int64_t examples) {
  return {{"examples", examples},
          {"labels", {{"bad", 1}, {"good", examples - 1}}},
          {"bytes", nullptr},
          {"tokens", nullptr},
          {"empty_texts", 0},
          {"texts_without_tokens", 0},
          {"not_utf8", {{"texts", 0}, {"first", nullptr}}},
          {"duplicate_texts", 0},
          {"unknown_token_rate", 0.0},
          {"fingerprint", "f"}};
}

TEST(DataSection, ShowsFilesVariantsAndLabelsThatWereLeftOut) {
  testing::MadeUpRun run;
  Json& data = run.record().data;
  data = {{"train", audit_of(30)}, {"test", audit_of(5)}, {"also_in_train", {{"test", {{"texts", 0}}}}}};
  const std::string before = report::data_section(run.record());
  EXPECT_THAT(before, Not(HasSubstr("task.min_count"))) << "of a run of an earlier program";
  EXPECT_THAT(before, Not(HasSubstr(" files</summary>")));
  data["variants_in_train"] = {
      {"test", {{"texts", 3}, {"examples", Json::array({Json::array({"a:1", "b:2"})})}}}};
  data["files"] = {{"train", Json::array({{{"path", "<a>.csv"}, {"examples", 10}},
                                          {{"path", "b.csv"}, {"examples", 20}}})}};
  data["left_out_labels"] = {{"<odd>", 2}};
  EXPECT_THAT(before, Not(HasSubstr("groups")));
  data["train"]["groups"] = 1234;
  data["test"]["groups"] = 5;
  data["groups_in_train"] = {
      {"test", {{"groups", 1}, {"texts", 2}, {"examples", Json::array({Json::array({"a:1", "b:2"})})}}}};
  const std::string page = report::data_section(run.record());
  EXPECT_THAT(
      page,
      HasSubstr("3 of 5 test texts stand in the training data but for case, punctuation and spaces, such as "
                "b:2 for a:1"));
  EXPECT_THAT(page, HasSubstr("1 of 5 test groups by data.columns.group stand in the training data too"));
  EXPECT_THAT(page, HasSubstr("groups (data.columns.group)</td><td>1,234</td><td>5</td>"));
  EXPECT_THAT(page, HasSubstr("groups that have training examples too</td><td></td><td>1</td>"));
  EXPECT_THAT(page, HasSubstr("The 2 files"));
  EXPECT_THAT(page, HasSubstr("&lt;a&gt;.csv"));
  EXPECT_THAT(page, HasSubstr("Labels that task.min_count leaves out (1)"));
  EXPECT_THAT(page, HasSubstr("&lt;odd&gt;"));
}

TEST(DataSection, FoldsTheCountsOfManyLabels) {
  for (const size_t num_labels : {12u, 13u}) {
    testing::MadeUpRun run;
    Json train = audit_of(30);
    train["labels"] = Json::object();
    for (size_t label = 0; label < num_labels; ++label) train["labels"]["tag" + std::to_string(label)] = 2;
    run.record().data = {{"train", train}, {"also_in_train", Json::object()}};
    const std::string page = report::data_section(run.record());
    EXPECT_THAT(page, HasSubstr("tag11"));
    EXPECT_EQ(page.find("<summary>Examples of each of the 13 labels</summary>") != std::string::npos,
              num_labels == 13);
  }
}

}  // namespace
}  // namespace bernoulli
