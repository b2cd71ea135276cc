#include "sweep/leader_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bernoulli::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

Figures figures(std::optional<double> validation, std::optional<double> test, double seconds = 1) {
  return {validation, test, validation ? "" : "undefined (only one class)", seconds};
}

Sweep grid_of(const std::vector<std::string>& words) { return make_sweep(parse_axes(words, {}, false), {}); }

std::vector<int64_t> ranks(const LeaderBoard& board) {
  std::vector<int64_t> all;
  for (const BoardRow& row : board.rows) all.push_back(row.rank.value_or(0));
  return all;
}

std::vector<std::string> folders(const LeaderBoard& board) {
  std::vector<std::string> all;
  for (const BoardRow& row : board.rows) all.push_back(row.folders.front());
  return all;
}

TEST(LeaderBoard, RanksByValidationAndNeverByTest) {
  const Sweep sweep = grid_of({"lr=1,2,3"});
  const std::vector<Figures> all = {figures(0.7, 0.9), figures(0.9, 0.5), figures(0.8, 0.8)};
  const LeaderBoard higher = make_leader_board(sweep, all, {"accuracy", false});
  EXPECT_THAT(folders(higher), ElementsAre("002", "003", "001"));
  EXPECT_THAT(ranks(higher), ElementsAre(1, 2, 3));
  EXPECT_THAT(folders(make_leader_board(sweep, all, {"loss", true})), ElementsAre("001", "003", "002"));
}

TEST(LeaderBoard, GivesEqualFiguresOneRankInTheOrderOfTheirTrials) {
  const Sweep sweep = grid_of({"lr=1,2,3,4"});
  const LeaderBoard board = make_leader_board(
      sweep, {figures(0.5, {}), figures(0.9, {}), figures(0.9, {}), figures(0.7, {})}, {"f1"});
  EXPECT_THAT(folders(board), ElementsAre("002", "003", "004", "001"));
  EXPECT_THAT(ranks(board), ElementsAre(1, 1, 3, 4));
}

TEST(LeaderBoard, NamesNoWinnerByTheRoundingOfFloat32) {
  const LeaderBoard board = make_leader_board(
      grid_of({"lr=1,2,3"}), {figures(0.2391661693, {}), figures(0.2391661659, {}), figures(0.23917, {})},
      {"log_loss", true});
  EXPECT_THAT(ranks(board), ElementsAre(1, 1, 3));
}

TEST(LeaderBoard, PutsWhatHasNoFigureLastAndSaysWhy) {
  Sweep sweep = grid_of({"lr=1,2,3"});
  sweep.trials[0].state = TrialState::kFailed;
  sweep.trials[0].exit_code = 6;
  sweep.trials[0].reason = "the loss is nan";
  const LeaderBoard board =
      make_leader_board(sweep, {figures_of(sweep.trials[0]), figures({}, {}), figures(0.1, {})}, {"roc_auc"});
  EXPECT_THAT(folders(board), ElementsAre("003", "001", "002"));
  EXPECT_THAT(ranks(board), ElementsAre(1, 0, 0));
  EXPECT_EQ(board.rows[1].note, "failed with exit code 6: the loss is nan");
  EXPECT_EQ(board.rows[2].note, "undefined (only one class)");
  EXPECT_FALSE(board.rows[1].seconds);
}

TEST(LeaderBoard, TakesMeanAndSampleDeviationOverSeeds) {
  const Sweep sweep = grid_of({"lr=1,2", "training.seed=7,8,9"});
  const LeaderBoard board =
      make_leader_board(sweep,
                        {figures(0.7, 0.6, 1), figures(0.8, 0.6, 2), figures(0.9, 0.9, 6), figures(0.9, 0.1),
                         figures(0.9, 0.2), figures(0.9, 0.3)},
                        {"accuracy"});
  EXPECT_THAT(board.seeds, ElementsAre("training.seed"));
  ASSERT_EQ(board.rows.size(), 2u);
  EXPECT_THAT(board.rows[0].settings, ElementsAre(Setting{"lr", "2"}));
  const BoardRow& second = board.rows[1];
  EXPECT_THAT(second.folders, ElementsAre("001", "002", "003"));
  EXPECT_NEAR(second.validation->mean, 0.8, 1e-15);
  EXPECT_NEAR(*second.validation->deviation, 0.1, 1e-15);  // sqrt((.01 + 0 + .01) / 2)
  EXPECT_NEAR(second.test->mean, 0.7, 1e-15);
  EXPECT_NEAR(*second.test->deviation, 0.17320508075688773, 1e-15);  // sqrt((.01 + .01 + .04) / 2)
  EXPECT_NEAR(*second.seconds, 3, 1e-15);
}

TEST(LeaderBoard, DoesNotRankARowThatMissesASeed) {
  const Sweep sweep = grid_of({"lr=1,2", "training.seed=7,8"});
  const LeaderBoard board = make_leader_board(
      sweep, {figures(0.99, 0.9), figures({}, {}), figures(0.5, 0.5), figures(0.6, 0.5)}, {"accuracy"});
  EXPECT_THAT(folders(board), ElementsAre("003", "001"));
  EXPECT_THAT(ranks(board), ElementsAre(1, 0));
  EXPECT_EQ(board.rows[1].validation->mean, 0.99);
  EXPECT_FALSE(board.rows[1].test);
  EXPECT_EQ(board.rows[1].note, "002: undefined (only one class)");
}

TEST(LeaderBoard, TakesMeansOverTheSeedsOfSplitsToo) {
  const Sweep sweep =
      grid_of({"lr=1,2", "data.validation.seed=1,2", "data.test.seed=3,4", "training.seed=7"});
  const LeaderBoard board =
      make_leader_board(sweep,
                        {figures(0.1, {}), figures(0.2, {}), figures(0.3, {}), figures(1.0, {}),
                         figures(0.5, {}), figures(0.5, {}), figures(0.5, {}), figures(0.5, {})},
                        {"accuracy"});
  EXPECT_THAT(board.seeds, ElementsAre("data.validation.seed", "data.test.seed"));
  ASSERT_EQ(board.rows.size(), 2u) << "the lucky split of lr 1 does not win";
  EXPECT_THAT(board.rows[0].settings, ElementsAre(Setting{"lr", "2"}, Setting{"training.seed", "7"}));
  EXPECT_NEAR(board.rows[1].validation->mean, 0.4, 1e-15);
  EXPECT_NEAR(*board.rows[1].validation->deviation, 0.40824829046386307, 1e-15);  // sqrt(.5 / 3)
  EXPECT_THAT(to_table(board, "D"),
              HasSubstr("\neach row is a mean over data.validation.seed, data.test.seed\n"));
}

TEST(LeaderBoard, TakesMeansOverFolds) {
  const LeaderBoard board = make_leader_board(grid_of({"lr=1,2", "data.validation.fold=1,2,3"}),
                                              {figures(0.7, {}), figures(0.8, {}), figures(0.9, {}),
                                               figures(0.7, {}), figures(0.6, {}), figures(0.95, {})},
                                              {"accuracy"});
  EXPECT_THAT(board.seeds, ElementsAre("data.validation.fold"));
  ASSERT_EQ(board.rows.size(), 2u);
  EXPECT_NEAR(board.rows[0].validation->mean, 0.8, 1e-15);
  EXPECT_NEAR(*board.rows[0].validation->deviation, 0.1, 1e-15);
}

TEST(LeaderBoard, KnowsWhetherRowsAreMeansOverTheSameSeeds) {
  const std::string key = "data.validation.seed";
  Sweep sweep = grid_of({"lr=1,2", key + "=1,2"});
  EXPECT_TRUE(rows_share(sweep, key));
  sweep.trials.pop_back();  // as a random search may leave it
  EXPECT_FALSE(rows_share(sweep, key));
}

TEST(LeaderBoard, DoesNotGroupOverOneSeed) {
  const LeaderBoard board =
      make_leader_board(grid_of({"training.seed=7", "lr=1,2"}), {figures(1, 1), figures(2, 2)}, {"f1"});
  EXPECT_TRUE(board.seeds.empty());
  EXPECT_EQ(to_json(board, "D")["over_seeds"], false);
}

TEST(Figures, AreThoseOfTheSummary) {
  const Json summary = Json::parse(R"({
    "validation": {"metrics": {"f1": 0.75, "roc_auc": null}, "undefined": {"roc_auc": "only one class"}},
    "test": {"metrics": {"f1": 0.5}}, "timings": {"total_seconds": 2.5}})");
  const Figures f1 = figures_of(summary, "f1");
  EXPECT_EQ(f1.validation, 0.75);
  EXPECT_EQ(f1.test, 0.5);
  EXPECT_EQ(f1.seconds, 2.5);
  const Figures roc_auc = figures_of(summary, "roc_auc");
  EXPECT_FALSE(roc_auc.validation);
  EXPECT_FALSE(roc_auc.test);
  EXPECT_EQ(roc_auc.why_none, "validation roc_auc is undefined (only one class)");
  for (const char* strange :
       {"[]", "{}", R"({"validation": [1]})", R"({"validation": {"metrics": {"f1": "x"}}})"})
    EXPECT_EQ(figures_of(Json::parse(strange), "f1").why_none,
              "validation f1 is undefined (summary.json has none)")
        << strange;
}

/// Two rows over seeds, one of them without a rank: every kind of cell.
LeaderBoard small_board() {
  return {
      {"f1", false},
      {"training.seed"},
      {{1, {{"a.lr", "1e-3"}, {"b", "x"}}, {"001", "002"}, Spread{0.5, 0.25}, Spread{0.75, 0.125}, 1.5, ""},
       {{}, {{"a.lr", "[1, \"2\"]"}, {"b", "x"}}, {"003"}, {}, {}, {}, "failed, badly"}}};
}

TEST(LeaderBoard, PrintsWhatDiffersAndTheBest) {
  EXPECT_EQ(to_table(small_board(), "D"),
            "rank  validation f1     std  test f1     std        lr  seconds  run          note\n"
            "   1         0.5000  0.2500   0.7500  0.1250      1e-3      1.5  D/{001,002}\n"
            "   -              -       -        -       -  [1, \"2\"]        -  D/003        failed, badly\n"
            "\n"
            "each row is a mean over training.seed\n"
            "\n"
            "best by validation f1: a.lr=1e-3 b=x\n");
}

TEST(LeaderBoard, NamesNoBestWhereRowsShareTheFirstRankAndAlignsByCharacters) {
  LeaderBoard board = small_board();
  board.rows[1].rank = 1;
  board.rows[1].settings[0].value = "caf\u00E9";
  board.rows[1].note = std::string(76, 'x') + "\u00E9\u00E9\u00E9";  // the cut would go through a character
  const std::string table = to_table(board, "D");
  EXPECT_THAT(table, EndsWith("\n\nno single best: 2 rows share rank 1 by validation f1\n"));
  EXPECT_THAT(table, Not(HasSubstr("best by")));
  EXPECT_THAT(table, HasSubstr("    lr  seconds  run"));
  EXPECT_THAT(table, HasSubstr("  caf\u00E9        -  D/003        " + std::string(76, 'x') + "...\n"));
}

TEST(LeaderBoard, WritesEveryColumnAsCsv) {
  EXPECT_EQ(to_csv(small_board(), "D"),
            "rank,validation_f1,validation_std,test_f1,test_std,a.lr,b,seconds,runs,note\n"
            "1,0.5,0.25,0.75,0.125,1e-3,x,1.5,\"D/{001,002}\",\n"
            ",,,,,\"[1, \"\"2\"\"]\",x,,D/003,\"failed, badly\"\n");
}

TEST(LeaderBoard, WritesTheSameAsJson) {
  const Json json = to_json(small_board(), "D");
  EXPECT_EQ(json["metric"], "f1");
  EXPECT_EQ(json["over_seeds"], true);
  EXPECT_EQ(json["seeds"], Json{"training.seed"});
  EXPECT_EQ(json["rows"][0], Json::parse(R"({"rank": 1, "validation": {"mean": 0.5, "std": 0.25},
    "test": {"mean": 0.75, "std": 0.125}, "settings": {"a.lr": "1e-3", "b": "x"}, "seconds": 1.5,
    "runs": ["D/001", "D/002"], "note": ""})"));
  EXPECT_EQ(json["rows"][1]["rank"], nullptr);
  EXPECT_EQ(json["rows"][1]["validation"], nullptr);
}

TEST(LeaderBoard, ShowsNoControlCharacters) {
  LeaderBoard board = small_board();
  board.rows[0].settings[1].value = "\x1b[31m";
  EXPECT_THAT(to_table(board, "D"), HasSubstr("\\x1b[31m"));
}

}  // namespace
}  // namespace bernoulli::sweep
