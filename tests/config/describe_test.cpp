#include "config/describe.h"

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/schema.h"

namespace bernoulli::config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(const std::string& key) {
  try {
    describe(some_layers(), key);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "found";
}

TEST(Describe, ShowsOneKey) {
  EXPECT_EQ(describe(some_layers(), "training.batch_size"),
            "training.batch_size\n"
            "    examples a batch\n"
            "    an integer from 1 to 1000000000; default 32\n");
  EXPECT_EQ(describe(some_layers(), "model.layers.linear.units"),
            "model.layers.linear.units\n"
            "    outputs\n"
            "    an integer of at least 1; required\n");
  EXPECT_EQ(describe(some_layers(), "model.layers[3].linear.units"),
            describe(some_layers(), "model.layers.linear.units"));
}

TEST(Describe, ShowsWhatIsBelowAKey) {
  const std::string cosine = describe(some_layers(), "training.schedule.cosine");
  EXPECT_THAT(cosine, HasSubstr("training.schedule.cosine\n"));
  EXPECT_THAT(cosine, HasSubstr("training.schedule.cosine.warmup_steps\n"));
  EXPECT_THAT(cosine, Not(HasSubstr("training.schedule.linear")));
  EXPECT_THAT(describe(some_layers(), "loss.gamma"), HasSubstr("(where mode is focal_with_logits only)"));
  EXPECT_THAT(describe(some_layers(), "data.test.method"), HasSubstr("(beside from only)"));
  EXPECT_THAT(
      describe(some_layers(), "data.validation"),
      HasSubstr("; exactly one of path and from\n    a map of keys, or the value of path; default null\n"));
}

TEST(Describe, WritesKindsOutOnce) {
  static const std::vector<KindSchema> draws{{"normal", "bell", {number("std", "width").at_least(0)}, "std"}};
  const std::vector<KindSchema> layers{
      {"a", "first", {one_kind("initializer", "draw", draws).optional()}, ""},
      {"b", "second", {one_kind("initializer", "draw", draws).optional()}, ""}};
  const std::string page = reference_markdown(layers);
  EXPECT_THAT(page, HasSubstr("| `model.layers.a.initializer.normal.std` | "));
  EXPECT_THAT(page, Not(HasSubstr("| `model.layers.b.initializer.normal")));
  EXPECT_THAT(page, HasSubstr("| draw; kinds as in model.layers.a.initializer |"));
  EXPECT_THAT(describe(layers, "model.layers.b.initializer.normal.std"), HasSubstr("    width\n"));
}

TEST(Describe, CorrectsAKeyThatThereIsNot) {
  EXPECT_THAT(refusal("trainin"),
              HasSubstr("trainin: there is no key 'trainin' (expected base, name, data, "));
  EXPECT_THAT(refusal("training.epcohs"), HasSubstr("did you mean 'epochs'?"));
  EXPECT_THAT(refusal("model.layers.lstm"), HasSubstr("there is no key 'lstm' (expected embedding, "));
  EXPECT_THAT(refusal("epochs"), EndsWith("or stability); did you mean 'training.epochs'?"));
  EXPECT_THAT(refusal("training.epochs.x"), HasSubstr("there is no key 'x' (expected nothing below it)"));
  EXPECT_THAT(refusal("text.ngrams.x"), HasSubstr("there is no key 'x' (expected nothing below it)"));
  EXPECT_THAT(refusal("a..b"), HasSubstr("there is no key 'a'"));
}

/// Calls visit for every key path of the schema, kinds by their name.
void for_each_key(const FieldSchema& schema, const std::string& path,
                  const std::function<void(const std::string&, const std::string&)>& visit) {
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (schema.type == FieldType::kMap) {
    for (const FieldSchema& field : schema.fields) {
      visit(below(field.key), field.doc);
      for_each_key(field, below(field.key), visit);
    }
  }
  if (schema.type == FieldType::kList) for_each_key(schema.fields.front(), path, visit);
  if (schema.kinds == nullptr) return;
  for (const KindSchema& kind : *schema.kinds) {
    visit(below(kind.name), kind.doc);
    for (const FieldSchema& field : kind.fields) visit(below(kind.name) + "." + field.key, field.doc);
  }
}

TEST(Describe, EveryKeyIsDocumentedEverywhere) {
  const std::string whole = fmt::format("\n{}", describe(some_layers(), ""));
  const std::string page = reference_markdown(some_layers());
  int keys = 0;
  for_each_key(run_schema(some_layers()), "", [&](const std::string& path, const std::string& doc) {
    ++keys;
    EXPECT_FALSE(doc.empty()) << path;
    EXPECT_THAT(whole, HasSubstr(fmt::format("\n{}\n    {}", path, doc)));
    EXPECT_THAT(describe(some_layers(), path), HasSubstr(fmt::format("{}\n    {}", path, doc)));
    const bool is_section = path.find('.') == std::string::npos;
    const bool has_heading = is_section && path != "base" && path != "name";
    EXPECT_THAT(page,
                HasSubstr(has_heading ? fmt::format("\n## {}\n", path) : fmt::format("| `{}` | ", path)));
  });
  EXPECT_GT(keys, 120);
}

TEST(Describe, TablesHaveFourColumns) {
  std::istringstream page(reference_markdown(some_layers()));
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("|")) continue;
    ++rows;
    int bars = 0;
    for (size_t i = 0; i < line.size(); ++i)
      bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    EXPECT_EQ(bars, 5) << line;
  }
  EXPECT_GT(rows, 120);
}

TEST(Show, NamesTheOriginOfEveryValue) {
  const std::string shown = show_with_origin(load_text(minimal()));
  EXPECT_THAT(shown, HasSubstr("\ntraining.epochs = 1"));
  EXPECT_THAT(shown, HasSubstr("# c.yaml:4:20\n"));
  EXPECT_THAT(shown, HasSubstr("\nmodel.layers[0].embedding.dim = 16"));
  EXPECT_THAT(shown, HasSubstr("\ntext.standardize[0].lowercase = {}"));
  EXPECT_THAT(shown, HasSubstr("\ntraining.batch_size = 32"));
  EXPECT_EQ(shown.substr(0, 8), "name = c");
  std::istringstream lines(shown);
  for (std::string line; std::getline(lines, line);) EXPECT_THAT(line, HasSubstr("  # ")) << line;
}

}  // namespace
}  // namespace bernoulli::config
