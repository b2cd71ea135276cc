#include "data/column_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/column_roles.h"
#include "data/data_fixture.h"
#include "data/example_facts.h"
#include "data/table_cut.h"

namespace bernoulli::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kWords[] = {"a fine warm film that i loved", "dull and cold, i slept through it"};

/// 40 texts that differ, each with what `row` makes of it.
template <class Row>
std::string rows(const Row& row) {
  std::string content;
  for (int i = 0; i < 40; ++i) content += row(i, std::string(kWords[i % 2]) + " " + std::to_string(i)) + "\n";
  return content;
}
std::string quoted(const std::string& text) { return "\"" + text + "\""; }
std::string label(int i) { return i % 2 == 0 ? "pos" : "neg"; }

class Survey : public DataFolder, public ::testing::Test {
 protected:
  TableSurvey csv(const std::string& content, std::optional<bool> header = std::nullopt) const {
    return survey_table(write("data.csv", content), ',', header);
  }
  std::string csv_fault(const std::string& content) const {
    return relative(message_of<DataError>([&] { csv(content); }));
  }
};

TEST_F(Survey, AHeaderIsKnownByNamesThenByValuesThatDoNotComeAgain) {
  const auto text_first = [](int i, const std::string& text) { return quoted(text) + "," + label(i); };
  EXPECT_TRUE(csv("Review,x\n" + rows(text_first)).written.header);
  EXPECT_TRUE(csv("words,mood\n" + rows(text_first)).written.header) << "'mood' is none of pos and neg";
  const TableSurvey bare = csv(rows(text_first));
  EXPECT_FALSE(bare.written.header);
  EXPECT_EQ(bare.rows, 40);
  EXPECT_EQ(bare.columns[1].name, "2");
  EXPECT_EQ(bare.columns[1].counts.at("pos"), 20) << "the first row is one of them";
  EXPECT_FALSE(csv("text,label\n" + rows(text_first), false).written.header) << "as the user says";
  EXPECT_TRUE(csv("id,words\n" + rows([](int i, const std::string& text) {
                    return std::to_string(i * 7) + "," + quoted(text);
                  }))
                  .written.header)
      << "numbers stand below a word";
}

TEST_F(Survey, WhiteSpaceAroundAValueIsNotPartOfIt) {
  const TableSurvey survey =
      csv("body, Label\n" + rows([](int i, const std::string& text) {
            return quoted(text) + "," + (i % 4 < 2 ? " " : "") + label(i) + (i % 8 < 4 ? "  " : "");
          }));
  EXPECT_EQ(survey.columns[1].counts.size(), 2u);
  EXPECT_EQ(survey.columns[1].counts.at("pos"), 20);
  const ColumnRoles roles = find_roles(survey, {}, "data.csv");
  EXPECT_EQ(roles.label, " Label") << "the configuration names the column as the header does";
  EXPECT_THAT(roles.label_evidence, HasSubstr("its name"));
}

TEST_F(Survey, QuotesAreOrdinaryWhereTheyWouldNotCloseOrTakeRowsAlong) {
  const auto inch = [](int i, const std::string& text) {
    return (i == 3 || i == 9 ? "\"" : "") + text + "\t" + label(i);
  };
  const auto tsv = [&](const std::string& content) {
    return survey_table(write("data.tsv", content), '\t', std::nullopt);
  };
  EXPECT_EQ(tsv("text\tlabel\n" + rows(inch)).written.quote, "");
  const TableSurvey over_lines = csv("text,label\n" + rows([](int i, const std::string& text) {
                                       return quoted(text + "\nand, more") + "," + label(i);
                                     }));
  EXPECT_EQ(over_lines.written.quote, "\"");
  EXPECT_EQ(over_lines.rows, 40);
}

TEST_F(Survey, TheDelimiterIsTheOneThatCutsAllRowsAlike) {
  const TableSurvey survey = csv("text;label\n" + rows([](int i, const std::string& text) {
                                   return (i % 3 == 0 ? "well, " : "") + text + ";" + label(i);
                                 }));
  EXPECT_EQ(survey.written.delimiter, ";");
  EXPECT_EQ(survey.columns[1].name, "label");
  EXPECT_THAT(csv_fault("text,label\na,b\nc,d,e\n"),
              HasSubstr("data.csv:3: 3 fields where the first row has 2"));
  EXPECT_THAT(csv_fault("alone\nlonely\n"), HasSubstr("every row has one field"));
  EXPECT_THAT(csv_fault("text,label\n\"never closed,pos\nx,neg,z\n"), HasSubstr("data.csv:"));
}

TEST_F(Survey, TheFormatOfTextFilesIsToldByTheirLines) {
  const auto format = [&](const std::string& name, const std::string& content) {
    return find_format(write(name, content)).format;
  };
  EXPECT_EQ(format("a.txt", "__label__x some words\n"), "fasttext");
  EXPECT_EQ(format("b.txt", "{\"text\": \"a\"}\n"), "jsonl");
  EXPECT_EQ(format("c.data", "a\tb\nc\td\n"), "tsv");
  EXPECT_EQ(format("d", "a,b\nc,d\n"), "csv");
  EXPECT_EQ(format("e.csv", "{\"text\": \"a\"}\n"), "csv") << "named so";
  const auto fault = [&](const std::string& name, const std::string& content) {
    const auto file = write(name, content);
    return relative(message_of<DataError>([&] { find_format(file); }));
  };
  EXPECT_THAT(fault("f.txt", "some words\nothers, too\n"), HasSubstr("neither its name nor its first lines"));
  EXPECT_THAT(fault("g.csv", std::string("a,b\0c\n", 6)), HasSubstr("zero byte at 3"));
  EXPECT_THAT(fault("h.csv", " \n\n"), HasSubstr("'h.csv' is empty"));
  EXPECT_THAT(fault("i.csv",
                    "\xff\xfe"
                    "a"),
              HasSubstr("UTF-16"));
  EXPECT_THAT(fault("j.csv", "sep=,\na,b\n"), HasSubstr("j.csv:1: 'sep=,' is a line for Excel"));
  for (const char* array :
       {"[{\"text\": \"a\"}, {\"text\": \"b\"}]", "[\n  {\n    \"text\": \"a\"\n  }\n]\n"})
    EXPECT_THAT(
        fault("k.json", array),
        HasSubstr("'k.json' is a JSON array (expected one object a line): jq -c '.[]' k.json > k.jsonl"));
}

TEST_F(Survey, ACommaStandsBeforeDecimalsWhereItJoinsNoLabels) {
  const auto column = [](const std::vector<std::string>& values) {
    ColumnSurvey survey;
    for (const std::string& value : values) survey.add(value);
    return survey;
  };
  EXPECT_EQ(column({"0,53", "-0,53", "2"}).decimal_comma(), "-0,53") << "negative";
  EXPECT_EQ(column({"1,05", "1,10", "10,20", "20", "5"}).decimal_comma(), "1,05") << "a zero leads decimals";
  EXPECT_EQ(column({"1,99", "2,50", "10,99", "3"}).decimal_comma(), "1,99") << "no decimals stand alone";
  for (const ColumnSurvey& labels :
       {column({"3,4", "4,5", "5", "3"}), column({"01,02", "02,03", "03", "01"})}) {
    EXPECT_EQ(labels.decimal_comma(), "") << "what stands behind a comma stands alone, too";
    EXPECT_NE(labels.maybe_decimal_comma(), "");
  }
  for (const ColumnSurvey& others : {column({"1,2,3", "1,2", "4"}), column({"-0,5", "a"}),
                                     column({"-1.5", "2"}), column({",5", "1,"}), column({"- 1,5"})})
    EXPECT_EQ(others.maybe_decimal_comma(), "");
  EXPECT_EQ(column({"-0,5", "0,5"}).decimal_comma(), "") << "two labels";
}

TEST_F(Survey, ColumnsAreFoundByNameThenByWhatTheyHold) {
  const auto roles = [&](const std::string& content, const GivenColumns& given = {}) {
    return find_roles(csv(content), given, "data.csv");
  };
  const auto four = [](int i, const std::string& text) {
    return std::to_string(i) + "," + quoted(text) + "," + label(i) + ",en";
  };
  const ColumnRoles by_values = roles("a,b,c,d\n" + rows(four));
  EXPECT_EQ(by_values.text, "b");
  EXPECT_EQ(by_values.label, "c") << "'a' is different in each row and 'd' the same in all";
  const auto five = [&](int i, const std::string& text) {
    return four(i, text) + "," + std::to_string(i % 3);
  };
  EXPECT_EQ(roles("id,comment,Sentiment,lang,n\n" + rows(five)).label, "Sentiment");
  const std::string open = "id,comment,mood,lang,n\n" + rows(five);
  const std::string asked = message_of<UsageError>([&] { roles(open); });
  EXPECT_THAT(asked, HasSubstr("several columns may be the label: 'mood' (2 different values in 40 rows"));
  EXPECT_THAT(asked, HasSubstr("'n' (3 different values"));
  EXPECT_THAT(asked, HasSubstr("--label-column NAME"));
  EXPECT_EQ(roles(open, {"", {"n"}}).label, "n");
  EXPECT_THAT(message_of<UsageError>([&] { roles(open, {"", {"mod"}}); }), HasSubstr("did you mean 'mood'"));
  EXPECT_THAT(message_of<DataError>([&] {
                roles("a,b\n" + rows([](int i, const std::string& text) {
                        return std::to_string(i) + "," + quoted(text);
                      }));
              }),
              HasSubstr("no column is like a label"));
}

TEST_F(Survey, AColumnWithoutANameIsNoCandidate) {
  const auto numbered = [](int i, const std::string& text) {
    return std::to_string(i % 2) + "," + quoted(text) + "," + label(i);
  };
  EXPECT_EQ(find_roles(csv(",text,mood\n" + rows(numbered)), {}, "data.csv").label, "mood");
  EXPECT_THAT(message_of<DataError>([&] {
                find_roles(csv(",text\n" + rows([](int i, const std::string& text) {
                                 return label(i) + "," + quoted(text);
                               })),
                           {}, "data.csv");
              }),
              HasSubstr("no column is like a label"));
}

TEST_F(Survey, ColumnsOfFlagsAreLabelsTogether) {
  const auto flags = [](int i, const std::string& text) {
    return quoted(text) + "," + std::to_string(i % 2) + "," + (i % 3 == 0 ? "true" : "false");
  };
  const ColumnRoles roles = find_roles(csv("comment,rude,loud\n" + rows(flags)), {}, "data.csv");
  EXPECT_EQ(roles.label_columns, (std::vector<std::string>{"rude", "loud"}));
  EXPECT_EQ(roles.label, "");
}

TEST_F(Survey, AFlagThatIsTheSameInAllRowsIsALabelBesideTwoOthers) {
  const auto flags = [](int i, const std::string& text) {
    return quoted(text) + ",False," + (i % 2 == 0 ? "True," : "False,") +
           (i == 7       ? ""
            : i % 3 == 0 ? "True"
                         : "False");
  };
  EXPECT_EQ(find_roles(csv("comment,rare,rude,loud\n" + rows(flags)), {}, "data.csv").label_columns,
            (std::vector<std::string>{"rare", "rude", "loud"}));
  const auto one = [](int i, const std::string& text) {
    return quoted(text) + ",0," + std::to_string(i % 2);
  };
  const ColumnRoles roles = find_roles(csv("comment,version,rude\n" + rows(one)), {}, "data.csv");
  EXPECT_EQ(roles.label, "rude") << "beside one, it may be anything";
}

TEST_F(Survey, WhoIsAskedForTheLabelIsToldThatColumnsOfFlagsMayBeSeveral) {
  const auto asked = [&](const auto& row) {
    return message_of<UsageError>(
        [&] { find_roles(csv("comment,mood,rude,loud\n" + rows(row)), {}, "data.csv"); });
  };
  EXPECT_THAT(
      asked([](int i, const std::string& text) {
        return quoted(text) + "," + label(i) + "," + std::to_string(i % 2) + "," + std::to_string(i % 3 / 2);
      }),
      EndsWith("say which with --label-column NAME, which repeats for columns of 0 and 1, one a label"));
  EXPECT_THAT(asked([](int i, const std::string& text) {
                return quoted(text) + "," + label(i) + "," + std::to_string(i % 2) + "," +
                       std::to_string(i % 3);
              }),
              EndsWith("say which with --label-column NAME"));
}

TEST_F(Survey, JsonKeysAreColumns) {
  const auto file = write("data.jsonl", rows([](int i, const std::string& text) {
                            return "{\"n\": " + std::to_string(i) + ", \"words\": \"" + text +
                                   "\", \"about\": [\"" + label(i) + "\", \"x\"], \"deep\": {\"a\": 1}}";
                          }));
  const ColumnRoles roles = find_roles(survey_jsonl(file), {}, "data.jsonl");
  EXPECT_EQ(roles.text, "words");
  EXPECT_EQ(roles.label, "about");
  const auto broken = write("broken.jsonl", "{\"text\": \"a\"}\n[1]\n");
  EXPECT_THAT(relative(message_of<DataError>([&] { survey_jsonl(broken); })), HasSubstr("broken.jsonl:2"));
}

TEST_F(Survey, SoManyValuesAreToldApart) {
  ColumnSurvey column;
  for (int i = 0; i < 6000; ++i) column.add(std::to_string(i));
  EXPECT_TRUE(column.more_distinct);
  EXPECT_EQ(column.counts.size(), ColumnSurvey::kMostDistinct);
  ColumnSurvey one;
  one.add(std::string(ColumnSurvey::kLongest + 1, 'x'));
  EXPECT_TRUE(one.more_distinct);
}

TEST_F(Survey, FactsCountTextsAndLabels) {
  RawExamples examples;
  const std::vector<std::string> a = {"a"}, both = {"a", "b"}, none = {};
  examples.add("one two", a, std::nullopt, "f:1");
  examples.add("one two", both, std::nullopt, "f:2");
  examples.add("", none, std::nullopt, "f:3");
  examples.add("<br />\xff", a, std::nullopt, "f:4");
  const ExampleFacts facts = facts_of(examples, 10);
  EXPECT_EQ(facts.examples, 4);
  EXPECT_EQ(facts.words, 6);
  EXPECT_EQ(facts.empty, 1);
  EXPECT_EQ(facts.not_utf8, 1);
  EXPECT_EQ(facts.with_tags, 1);
  EXPECT_EQ(facts.punctuation, 3);
  EXPECT_DOUBLE_EQ(facts.mean_words(), 1.5);
  EXPECT_DOUBLE_EQ(facts.mean_bytes(), 21 / 4.);
  EXPECT_EQ(facts.repeated, 1);
  EXPECT_EQ(facts.with_several, 1);
  EXPECT_EQ(facts.first_without_label, "f:3");
  EXPECT_EQ(facts.commonest(), 3);
  EXPECT_EQ(facts.rarest(), 1);
  EXPECT_TRUE(facts_of(examples, 1).too_many_labels);
}

TEST_F(Survey, FactsCountTheWordsOfAHeldOutTenthThatTheOthersLack) {
  const std::vector<std::string> label = {"a"};
  const auto facts = [&](const auto& text, int count) {
    RawExamples examples;
    for (int i = 0; i < count; ++i) examples.add(text(i), label, std::nullopt, "f");
    return facts_of(examples, 10);
  };
  const auto named = facts([](int i) { return "name" + std::to_string(i); }, 1000);
  EXPECT_GT(named.held_out_words, 50);
  EXPECT_LT(named.held_out_words, 200);
  EXPECT_EQ(named.unknown_words, named.held_out_words);
  const auto half = facts([](int i) { return "Known! known, -- " + std::to_string(i); }, 1000);
  EXPECT_EQ(half.held_out_words, 3 * half.unknown_words) << "whatever the case and punctuation";
  const auto repeated = facts([](int) { return "name"; }, 1000);
  EXPECT_EQ(repeated.unknown_words, 0) << "which others have";
  const auto many = facts([](int i) { return std::to_string(i); }, 50'000);
  EXPECT_LT(many.held_out_words, 2'700) << "of a sample";
}

TEST_F(Survey, FactsCountALabelOnceAnExample) {
  RawExamples examples;
  const std::vector<std::string> twice = {"a", " a"}, both = {"a", "b", "a"}, blank = {"", " "};
  examples.add("x", twice, std::nullopt, "f:1");
  examples.add("y", both, std::nullopt, "f:2");
  examples.add("z", blank, std::nullopt, "f:3");
  const ExampleFacts facts = facts_of(examples, 10);
  EXPECT_EQ(facts.labels.at("a"), 2);
  EXPECT_EQ(facts.labels.at("b"), 1);
  EXPECT_EQ(facts.with_several, 1);
  EXPECT_EQ(facts.without_label, 1);
}

TEST_F(Survey, FactsCountLabelsWithoutWhiteSpaceAroundThem) {
  RawExamples examples;
  const std::vector<std::string> spaced = {" a "}, a = {"a"}, blank = {"  "};
  examples.add("x", spaced, std::nullopt, "f:1");
  examples.add("y", a, std::nullopt, "f:2");
  examples.add("z", blank, std::nullopt, "f:3");
  const ExampleFacts facts = facts_of(examples, 10);
  EXPECT_EQ(facts.labels.size(), 1u);
  EXPECT_EQ(facts.labels.at("a"), 2);
  EXPECT_EQ(facts.first_without_label, "f:3");
}

}  // namespace
}  // namespace bernoulli::testing
