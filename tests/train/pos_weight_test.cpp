// What loss.pos_weight comes to where the data say which labels there are.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "core/error.h"
#include "layers/layer_kind.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"
#include "train/prepare.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Of three labels that start at their odds.
std::vector<double> prepared_pos_weight(const std::string& pos_weight) {
  const testing::TemporaryFolder folder;
  folder.write("data.csv", "text,label\none film,\"a,b\"\nother film,c\nthird film,a\nlast film,\n");
  folder.write("config.yaml", R"(
data: {train: {path: data.csv}}
task: {kind: multi_label}
loss: {pos_weight: )" + pos_weight +
                                  R"(}
model: {layers: [{embedding: 2}, mean_pool, {linear: {units: 3, bias_initializer: prior}}]}
training: {epochs: 1}
)");
  const RunConfig config =
      config::load_config({{folder / "config.yaml"}, {"data.root=" + folder.path().string()}},
                          layers::layer_schemas())
          .run;
  return prepare_run(config).pos_weight;
}

TEST(PosWeight, IsOneNumberALabelOrNone) {
  EXPECT_THAT(prepared_pos_weight("2"), ElementsAre(2, 2, 2));
  EXPECT_THAT(prepared_pos_weight("[1, 2, 3]"), ElementsAre(1, 2, 3));
  EXPECT_THAT(prepared_pos_weight("[]"), IsEmpty());
}

TEST(PosWeight, OfAnotherNumberIsRefusedBeforeALabelStartsFromIt) {
  EXPECT_EQ(testing::message_of<UsageError>([] { prepared_pos_weight("[1, 2]"); }),
            "loss.pos_weight: 2 numbers for 3 labels (expected one for all, or one a label)");
}

}  // namespace
}  // namespace bernoulli
