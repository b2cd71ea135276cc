#include "sweep/trial.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "sweep/naming.h"

namespace bernoulli::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

Sweep sweep_of(const std::vector<std::string>& words, std::optional<RandomSearch> random = std::nullopt) {
  return make_sweep(parse_axes(words, {}, random.has_value()), random);
}

std::vector<std::string> texts(const Sweep& sweep) {
  std::vector<std::string> all;
  for (const Trial& trial : sweep.trials) all.push_back(settings_text(sweep, trial));
  return all;
}

std::string refusal(const std::vector<std::string>& words, std::optional<RandomSearch> random) {
  try {
    sweep_of(words, random);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Sweep, IsEveryCombinationTheLastAxisFirst) {
  const Sweep sweep = sweep_of({"a.lr=1,2", "b=7", "c=x,y,z"});
  EXPECT_THAT(texts(sweep), ElementsAre("  lr=1  c=x", "  lr=1  c=y", "  lr=1  c=z", "  lr=2  c=x",
                                        "  lr=2  c=y", "  lr=2  c=z"));
  EXPECT_THAT(sweep.trials[4].settings,
              ElementsAre(Setting{"a.lr", "2"}, Setting{"b", "7"}, Setting{"c", "y"}));
  EXPECT_EQ(sweep.trials[4].number, 5);
  EXPECT_EQ(sweep.trials[4].folder(), "005");
}

TEST(Sweep, RefusesNoAxisAndTooManyCombinations) {
  EXPECT_THAT(refusal({}, std::nullopt), HasSubstr("no axis was named"));
  std::string hundred = "0";
  for (int i = 1; i < 100; ++i) hundred += "," + std::to_string(i);
  EXPECT_EQ(refusal({"a=" + hundred, "b=" + hundred}, std::nullopt), "accepted");
  EXPECT_THAT(refusal({"a=" + hundred, "b=" + hundred, "c=1,2"}, std::nullopt),
              HasSubstr("more than 10000 combinations"));
}

TEST(Sweep, DrawsAreAFunctionOfSeedAndNumber) {
  const std::vector<std::string> words = {"lr=log:1e-4..1e-1", "dim=16..128", "split=a,b,c"};
  const Sweep ten = sweep_of(words, RandomSearch{10, 3}), twenty = sweep_of(words, RandomSearch{20, 3});
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(ten.trials[i].settings, twenty.trials[i].settings) << i;
  EXPECT_NE(texts(ten), texts(sweep_of(words, RandomSearch{10, 4})));
}

TEST(Sweep, DrawsNoTrialTwiceAndKnowsWhenThereAreNoMore) {
  const Sweep sweep = sweep_of({"a=1,2,3", "b=1..4"}, RandomSearch{12, 0});
  const std::vector<std::string> all = texts(sweep);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 12u);
  EXPECT_THAT(refusal({"a=1,2,3", "b=1..4"}, RandomSearch{13, 0}),
              HasSubstr("--random 13: 12 different trials were found"));
  EXPECT_THAT(refusal({"a=1..90000"}, RandomSearch{10'001, 0}), HasSubstr("at most 10000 trials"));
}

TEST(Sweep, IsReadBackAsItWasWritten) {
  Sweep sweep = sweep_of({"lr=0.1..0.9", "k=[1, 2],'a,b'"}, RandomSearch{3, 18446744073709551615u});
  sweep.trials[0].state = TrialState::kFinished;
  sweep.trials[1] = {2, sweep.trials[1].settings, TrialState::kFailed, 6, "the loss is nan", 4};
  const Json json = to_json(sweep);
  const Sweep again = sweep_from_json(Json::parse(json.dump()), "sweep.json");
  EXPECT_EQ(to_json(again), json);
  EXPECT_TRUE(again.axes[0].range);
  EXPECT_EQ(again.random->seed, 18446744073709551615u);
  EXPECT_EQ(again.trials[1].state, TrialState::kFailed);
  EXPECT_EQ(again.trials[1].exit_code, 6);
  EXPECT_EQ(again.trials[1].reason, "the loss is nan");
  EXPECT_EQ(sweep_differences(sweep, again), "");
}

TEST(Sweep, RefusesADamagedRecord) {
  const Json sound = to_json(sweep_of({"a=1,2"}));
  const auto message = [&](const char* pointer, Json value) {
    Json json = sound;
    json[Json::json_pointer(pointer)] = std::move(value);
    try {
      sweep_from_json(json, "D/sweep.json");
    } catch (const ArtifactError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message("/axes", 3), StartsWith("'D/sweep.json' is damaged: "));
  EXPECT_THAT(message("/trials/0/state", "asleep"), HasSubstr("there is no state 'asleep'"));
  EXPECT_THAT(message("/trials/0/settings/a", 1), StartsWith("'D/sweep.json' is damaged: "));
  EXPECT_THAT(message("/trials/1/number", 1), HasSubstr("not numbered from 1"));
  EXPECT_THAT(message("/trials", Json::array()), HasSubstr("it has no trials"));
  EXPECT_THAT(message("/trials/1/settings", Json::object()),
              HasSubstr("trial 2 has other settings than the axes"));
  EXPECT_THAT(message("/trials/1/settings/b", "3"), HasSubstr("trial 2 has other settings than the axes"));
  EXPECT_THAT(message("/trials/1/number", 1e300), StartsWith("'D/sweep.json' is damaged: "));
}

TEST(Sweep, SaysWhatDiffersFromTheOneItWouldGoOnWith) {
  const Sweep before = sweep_of({"a=1,2", "b=3"});
  EXPECT_EQ(sweep_differences(before, before), "");
  EXPECT_EQ(sweep_differences(before, sweep_of({"a=1,2,3", "b=3"})), "\n  a=1,2 in the sweep, a=1,2,3 now");
  EXPECT_EQ(sweep_differences(before, sweep_of({"a=1,2"})), "\n  b=3 in the sweep, no further axis now");
  EXPECT_EQ(sweep_differences(before, sweep_of({"a=1,2", "b=3"}, RandomSearch{2, 7})),
            "\n  every combination in the sweep, --random 2 --seed 7 now");
}

TEST(Sweep, GoesOnWithMoreDrawsButNotWithFewer) {
  const auto draws = [](int64_t count, uint64_t seed) {
    return sweep_of({"a=1..9"}, RandomSearch{count, seed});
  };
  EXPECT_EQ(sweep_differences(draws(3, 1), draws(5, 1)), "");
  EXPECT_EQ(sweep_differences(draws(5, 1), draws(3, 1)),
            "\n  --random 5 --seed 1 in the sweep, --random 3 --seed 1 now");
  EXPECT_NE(sweep_differences(draws(3, 1), draws(3, 2)), "");
}

TEST(Trial, IsSettledWhereAnotherTryWouldEndAlike) {
  Trial trial;
  EXPECT_FALSE(trial.is_settled());
  trial.state = TrialState::kFinished;
  EXPECT_TRUE(trial.is_settled());
  trial.state = TrialState::kFailed;
  trial.exit_code = 5;
  EXPECT_FALSE(trial.is_settled()) << "a disk may have room again";
  trial.exit_code = 6;
  EXPECT_TRUE(trial.is_settled()) << "a diverged training diverges again";
}

TEST(Naming, TakesAsMuchOfAKeyAsTellsItFromTheOthers) {
  EXPECT_THAT(short_names({"optimizer.adam.lr", "training.seed", "data.validation.seed", "name"}),
              ElementsAre("lr", "training.seed", "validation.seed", "name"));
  EXPECT_THAT(short_names({"a.b", "b"}), ElementsAre("a.b", "b"));
}

TEST(Naming, JoinsNumbersThatFollowOneAnother) {
  EXPECT_EQ(number_list({1, 2, 3, 7, 9, 10}), "1-3, 7, 9-10");
  std::vector<int64_t> odd;
  for (int64_t i = 1; i < 60; i += 2) odd.push_back(i);
  EXPECT_EQ(number_list(odd), "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 18 more");
}

}  // namespace
}  // namespace bernoulli::sweep
