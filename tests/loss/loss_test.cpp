#include "loss/loss.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "config/loss_mode.h"
#include "core/error.h"
#include "loss/loss_fixture.h"

namespace bernoulli {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kLn2 = std::log(2.0);

TEST(Loss, SumsOverEntries) {
  const auto loss = make_loss(loss_config(Mode::kBceWithLogits), {}, 2);
  const at::Tensor sum = (*loss)(at::zeros({3, 2}).requires_grad_(), at::zeros({3, 2}), {});
  EXPECT_NEAR(sum.item<double>(), 6 * kLn2, 1e-6);
  EXPECT_TRUE(sum.requires_grad());
}

TEST(Loss, WeighsExamples) {
  for (const Mode mode : kEveryMode) {
    LossConfig config = loss_config(mode);
    config.gamma = 0;
    const auto loss = make_loss(config, {}, 2);
    const at::Tensor logits = at::zeros({3, 2}).requires_grad_();
    const at::Tensor sum = (*loss)(logits, at::zeros({3, 2}), matrix({1, 0.5, 0}, 1, at::kFloat).flatten());
    EXPECT_NEAR(sum.item<double>(), 3 * kLn2, 1e-6) << to_string(mode);
    sum.backward();
    EXPECT_THAT(numbers(logits.grad()), ElementsAre(0.5, 0.5, 0.25, 0.25, 0, 0)) << to_string(mode);
  }
}

TEST(Loss, IsZeroOverNoExamples) {
  const auto loss = make_loss(loss_config(Mode::kSigmoidBce), {}, 1);
  EXPECT_EQ((*loss)(at::zeros({0, 1}), at::zeros({0, 1}), {}).item<double>(), 0);
}

std::string refusal(Mode mode, const at::Tensor& logits, const at::Tensor& targets,
                    const at::Tensor& weights = {}) {
  try {
    (*make_loss(loss_config(mode), {}, 1))(logits, targets, weights);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "nothing was thrown";
}

TEST(Loss, RefusesTensorsThatDoNotFit) {
  for (const Mode mode : kEveryMode) {
    EXPECT_THAT(refusal(mode, at::zeros({3, 1}), at::zeros({3, 2})),
                HasSubstr("logits and targets must both be [B, L], got [3, 1] and [3, 2]"));
    EXPECT_THAT(refusal(mode, at::zeros({3}), at::zeros({3})),
                HasSubstr("must both be [B, L], got [3] and [3]"));
    EXPECT_THAT(refusal(mode, at::zeros({3, 1}), at::zeros({3, 1}, at::kDouble)),
                HasSubstr("logits are Float and targets Double"));
    EXPECT_THAT(refusal(mode, at::zeros({3, 1}), at::zeros({3, 1}), at::zeros({1})),
                HasSubstr("weights must be [B] beside logits [3, 1], got [1]"));
  }
}

TEST(Loss, RefusesANumberOfPosWeightsThatDoesNotFit) {
  try {
    make_loss(loss_config(Mode::kBceWithLogits), {1, 2}, 3);
    FAIL() << "nothing was thrown";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "loss.pos_weight: 2 numbers for 3 labels (expected one for all, or one a label)");
  }
}

TEST(BalancedPosWeight, IsNegativesOverPositivesOfEachLabel) {
  // Labels a: 1 of 4 positive; b: 2 of 4.
  const std::vector<float> targets{1, 1, 0, 1, 0, 0, 0, 0};
  EXPECT_THAT(balanced_pos_weight(targets, {}, {"a", "b"}), ElementsAre(3, 1));
  EXPECT_THAT(balanced_pos_weight(targets, {2, 1, 1, 0.5}, {"a", "b"}), ElementsAre(1.25, DoubleEq(0.5)));
}

std::string refusal_to_balance(const std::vector<float>& targets, const std::vector<float>& weights) {
  try {
    balanced_pos_weight(targets, weights, {"good", "bad"});
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(BalancedPosWeight, NamesALabelWithoutARatio) {
  EXPECT_EQ(refusal_to_balance({1, 0, 0, 0}, {}),
            "loss.pos_weight: auto is the ratio of negative to positive examples, but every training example "
            "of 'bad' "
            "is negative (give numbers, or leave the label out)");
  EXPECT_THAT(refusal_to_balance({1, 0, 1, 1}, {}), HasSubstr("of 'good' is positive"));
  EXPECT_THAT(refusal_to_balance({1, 0, 0, 1}, {0, 1}), HasSubstr("of 'good' is negative"));
}

TEST(Loss, HasANameForEachMode) {
  std::vector<std::string> names;
  for (const Mode mode : kEveryMode) names.push_back(to_string(mode));
  EXPECT_THAT(names,
              ElementsAre("bce_with_logits", "sigmoid_bce", "sigmoid_bce_clipped", "focal_with_logits"));
}

}  // namespace
}  // namespace bernoulli
