// Where things are drawn: the area inside the axes goes from x = 58 to 406, and is 190 high.

#include "report/plot.h"

#include <cmath>
#include <limits>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bernoulli::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// What the first group of each match is.
std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

std::string path_of(const Plot& plot) {
  const std::string text = svg(plot), before = "class=\"line s1\" d=\"";
  const size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

Plot unit(std::vector<std::pair<double, double>> points) {
  return {.lines = {{"s1", std::move(points)}}, .x_range = PlotRange{0, 1}, .y_range = PlotRange{0, 1}};
}

TEST(Plot, PutsPointsWhereTheAxesSay) {
  EXPECT_EQ(path_of(unit({{0, 0}, {0.5, 1}, {1, 0.5}})), "M58.0 218.0L232.0 28.0L406.0 123.0");
}

TEST(Plot, InterruptsALineAtWhatIsNotFinite) {
  const double nan = std::nan("");
  EXPECT_EQ(path_of(unit({{0, 0}, {0.25, nan}, {0.5, 1}, {1, 1}})),
            "M58.0 218.0m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0M232.0 28.0L406.0 28.0")
      << "a point alone is a circle";
  Plot log = unit({{0, 0}, {0.5, 10}, {1, 100}});
  log.y_range.reset();
  log.log_y = true;
  EXPECT_EQ(path_of(log), "M232.0 218.0L406.0 28.0");
  EXPECT_THAT(all_matches(svg(log), "text-anchor=\"end\"[^>]*>([^<]*)<"), ElementsAre("1e1", "1e2"));
}

TEST(Plot, LeavesOutWhatCouldNotBeSeen) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i <= 100'000; ++i) points.emplace_back(i / 1e5, i / 1e5);
  const std::string path = path_of(unit(points));
  EXPECT_LT(path.size(), 15'000u);
  EXPECT_THAT(path, ::testing::EndsWith("L406.0 28.0"));
}

TEST(Plot, GoesToTheLastPointHoweverNear) {
  EXPECT_EQ(path_of(unit({{0, 0}, {0.5, 0.5}, {0.501, 0.5}})), "M58.0 218.0L232.0 123.0L232.3 123.0");
}

TEST(Plot, TicksAreRoundNumbers) {
  const auto y_ticks = [](double low, double high) {
    Plot plot{.lines = {{"s1", {{0, low}, {1, high}}}}};
    return all_matches(svg(plot), "text-anchor=\"end\"[^>]*>([^<]*)<");
  };
  EXPECT_THAT(y_ticks(0.13, 0.87), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_THAT(y_ticks(-3, 12), ElementsAre("-5", "0", "5", "10", "15"));
  EXPECT_THAT(y_ticks(0, 2400), ElementsAre("0", "500", "1000", "1500", "2000", "2500"));
  // A constant line has a place, and an axis of its size.
  EXPECT_THAT(y_ticks(20, 20), ElementsAre("19", "19.5", "20", "20.5", "21"));
  // No share is below 0 or above 1.
  EXPECT_THAT(y_ticks(1, 1), ElementsAre("0.95", "0.96", "0.97", "0.98", "0.99", "1"));
  EXPECT_THAT(y_ticks(0, 0), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
}

TEST(Plot, EpochsAreWhole) {
  Plot plot{.lines = {{"s1", {{1, 0}, {2, 1}, {3, 1}}}}, .whole_x = true};
  EXPECT_THAT(all_matches(svg(plot), "text-anchor=\"middle\" x=\"[^\"]*\" y=\"233\">([^<]*)<"),
              ElementsAre("1", "2", "3"));
}

TEST(Plot, WithoutPointsIsStillAPlot) {
  EXPECT_THAT(svg({.title = "nothing"}), HasSubstr("nothing"));
  EXPECT_THAT(svg({.title = "nothing"}), Not(HasSubstr("nan")));
  EXPECT_THAT(svg({.lines = {{"s1", {{1, std::numeric_limits<double>::infinity()}}}}}),
              Not(HasSubstr("inf")));
}

TEST(Plot, EscapesEveryText) {
  Plot plot{.title = "<t>", .x_label = "<x>", .y_label = "<y>"};
  plot.lines = {{"s1", {{0, 0}, {1, 1}}, "<line>", true}};
  plot.bars = {{"s2", 0, 1, 0, 1, "<bar>"}};
  plot.marks = {{0.5, "<mark>"}};
  const std::string text = svg(plot);
  for (const char* name : {"t", "x", "y", "line", "bar", "mark"}) {
    EXPECT_THAT(text, HasSubstr("&lt;" + std::string(name) + "&gt;")) << name;
    EXPECT_THAT(text, Not(HasSubstr("<" + std::string(name) + ">"))) << name;
  }
}

TEST(Plot, ALegendTakesAsManyRowsAsItNeeds) {
  Plot plot{.title = "runs"};
  for (size_t i = 0; i < kMaxSeries; ++i)
    plot.lines.push_back({series_class(i), {{0, 0}}, std::string(35, static_cast<char>('a' + i))});
  EXPECT_THAT(svg(plot), HasSubstr("viewBox=\"0 0 420 354\""));  // six rows of 16 below the 28 of the title
}

TEST(Plot, NamesOfTheLegendKeepTheirEndsAndTheirRoom) {
  Plot plot{.title = "runs"};
  for (const char* end : {"1", "2"})
    plot.lines.push_back(
        {"s1", {{0, 0}}, "a_rather_long_run_name_for_experiment_number_" + std::string(end)});
  const auto names = all_matches(svg(plot), "class=\"key\"[^>]*>([^<]*)<");
  EXPECT_THAT(names, ElementsAre("a_rather_long_run_na…experiment_number_1",
                                 "a_rather_long_run_na…experiment_number_2"));
  plot.lines = {{"s1", {{0, 0}}, "\u202ea"}, {"s2", {{0, 0}}, "b"}};
  const auto places = all_matches(svg(plot), "class=\"key\" x=\"([0-9]*)\"");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_GE(std::stoi(places[1]) - std::stoi(places[0]), 12 * 6) << "\\xe2\\x80\\xae is shown";
}

}  // namespace
}  // namespace bernoulli::report
