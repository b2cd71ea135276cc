#include "metrics/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/metrics_fixture.h"

namespace bernoulli {

inline bool operator==(const Slice& a, const Slice& b) {
  return a.name == b.name && a.examples == b.examples;
}
inline void PrintTo(const Slice& slice, std::ostream* out) {
  *out << slice.name << ' ' << ::testing::PrintToString(slice.examples);
}

namespace {

using ::testing::ElementsAre;
using testing::Scored;

std::vector<Slice> quarters_of(const std::vector<int64_t>& values) {
  return quarters(std::ssize(values), [&](int64_t i) { return values[static_cast<size_t>(i)]; });
}

TEST(Quarters, HaveTheSameNumberOfExamplesEach) {
  EXPECT_THAT(quarters_of({80, 10, 70, 20, 60, 30, 50, 40}),
              ElementsAre(Slice{"10 to 20", {1, 3}}, Slice{"30 to 40", {5, 7}}, Slice{"50 to 60", {4, 6}},
                          Slice{"70 to 80", {0, 2}}));
}

TEST(Quarters, KeepEqualValuesTogether) {
  EXPECT_THAT(quarters_of({5, 5, 5, 1, 5, 9, 5, 5}),
              ElementsAre(Slice{"1 to 5", {0, 1, 2, 3, 4, 6, 7}}, Slice{"9", {5}}));
  EXPECT_THAT(quarters_of({0, 0, 0, 0, 0}), ElementsAre(Slice{"0", {0, 1, 2, 3, 4}}));
  EXPECT_THAT(quarters_of({2, 0}), ElementsAre(Slice{"0", {1}}, Slice{"2", {0}}));
  EXPECT_THAT(quarters_of({}), ElementsAre());
}

TEST(SlicesByValue, StandInTheOrderOfTheirNumbersThenOfTheirBytes) {
  const std::vector<std::string_view> values = {"b", "rare", "a", "b", "a", "odd", "b"};
  EXPECT_THAT(slices_by_value(values, 4),
              ElementsAre(Slice{"b", {0, 3, 6}}, Slice{"a", {2, 4}}, Slice{"odd", {5}}, Slice{"rare", {1}}));
  EXPECT_THAT(slices_by_value(values, 2),
              ElementsAre(Slice{"b", {0, 3, 6}}, Slice{"a", {2, 4}}, Slice{"2 other values", {1, 5}}));
}

TEST(SlicedPredictions, AreTheRowsOfTheirExamples) {
  const Scored whole = {{1, 0, 0, 1, 1, 1}, {1, 2, 3, 4, 5, 6}, {0.5, 1, 2}, 2};
  const std::vector<int64_t> examples = {0, 2};
  const SlicedPredictions sliced(whole.view(), examples);
  const Predictions part = sliced.predictions();
  EXPECT_EQ(part.num_labels, 2);
  EXPECT_THAT(part.logits, ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(part.targets, ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(part.weights, ElementsAre(0.5, 2));
  EXPECT_TRUE(
      SlicedPredictions({whole.logits, whole.targets, {}, 2}, examples).predictions().weights.empty());
}

}  // namespace
}  // namespace bernoulli
