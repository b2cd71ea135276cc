// What all verbs have in common: help, mistakes, forms of an answer, streams.

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/file.h"
#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndProgram : public EndToEnd {};

TEST_F(EndToEndProgram, HelpAndMistakesNeedNoOtherProgram) {
  const fs::path alone = folder_ / "alone";
  fs::copy_file(BERNOULLI_PROGRAM, alone);
  const auto ask = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), alone.string());
    return run_program(std::move(rest));
  };
  for (const char* verb : {"init", "train", "evaluate", "predict", "serve", "export", "info", "report",
                           "stability", "config", "doctor"}) {
    const ProgramResult help = ask({verb, "--help"});
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_THAT(help.out, HasSubstr(std::string("usage: bernoulli ") + verb));
    EXPECT_EQ(ask({verb, "-h"}).out, help.out);
    EXPECT_EQ(ask({"help", verb}).out, help.out);
    const ProgramResult mistake = ask({verb, "--no-such-option"});
    EXPECT_EQ(mistake.exit_code, 2);
    EXPECT_THAT(mistake.err, HasSubstr("unknown option '--no-such-option'"));
  }
  const std::string config = (folder_ / "config.yaml").string();
  for (const char* verb : {"train", "stability"}) {
    const ProgramResult fault = ask({verb, config, "--set", "training.epochs=none"});
    EXPECT_EQ(fault.exit_code, 2);
    EXPECT_THAT(fault.err, HasSubstr("training.epochs"));
    const ProgramResult handed_over = ask({verb, config});
    EXPECT_EQ(handed_over.exit_code, 5);
    EXPECT_THAT(handed_over.err, HasSubstr("bernoulli-torch"));
  }
  EXPECT_EQ(ask({"export", (folder_ / "nothing").string()}).exit_code, 4);
}

TEST_F(EndToEndProgram, WhereALibraryIsMissingItIsNamedWithARemedy) {
  fs::create_directory(folder_ / "lacking");
  fs::copy_file(BERNOULLI_PROGRAM, folder_ / "lacking/bernoulli");
  std::string program = read_file(fs::path(BERNOULLI_PROGRAM).parent_path() / "bernoulli-torch");
  const std::string there = "libtorch_cpu.so", elsewhere = "libtorch_cpu.no";
  size_t found = program.find(there);
  ASSERT_NE(found, program.npos);
  for (; found != program.npos; found = program.find(there, found))
    program.replace(found, there.size(), elsewhere);
  fs::permissions(folder_.write("lacking/bernoulli-torch", program), fs::perms::owner_all);
  const ProgramResult result = run_program({(folder_ / "lacking/bernoulli").string(), "doctor"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("for libtorch_cpu.no cannot be found"), HasSubstr("LD_LIBRARY_PATH")));
}

TEST_F(EndToEndProgram, WhatTheUserHasSetForLibTorchStays) {
  fs::create_directory(folder_ / "bin");
  fs::copy_file(BERNOULLI_PROGRAM, folder_ / "bin/bernoulli");
  fs::permissions(folder_.write("bin/bernoulli-torch", "#!/bin/sh\nexec env\n"), fs::perms::owner_all);
  const auto handed_over = [&](std::vector<std::string> set) {
    std::vector<std::string> words = {"/usr/bin/env"};
    for (const char* name : {"GLIBC_TUNABLES", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "MKL_CBWR"})
      words.insert(words.end(), {"-u", name});
    words.insert(words.end(), set.begin(), set.end());
    words.insert(words.end(), {(folder_ / "bin/bernoulli").string(), "doctor"});
    return run_program(words).out;
  };
  EXPECT_THAT(handed_over({}),
              AllOf(HasSubstr("GLIBC_TUNABLES=glibc.malloc.hugetlb=1\n"), HasSubstr("GOMP_SPINCOUNT=1000\n"),
                    HasSubstr("MKL_CBWR=AUTO,STRICT\n")));
  EXPECT_THAT(
      handed_over({"GLIBC_TUNABLES=glibc.malloc.arena_max=3", "GOMP_SPINCOUNT=7", "MKL_CBWR=COMPATIBLE"}),
      AllOf(HasSubstr("GLIBC_TUNABLES=glibc.malloc.arena_max=3\n"), HasSubstr("GOMP_SPINCOUNT=7\n"),
            HasSubstr("MKL_CBWR=COMPATIBLE\n")));
  EXPECT_THAT(handed_over({"OMP_WAIT_POLICY=active"}), Not(HasSubstr("GOMP_SPINCOUNT")));
}

TEST_F(EndToEndProgram, AConfigurationMayHaveANameInAnyBytes) {
  folder_.write("odd\xff.yaml", kEndToEndConfig);
  for (const char* action : {"check", "show"}) {
    const ProgramResult result = run({"config", action, (folder_ / "odd\xff.yaml").string(), "--json"});
    EXPECT_EQ(result.exit_code, 0) << action << result.err;
    EXPECT_TRUE(Json::accept(result.out)) << action;
  }
}

TEST_F(EndToEndProgram, AConfigurationInAPipeIsRefusedWithTheReason) {
  const ProgramResult refused =
      run_program({"/bin/sh", "-c", "true | " + std::string(BERNOULLI_PROGRAM) + " train /dev/stdin"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("it is a device or pipe, not a file"));
}

TEST_F(EndToEndProgram, EveryResultHasAJsonForm) {
  const auto json_of = [&](const std::vector<std::string>& words) {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out, nullptr, false);
  };
  const Json batch = json_of(train_words("dry", {"--dry-run", "--json"}));
  EXPECT_EQ(batch["examples"], 8);
  EXPECT_GT(batch["loss"], 0);
  EXPECT_TRUE(batch["gradient_norm"].is_number());
  EXPECT_FALSE(fs::exists(folder_ / "dry"));
  const Json checked = json_of({"config", "check", (folder_ / "config.yaml").string(), "--json"});
  EXPECT_EQ(checked, Json({{"name", "config"}, {"valid", true}, {"faults", Json::array()}}));
  const Json keys = json_of({"config", "describe", "--json", "--key", "training.monitor"});
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[1]["key"], "training.monitor.metric");
  EXPECT_EQ(keys[1]["default"], "loss");
  EXPECT_EQ(keys[1]["required"], false);
  EXPECT_EQ(json_of({"config", "schema", "--json"}), json_of({"config", "schema"}));
  EXPECT_EQ(json_of({"doctor", "--json"})["healthy"], true);
}

TEST_F(EndToEndProgram, PrintsNothingButResultsOnStandardOutput) {
  const ProgramResult trained = run(train_words("run", {"--json", "--quiet"}));
  ASSERT_EQ(trained.exit_code, 0);
  EXPECT_EQ(trained.err, "");
  EXPECT_EQ(Json::parse(trained.out), read_json("run/summary.json"));
}

TEST_F(EndToEndProgram, AClosedStandardOutputIsAnError) {
  const ProgramResult full =
      run_program({"/bin/sh", "-c", std::string(BERNOULLI_PROGRAM) + " config schema > /dev/full"});
  EXPECT_EQ(full.exit_code, 5);
  EXPECT_THAT(full.err, HasSubstr("cannot write to standard output"));
}

}  // namespace
}  // namespace bernoulli::testing
