#include "sweep/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "sweep/leader_board.h"
#include "sweep/rows.h"

namespace bernoulli::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

const Ranking kAccuracy = {"accuracy", false};

std::vector<int64_t> all_epochs(const Halving& halving, const TrialLength& length) {
  std::vector<int64_t> epochs;
  for (int64_t rung = 1; rung <= halving.num_rungs; ++rung)
    epochs.push_back(rung_epochs(halving, length, rung));
  return epochs;
}

std::vector<TrialLength> all_of(const Sweep& sweep, const TrialLength& length) {
  return std::vector<TrialLength>(sweep.trials.size(), length);
}

/// A grid in its first rung, of trainings of 9 epochs unless it says otherwise.
Sweep halved(const std::vector<std::string>& words, int64_t factor, const TrialLength& length = {9}) {
  Sweep sweep = make_sweep(parse_axes(words, {}, false), std::nullopt);
  const std::vector<TrialLength> lengths = all_of(sweep, length);
  const auto num_rows = static_cast<int64_t>(rows_of(sweep).size());
  begin_halving(sweep, {factor, num_rungs(factor, lengths, num_rows)}, lengths);
  return sweep;
}

/// As a sweep does: whoever waits is trained to its rung's end, or to its own in the last rung.
void train(Sweep& sweep) {
  for (Trial& trial : sweep.trials) {
    if (trial.state == TrialState::kWaiting)
      trial.state = trial.rung == sweep.halving->num_rungs ? TrialState::kFinished : TrialState::kPaused;
  }
}

std::vector<Figures> figures(const std::vector<double>& values) {
  std::vector<Figures> all;
  for (const double value : values) all.push_back({value, {}, "", 1.0});
  return all;
}

std::optional<RungEnd> end(Sweep& sweep, const std::vector<Figures>& all,
                           const Ranking& ranking = kAccuracy) {
  return end_rung(sweep, all, ranking, all_of(sweep, {9}));
}

std::string states(const Sweep& sweep) {
  std::string letters;
  for (const Trial& trial : sweep.trials)
    letters += trial.state == TrialState::kWaiting      ? 'w'
               : trial.state == TrialState::kFinished   ? 'f'
               : trial.state == TrialState::kFailed     ? 'x'
               : trial.state == TrialState::kPaused     ? 'p'
               : trial.state == TrialState::kLeftBehind ? '-'
                                                        : '?';
  return letters;
}

TEST(Halving, HasAsManyRungsAsRowsAndEpochsAllow) {
  EXPECT_EQ(num_rungs(3, {{9}}, 27), 3) << "27 rows would allow four";
  EXPECT_EQ(num_rungs(3, {{27}}, 9), 3);
  EXPECT_EQ(num_rungs(3, {{27}}, 8), 2);
  EXPECT_EQ(num_rungs(3, {{8}}, 100), 2);
  EXPECT_EQ(num_rungs(3, {{100}, {2}}, 100), 1) << "the shortest training counts";
  EXPECT_EQ(num_rungs(2, {{8}}, 2), 2);
  EXPECT_EQ(num_rungs(2, {{8}}, std::nullopt), 4) << "as many rows as there is time for";
  EXPECT_EQ(num_rungs(3, {{27, 3}}, 100), 3) << "9 validations";
}

TEST(Halving, TrainsEachRungFactorTimesAsLong) {
  EXPECT_THAT(all_epochs({3, 3}, {9}), ElementsAre(1, 3, 9));
  EXPECT_THAT(all_epochs({3, 3}, {10}), ElementsAre(2, 4, 10));
  EXPECT_THAT(all_epochs({2, 4}, {8}), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(all_epochs({10, 2}, {15}), ElementsAre(2, 15));
  EXPECT_THAT(all_epochs({3, 2}, {9, 2}), ElementsAre(4, 9)) << "an epoch behind which is validated";
  EXPECT_THAT(all_epochs({3, 2}, {3}), ElementsAre(1, 3));
}

TEST(Halving, TheBestGoOnAndTheOthersSayWhyNot) {
  Sweep sweep = halved({"lr=1,2,3,4,5,6,7,8,9"}, 3);
  train(sweep);
  const auto first = end(sweep, figures({.1, .9, .2, .8, .3, .7, .4, .6, .5}));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->rung, 1);
  EXPECT_EQ(first->num_rows, 9);
  EXPECT_THAT(first->going_on, ElementsAre(2, 4, 6));
  EXPECT_EQ(states(sweep), "-w-w-w---");
  EXPECT_EQ(sweep.trials[1].rung, 2);
  EXPECT_EQ(sweep.trials[1].epochs, 3);
  EXPECT_EQ(sweep.trials[7].rung, 1);
  EXPECT_EQ(sweep.trials[7].epochs, 1);
  EXPECT_EQ(sweep.trials[7].reason, "left behind after rung 1 of 3: place 4 of 9, 3 went on");
  train(sweep);
  EXPECT_THAT(end(sweep, figures({1, .7, 1, .9, 1, .8, 1, 1, 1}))->going_on, ElementsAre(4))
      << "whoever was left behind does not come back";
  train(sweep);
  EXPECT_EQ(states(sweep), "---f-----");
}

TEST(Halving, LowerMayBeBetterAndEqualOnesGoInTheirOrder) {
  Sweep sweep = halved({"lr=1,2,3,4"}, 2);
  train(sweep);
  EXPECT_THAT(end(sweep, figures({.5, .3, .3, .3}), {"loss", true})->going_on, ElementsAre(2, 3));
  EXPECT_EQ(states(sweep), "-ww-");
}

TEST(Halving, CountsRowsThatTheCutTellsApartByTheirNumbersAlone) {
  const auto end_of = [](const std::vector<double>& values) {
    Sweep sweep = halved({"lr=1,2,3,4,5,6"}, 2);
    train(sweep);
    return *end(sweep, figures(values));
  };
  const RungEnd tied = end_of({0, .5, 0, 0, 0, .1});
  EXPECT_EQ(tied.num_going_on, 3);
  EXPECT_THAT(tied.going_on, ElementsAre(1, 2, 6));
  EXPECT_EQ(tied.num_tied, 4);
  EXPECT_EQ(tied.num_tied_going_on, 1);
  EXPECT_EQ(tied.tied_at, 0);
  const RungEnd rounded = end_of({.7, .6, .5, .5 + 1e-8, .4, .3});
  EXPECT_EQ(rounded.num_tied, 2) << "no row wins by the rounding of float32";
  EXPECT_EQ(rounded.num_tied_going_on, 1);
  EXPECT_EQ(end_of({.9, .9, .9, .1, .1, .1}).num_tied, 0) << "all equal ones are on one side";
  EXPECT_EQ(end_of({.6, .5, .4, .3, .2, .1}).num_tied, 0);
}

TEST(Halving, TrialsThatDifferInSeedsGoOnTogether) {
  Sweep sweep = halved({"lr=1,2", "training.seed=1,2"}, 2);
  train(sweep);
  const auto first = end(sweep, figures({.9, .1, .6, .5}));
  EXPECT_EQ(first->num_rows, 2);
  EXPECT_EQ(first->num_going_on, 1);
  EXPECT_THAT(first->going_on, ElementsAre(3, 4)) << "a mean of .55 beats one of .5";
  EXPECT_EQ(states(sweep), "--ww");
}

TEST(Halving, ARowWithAFailureOrWithoutAFigureIsOut) {
  Sweep sweep = halved({"lr=1,2,3,4", "training.seed=1,2"}, 2);
  train(sweep);
  sweep.trials[0].state = TrialState::kFailed;
  std::vector<Figures> all = figures({.9, .9, .8, .8, .1, .1, .2, .2});
  all[3].validation.reset();
  all[3].why_none = "validation accuracy is undefined";
  EXPECT_THAT(end(sweep, all)->going_on, ElementsAre(5, 6, 7, 8));
  EXPECT_EQ(states(sweep), "x---wwww");
  EXPECT_EQ(sweep.trials[1].reason, "its row is out: 001 failed");
  EXPECT_EQ(sweep.trials[2].reason, "its row is out: 004: validation accuracy is undefined");
}

TEST(Halving, WhoEndsByItselfTakesAPlaceAndStaysFinished) {
  Sweep sweep = halved({"lr=1,2,3,4"}, 2);
  train(sweep);
  sweep.trials[0].state = sweep.trials[3].state = TrialState::kFinished;
  EXPECT_THAT(end(sweep, figures({.9, .8, .7, .1}))->going_on, ElementsAre(1, 2));
  EXPECT_EQ(states(sweep), "fw-f");
}

TEST(Halving, ARungThatNobodySurvivedIsDecidedAgain) {
  Sweep sweep = halved({"lr=1,2", "training.seed=1,2"}, 2);
  train(sweep);
  sweep.trials[0].state = sweep.trials[2].state = TrialState::kFailed;
  EXPECT_TRUE(end(sweep, figures({0, .5, 0, .4}))->going_on.empty());
  EXPECT_EQ(states(sweep), "x-x-");
  reopen_rung(sweep);
  EXPECT_EQ(states(sweep), "xpxp");
  sweep.trials[2].state = TrialState::kPaused;
  EXPECT_THAT(end(sweep, figures({0, .5, .4, .4}))->going_on, ElementsAre(3, 4));
  reopen_rung(sweep);
  EXPECT_EQ(states(sweep), "x-ww") << "it was decided";
}

TEST(Halving, RowsThatWereNeverBegunAreLeftOut) {
  Sweep sweep = halved({"lr=1,2,3,4,5,6,7,8,9"}, 3);
  for (size_t i = 0; i < 4; ++i) sweep.trials[i].state = TrialState::kPaused;
  const auto first = end(sweep, figures({.1, .2, .3, .4, 0, 0, 0, 0, 0}));
  EXPECT_EQ(first->num_rows, 4);
  EXPECT_THAT(first->going_on, ElementsAre(3, 4));
  EXPECT_EQ(states(sweep), "--ww-----");
  EXPECT_EQ(sweep.trials[8].rung, 0);
  EXPECT_THAT(sweep.trials[8].reason, HasSubstr("never begun"));
  EXPECT_FALSE(figures_of(sweep.trials[8]).was_begun);
  train(sweep);
  EXPECT_EQ(end(sweep, figures({0, 0, .4, .3, 0, 0, 0, 0, 0}))->num_rows, 2);
}

TEST(Halving, TheLastRungAndASweepWithoutRungsEndNothing) {
  Sweep sweep = halved({"lr=1,2"}, 2);
  train(sweep);
  ASSERT_TRUE(end(sweep, figures({.1, .2})));
  train(sweep);
  EXPECT_FALSE(end(sweep, figures({.1, .2})));
  EXPECT_EQ(states(sweep), "-f");
  Sweep plain = make_sweep(parse_axes({"lr=1,2"}, {}, false), std::nullopt);
  EXPECT_FALSE(end(plain, figures({.1, .2})));
}

TEST(Halving, TheBoardHasWhoWasTrainedLongerBefore) {
  Sweep sweep = halved({"lr=1,2,3,4"}, 2);
  train(sweep);
  ASSERT_TRUE(end(sweep, figures({.9, .1, .8, .2})));
  train(sweep);
  ASSERT_TRUE(end(sweep, figures({.6, 0, .5, 0})));
  train(sweep);
  std::vector<Figures> all = figures({.4, .95, .5, .99});
  for (size_t i = 1; i < 4; ++i) all[i].is_final = false;
  const int64_t trained[] = {9, 3, 5, 3};
  for (size_t i = 0; i < 4; ++i) all[i].epochs = trained[i];
  const LeaderBoard board = make_leader_board(sweep, all, kAccuracy);
  std::vector<std::string> folders;
  std::vector<int64_t> ranks;
  for (const BoardRow& row : board.rows) {
    folders.push_back(row.folders.front());
    ranks.push_back(row.rank.value_or(0));
  }
  EXPECT_THAT(folders, ElementsAre("001", "003", "004", "002"));
  EXPECT_THAT(ranks, ElementsAre(1, 2, 3, 4));
  const Json json = to_json(board, "D");
  EXPECT_EQ(json["rows"][0]["epochs"], 9);
  EXPECT_EQ(json["rows"][0]["trained_to_end"], true);
  EXPECT_EQ(json["rows"][1]["epochs"], 5);
  EXPECT_EQ(json["rows"][1]["trained_to_end"], false);
  EXPECT_EQ(json["rows"][1]["note"], "left behind after rung 2 of 3: place 2 of 2, 1 went on");
  EXPECT_THAT(to_csv(board, "D"), HasSubstr(",lr,epochs,seconds,runs,note\n1,0.4,,,,1,9,1,D/001,\n"));
  EXPECT_THAT(to_table(board, "D"), HasSubstr("best by validation accuracy: lr=1\n"));
}

TEST(Halving, OfWhoWasNeverBegunTheBoardSaysNothing) {
  Sweep sweep = halved({"lr=1,2,3"}, 2);
  std::vector<Figures> all = figures({.5, 0, 0});
  all[1] = figures_of(sweep.trials[1]);
  all[2] = figures_of(sweep.trials[2]);
  EXPECT_EQ(make_leader_board(sweep, all, kAccuracy).rows.size(), 1u);
}

TEST(Halving, IsKeptInSweepJson) {
  Sweep sweep = halved({"lr=1,2,3,4"}, 2);
  train(sweep);
  ASSERT_TRUE(end(sweep, figures({.9, .1, .8, .2})));
  const Json json = to_json(sweep);
  EXPECT_EQ(json["halving"], Json::parse(R"({"factor": 2, "rungs": 3})"));
  EXPECT_EQ(json["trials"][1]["state"], "left_behind");
  EXPECT_EQ(json["trials"][1]["rung"], 1);
  EXPECT_EQ(json["trials"][1]["epochs"], 3);
  EXPECT_THAT(json["trials"][1]["reason"].get<std::string>(), HasSubstr("place 4 of 4"));
  const Sweep again = sweep_from_json(Json::parse(json.dump()), "sweep.json");
  EXPECT_EQ(to_json(again), json);
  EXPECT_TRUE(again.trials[1].is_settled());
  EXPECT_FALSE(to_json(make_sweep(parse_axes({"lr=1,2"}, {}, false), {})).contains("halving"));
}

TEST(Halving, RefusesADamagedRecord) {
  const Json sound = to_json(halved({"lr=1,2,3,4"}, 2));
  const auto message = [&](const char* pointer, Json value) {
    Json json = sound;
    json[Json::json_pointer(pointer)] = std::move(value);
    try {
      sweep_from_json(json, "sweep.json");
    } catch (const ArtifactError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message("/rank_by", nullptr), "accepted");
  EXPECT_THAT(message("/halving/factor", 1), HasSubstr("no halving by 1 in 3 rungs"));
  EXPECT_THAT(message("/halving/rungs", "3"), HasSubstr("'sweep.json' is damaged"));
  EXPECT_THAT(message("/trials/1/rung", 4), HasSubstr("trial 2 is in rung 4 of 3"));
  EXPECT_THAT(message("/trials/1/epochs", 0), HasSubstr("for 0 epochs"));
  EXPECT_THAT(message("/trials/1/state", "left_behind"), HasSubstr("damaged")) << "it has no reason";
  Json plain = sound;
  plain.erase("halving");
  plain["trials"][0]["state"] = "paused";
  EXPECT_THROW(sweep_from_json(plain, "sweep.json"), ArtifactError);
}

TEST(Halving, IsNotGoneOnWithByAnotherFactorOrMoreDraws) {
  const Sweep two = halved({"lr=1,2,3,4"}, 2), three = halved({"lr=1,2,3,4"}, 3);
  const Sweep none = make_sweep(parse_axes({"lr=1,2,3,4"}, {}, false), std::nullopt);
  EXPECT_EQ(sweep_differences(two, two), "");
  EXPECT_EQ(sweep_differences(two, three), "\n  --halving 2 in the sweep, --halving 3 now");
  EXPECT_EQ(sweep_differences(two, none), "\n  --halving 2 in the sweep, no --halving now");
  const auto draws = [](int64_t count) {
    Sweep sweep = make_sweep(parse_axes({"a=1..99"}, {}, true), RandomSearch{count, 1});
    begin_halving(sweep, {2, 2}, all_of(sweep, {9}));
    return sweep;
  };
  EXPECT_EQ(sweep_differences(draws(4), draws(4)), "");
  EXPECT_EQ(sweep_differences(draws(4), draws(5)),
            "\n  --random 4 --seed 1 in the sweep, --random 5 --seed 1 now");
}

TEST(Halving, KnowsWhatTheLaterRungsWillTake) {
  const Halving halving = {3, 3};
  const auto seconds = [&](int64_t num_trials, const std::vector<TrialCost>& measured, int64_t jobs,
                           bool lower = false) {
    return seconds_to_the_end(halving, num_trials, measured, {"f1", lower}, jobs);
  };
  // 9 trials of 9 epochs: one more, then 3 for 2 epochs and 1 for 6; each 0.5 s around its epochs of 2 s.
  EXPECT_DOUBLE_EQ(seconds(9, {{0, 0.5, 2, {9}}}, 1), 2.5 + 3 * 4.5 + 12.5);
  EXPECT_DOUBLE_EQ(seconds(9, {{0, 0.5, 2, {9}}}, 2), 2.5 + 2 * 4.5 + 12.5);
  EXPECT_DOUBLE_EQ(seconds(1, {{0, 0.5, 2, {9}}}, 8), 2.5 + 4.5 + 12.5);
  // The first of two is the better one: the later rungs are reckoned by it.
  const std::vector<TrialCost> two = {{0.9, 0, 3, {9}}, {0.1, 0, 1, {9}}};
  EXPECT_DOUBLE_EQ(seconds(3, two, 1), 2 + 6 + 18);
  EXPECT_DOUBLE_EQ(seconds(3, two, 1, true), 2 + 2 + 6);
}

TEST(Halving, PlansItsRungs) {
  const Sweep sweep = halved({"lr=1,2,3,4,5,6,7,8,9,10"}, 3);
  EXPECT_EQ(plan_text(sweep, all_of(sweep, {9}), false),
            "rung 1: 10 rows, to epoch 1\nrung 2: the best 4, to epoch 3\nrung 3: the best 2, to epoch 9, "
            "their end\n");
  std::vector<TrialLength> lengths = all_of(sweep, {9});
  lengths[0] = {90};
  EXPECT_THAT(plan_text(sweep, lengths, true),
              AllOf(HasSubstr("rung 1: as many of 10 rows as there is time for, to epoch 1 to 10\n"),
                    HasSubstr("rung 2: one of 3, to epoch 3 to 30\n")));
}

std::string validation(int epoch, int step, double loss, double accuracy) {
  return Json{{"event", "validation"}, {"epoch", epoch}, {"step", step},
              {"seconds", step * 0.5}, {"loss", loss},   {"accuracy", accuracy}}
             .dump() +
         "\n";
}

TEST(FiguresAfter, AreOfTheCheckpointThatWouldBeChosen) {
  const std::string events = validation(1, 10, .5, .7) + validation(2, 20, .4, .8) +
                             validation(3, 30, .4, .9) + validation(4, 40, .1, .1) + "{\"event\": \"val";
  TrainingConfig training;
  Figures third = figures_after(events, 3, training, "accuracy");
  EXPECT_EQ(third.validation, .8) << "the first of two equal losses, as the trainer has it";
  EXPECT_EQ(third.epochs, 3);
  EXPECT_EQ(third.seconds, 15.0);
  EXPECT_FALSE(third.is_final);
  EXPECT_EQ(figures_after(events, 1, training, "loss").validation, .5);
  training.monitor = "accuracy";
  EXPECT_EQ(figures_after(events, 9, training, "loss").validation, .4);
  training.monitor_mode = "min";
  EXPECT_EQ(figures_after(events, 9, training, "loss").validation, .1);
  training.restore_best = false;
  EXPECT_EQ(figures_after(events, 3, training, "accuracy").validation, .9);
}

TEST(FiguresAfter, AnUndefinedMonitorIsNeverTheBest) {
  const std::string undefined =
      R"({"event": "validation", "epoch": 1, "step": 1, "roc_auc": null, "f1": 0.25})"
      "\n";
  TrainingConfig training;
  training.monitor = "roc_auc";
  EXPECT_EQ(figures_after(undefined, 1, training, "f1").validation, .25) << "without a best one the last";
  EXPECT_EQ(figures_after(undefined, 1, training, "roc_auc").why_none, "validation roc_auc is undefined");
  EXPECT_EQ(figures_after("", 1, training, "f1").why_none, "metrics.jsonl has no validation");
  EXPECT_FALSE(figures_after("", 1, training, "f1").epochs);
}

}  // namespace
}  // namespace bernoulli::sweep
