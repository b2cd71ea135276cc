#include "config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/bind.h"
#include "config/config_fixture.h"

namespace bernoulli::config {
namespace {

using ::testing::HasSubstr;

std::string failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const InternalError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kInternal);
    return error.what();
  }
  return "no failure";
}

TEST(Reader, NamesTheKeysThatNobodyRead) {
  const Json map{{"a", 1}, {"b", 2}, {"c", 3}};
  Reader reader(map, "x");
  EXPECT_EQ(reader.integer("b"), 2);
  EXPECT_EQ(failure([&] { reader.finish(); }),
            "configuration: the schema declares x.a and x.c, but nothing reads it");
  reader.raw("a");
  reader.raw("c");
  EXPECT_EQ(failure([&] { reader.finish(); }), "no failure");
}

TEST(Reader, RefusesKeysAndTypesThatTheSchemaDoesNotHave) {
  const Json map{{"a", "text"}, {"none", nullptr}};
  Reader reader(map, "x");
  EXPECT_EQ(failure([&] { reader.integer("b"); }),
            "configuration: cannot read 'x.b': the schema declares no such key");
  EXPECT_THAT(failure([&] { reader.integer("a"); }), HasSubstr("configuration: cannot read 'x.a': "));
  EXPECT_EQ(reader.optional_integer("none"), std::nullopt);
  EXPECT_EQ(reader.optional_text("none"), "");
  EXPECT_THAT(failure([&] { reader.map("a"); }), HasSubstr("'x.a' is not a map"));
}

TEST(Bind, ASettingThatNothingReadsIsABug) {
  const LoadedConfig loaded = load_text(minimal());
  EXPECT_EQ(failure([&] { bind_config(loaded.resolved, {}); }), "no failure");
  for (const char* section : {"data", "task", "text", "model", "loss", "optimizer", "training", "metrics"}) {
    Json changed = loaded.resolved;
    changed[section]["forgotten"] = 1;
    EXPECT_THAT(failure([&] { bind_config(changed, {}); }),
                HasSubstr(std::string(section) + ".forgotten, but nothing reads it"));
  }
  for (const char* path : {"/data/train", "/data/validation", "/data/columns", "/text/vocabulary",
                           "/training/monitor", "/metrics/threshold/fixed"}) {
    Json changed = loaded.resolved;
    changed[Json::json_pointer(path)]["forgotten"] = 1;
    EXPECT_THAT(failure([&] { bind_config(changed, {}); }), HasSubstr("forgotten, but nothing reads it"))
        << path;
  }
  Json changed = loaded.resolved;
  changed["forgotten"] = 1;
  EXPECT_THAT(failure([&] { bind_config(changed, {}); }), HasSubstr("the schema declares forgotten"));
}

}  // namespace
}  // namespace bernoulli::config
