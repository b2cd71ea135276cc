// Lists of one number a label, which are no names.

#include "data/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/data_fixture.h"
#include "data/dataset.h"

namespace bernoulli::testing {
namespace {

using ::testing::HasSubstr;

/// An example a list of labels, at "data:1", "data:2", ...
RawExamples lists(const std::vector<std::vector<std::string>>& labels) {
  RawExamples examples;
  for (const auto& of_example : labels)
    examples.add("text", of_example, std::nullopt, "data:" + std::to_string(examples.size() + 1));
  return examples;
}

std::string fault_of_lists(const std::vector<std::vector<std::string>>& labels) {
  return message_of<DataError>([&] { refuse_flag_lists(lists(labels)); });
}

TEST(FlagLists, OneNumberALabelIsRefused) {
  EXPECT_EQ(fault_of_lists({{"0", "1"}, {"0", "0"}}),
            "data:2: the labels are [0, 0], and those of all examples are as many values of 0 and 1: this "
            "looks like one number a label (expected the names of the labels that hold, such as [\"rude\", "
            "\"loud\"]; or one key or column a label, with 0 or 1, whose names data.columns.label_columns "
            "lists)");
  EXPECT_THAT(fault_of_lists({{"0", "1", "0"}, {"0", "0", "0"}}),
              HasSubstr("data:1: the labels are [0, 1, 0]"));
  EXPECT_THAT(fault_of_lists({{"true", "false", "false"}, {"false", "false", "false"}}), HasSubstr("data:1"));
  EXPECT_THAT(fault_of_lists({{"0.0", "1.0", "1.0"}, {"1.0", "1.0", "1.0"}}), HasSubstr("data:1"));
}

TEST(FlagLists, NamesAreTaken) {
  EXPECT_NO_THROW(refuse_flag_lists(lists({})));
  EXPECT_NO_THROW(refuse_flag_lists(lists({{}, {}})));
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"0", "1"}, {"1", "0"}}))) << "none is repeated";
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"0"}, {"1"}, {"1"}})));
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"0", "1"}, {"1", "1"}, {"0"}}))) << "not all as long";
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"0", "1"}, {"1", "1"}, {}})));
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"0", "1"}, {"1", "1"}, {"2", "1"}}))) << "labels 0 to 9";
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"a", "a"}, {"b", "a"}})));
  EXPECT_NO_THROW(refuse_flag_lists(lists({{"1", "1"}}))) << "one example shows nothing";
}

TEST(FlagLists, AreRefusedInDataOfAnyFormat) {
  const DataFolder folder;
  const auto fault = [&](const std::string& name, const std::string& content) {
    DataConfig data;
    data.root = folder.path().string();
    data.train.paths = {name};
    folder.write(name, content);
    return folder.relative(message_of<DataError>([&] { load_data(data, task_of(Kind::kMultiLabel)); }));
  };
  EXPECT_THAT(
      fault("a.jsonl", "{\"text\": \"x\", \"label\": [0, 1]}\n{\"text\": \"y\", \"label\": [true, true]}\n"),
      HasSubstr("a.jsonl:2: the labels are [true, true], and"));
  EXPECT_THAT(fault("a.csv", "text,label\nx,\"0,1,0\"\ny,\"1,1,0\"\n"), HasSubstr("a.csv:2: the labels are"));
  folder.write("b.jsonl", "{\"text\": \"x\", \"label\": [0, 1]}\n{\"text\": \"y\", \"label\": [1, 0]}\n");
  DataConfig honest;
  honest.root = folder.path().string();
  honest.train.paths = {"b.jsonl"};
  EXPECT_EQ(load_data(honest, task_of(Kind::kMultiLabel)).labels.names, (std::vector<std::string>{"0", "1"}));
}

}  // namespace
}  // namespace bernoulli::testing
