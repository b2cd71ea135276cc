#include "distributed/place.h"

#include <cstdlib>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/message_of.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNames[] = {
    "RANK",       "WORLD_SIZE",       "MASTER_ADDR",       "MASTER_PORT",
    "LOCAL_RANK", "LOCAL_WORLD_SIZE", "BERNOULLI_JOB_KEY", "TORCHELASTIC_USE_AGENT_STORE"};

class PlaceTest : public ::testing::Test {
 protected:
  ~PlaceTest() override { set({}); }
  static void set(const std::map<std::string, std::string>& variables) {
    for (const char* name : kNames) ::unsetenv(name);
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  }
  static void set_place(const std::map<std::string, std::string>& changes) {
    std::map<std::string, std::string> variables = {
        {"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "29500"}};
    for (const auto& [name, value] : changes) variables[name] = value;
    set(variables);
  }
  static std::string fault_of(const std::map<std::string, std::string>& changes) {
    set_place(changes);
    return testing::message_of<DistributedError>(place_from_environment);
  }
};

TEST_F(PlaceTest, OneProcessHasNone) {
  set({});
  EXPECT_FALSE(place_from_environment());
  set({{"WORLD_SIZE", "1"}});
  EXPECT_FALSE(place_from_environment());
}

TEST_F(PlaceTest, IsWhatTorchrunSays) {
  set({{"RANK", "5"},
       {"WORLD_SIZE", "8"},
       {"MASTER_ADDR", "node0"},
       {"MASTER_PORT", "29500"},
       {"LOCAL_RANK", "1"},
       {"LOCAL_WORLD_SIZE", "4"},
       {"BERNOULLI_JOB_KEY", "k"}});
  const auto place = place_from_environment();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->rank, 5);
  EXPECT_EQ(place->size, 8);
  EXPECT_EQ(place->local_rank, 1);
  EXPECT_EQ(place->local_size, 4);
  EXPECT_EQ(place->address, "node0");
  EXPECT_EQ(place->port, 29500);
  EXPECT_EQ(place->key, "k");
}

/// Where they start their processes, torchrun's agent and the training would both listen at MASTER_PORT.
TEST_F(PlaceTest, LeavesItsPortToTorchrunsAgent) {
  set_place({{"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  EXPECT_EQ(place_from_environment()->port, 29501);
  set_place({{"TORCHELASTIC_USE_AGENT_STORE", "False"}});
  EXPECT_EQ(place_from_environment()->port, 29500);
  EXPECT_THAT(fault_of({{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"MASTER_PORT", "65535"}}),
              HasSubstr("MASTER_PORT is '65535' (expected 1 to 65534)"));
}

TEST_F(PlaceTest, NamesTheVariableThatIsWrong) {
  set_place({});
  EXPECT_TRUE(place_from_environment());
  EXPECT_THAT(fault_of({{"RANK", ""}}), HasSubstr("RANK is '' (expected 0 to 3)"));
  EXPECT_THAT(fault_of({{"RANK", "4"}}), HasSubstr("RANK is '4' (expected 0 to 3)"));
  EXPECT_THAT(fault_of({{"RANK", "-1"}}), HasSubstr("RANK is '-1'"));
  EXPECT_THAT(fault_of({{"WORLD_SIZE", "many"}}), HasSubstr("WORLD_SIZE is 'many' (expected 1 to 1024)"));
  EXPECT_THAT(fault_of({{"MASTER_PORT", "65536"}}),
              HasSubstr("MASTER_PORT is '65536' (expected 1 to 65535)"));
  EXPECT_THAT(fault_of({{"MASTER_ADDR", ""}}), HasSubstr("MASTER_ADDR is not set"));
  EXPECT_THAT(fault_of({{"LOCAL_RANK", "x"}}), HasSubstr("LOCAL_RANK is 'x'"));
  EXPECT_THAT(fault_of({{"LOCAL_RANK", "2"}, {"LOCAL_WORLD_SIZE", "2"}}),
              HasSubstr("LOCAL_RANK is '2' (expected 0 to 1)"));
  EXPECT_THAT(fault_of({{"BERNOULLI_JOB_KEY", "\xff"}}), HasSubstr("BERNOULLI_JOB_KEY has characters"));
}

}  // namespace
}  // namespace bernoulli
