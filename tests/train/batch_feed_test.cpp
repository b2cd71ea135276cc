#include "train/batch_feed.h"

#include <gtest/gtest.h>

#include <ATen/ops/equal.h>

#include "support/card.h"
#include "support/late_upload.h"
#include "train/fused_cases.h"

namespace bernoulli {
namespace {

const c10::Device kHost(c10::kCPU);

const FeatureShape kShapes[] = {{false, kLength}, {false, std::nullopt}, {true, std::nullopt}};

/// Batches of many sizes; the last is that of the empty text alone.
std::vector<std::vector<int64_t>> batches() {
  std::vector<std::vector<int64_t>> all;
  Random random(3);
  for (size_t size : {8, 8, 3, 20, 1, 8, 20, 2, 8, 8}) {
    all.emplace_back();
    while (all.back().size() < size) all.back().push_back(static_cast<int64_t>(random.below(96)));
  }
  all.push_back({5});
  return all;
}

void expect_same(const Batch& got, const Batch& expected) {
  EXPECT_TRUE(at::equal(got.features.values, expected.features.values));
  EXPECT_TRUE(at::equal(got.features.lengths, expected.features.lengths));
  EXPECT_TRUE(at::equal(got.targets, expected.targets));
  ASSERT_EQ(got.weights.defined(), expected.weights.defined());
  if (!got.weights.defined()) return;
  EXPECT_TRUE(at::equal(got.weights, expected.weights));
}

/// A batch as the examples themselves say.
void expect_true(const Batch& batch, const EncodedDataset& data, const std::vector<int64_t>& examples) {
  int64_t at = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const std::vector<int32_t> ids = row_of(data, examples[i]);
    EXPECT_EQ(batch.features.lengths[row].item<int64_t>(), static_cast<int64_t>(ids.size()));
    const bool ragged = batch.features.values.dim() == 1;
    const at::Tensor own = ragged ? batch.features.values.narrow(0, at, static_cast<int64_t>(ids.size()))
                                  : batch.features.values[row];
    for (int64_t p = 0; p < own.size(0); ++p)
      EXPECT_EQ(own[p].item<int64_t>(),
                p < static_cast<int64_t>(ids.size()) ? ids[static_cast<size_t>(p)] : 0);
    at += static_cast<int64_t>(ids.size());
    for (int64_t label = 0; label < data.num_labels; ++label)
      EXPECT_EQ(batch.targets[row][label].item<float>(),
                data.targets[static_cast<size_t>(examples[i] * data.num_labels + label)]);
    if (batch.weights.defined()) {
      EXPECT_EQ(batch.weights[row].item<float>(), data.weights[static_cast<size_t>(examples[i])]);
    }
  }
}

class BatchFeedOf : public ::testing::TestWithParam<std::tuple<size_t, int64_t, bool>> {
 protected:
  FeatureShape shape_ = kShapes[std::get<0>(GetParam())];
  EncodedDataset data_ = make_data(std::get<1>(GetParam()), std::get<2>(GetParam()));
};
INSTANTIATE_TEST_SUITE_P(BatchFeed, BatchFeedOf,
                         ::testing::Combine(::testing::Values(0, 1, 2), ::testing::Values(1, 3),
                                            ::testing::Bool()));

TEST_P(BatchFeedOf, GivesTheExamplesThemselves) {
  BatchFeed feed(data_, shape_, kHost, nullptr);
  for (const auto& examples : batches()) expect_true(feed.take(examples), data_, examples);
}

TEST_P(BatchFeedOf, ThatSendsEarlyGivesTheSameBatchesInOrder) {
  BatchFeed plain(data_, shape_, kHost, nullptr), feed(data_, shape_, kHost, std::make_unique<LateUpload>());
  const auto all = batches();
  for (size_t i = 0; i < all.size(); ++i) {
    const Batch batch = feed.take(all[i]);  // announced, but for the first
    if (i + 1 < all.size()) feed.announce(all[i + 1]);
    expect_same(batch, plain.take(all[i]));
  }
}

TEST_P(BatchFeedOf, IsNotMisledByAnAnnouncement) {
  BatchFeed plain(data_, shape_, kHost, nullptr), feed(data_, shape_, kHost, std::make_unique<LateUpload>());
  const auto all = batches();
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 2 == 0) feed.announce(all[(i + 3) % all.size()]);
    if (i % 3 == 0) feed.announce(all[(i + 1) % all.size()]);
    expect_same(feed.take(all[i]), plain.take(all[i]));
  }
}

/// The host never sees how far the device is: memory is written again only when its copy was made.
TEST_P(BatchFeedOf, LeavesMemoryAloneUntilItIsCopied) {
  auto upload = std::make_unique<LateUpload>(false);
  LateUpload& device = *upload;
  BatchFeed plain(data_, shape_, kHost, nullptr), feed(data_, shape_, kHost, std::move(upload));
  const auto all = batches();
  std::vector<Batch> taken;
  for (size_t i = 0; i < all.size(); ++i) {
    taken.push_back(feed.take(all[i]));
    if (i + 1 < all.size()) feed.announce(all[i + 1]);
  }
  device.compute();
  for (size_t i = 0; i < all.size(); ++i) expect_same(taken[i], plain.take(all[i]));
}

TEST(BatchFeed, UsesTwoPiecesOfMemoryInTurnAndSendsABatchOnce) {
  const EncodedDataset data = make_data(1, true);
  auto upload = std::make_unique<LateUpload>();
  LateUpload& device = *upload;
  BatchFeed feed(data, kShapes[0], kHost, std::move(upload));
  std::vector<int64_t> examples = {1, 2, 3, 4};
  for (int i = 0; i < 50; ++i) {
    feed.take(examples);
    for (int64_t& example : examples) example = (example + 7) % data.size();
    feed.announce(examples);
  }
  EXPECT_EQ(device.num_rooms, 2);
  EXPECT_EQ(device.num_sent, 51);
}

TEST(BatchFeed, OfTheCpuTakesNoNoticeOfAnnouncements) {
  const EncodedDataset data = make_data(1, false);
  BatchFeed feed(data, kShapes[2], kHost, make_upload(kHost));
  EXPECT_FALSE(feed.sends_early());
  const std::vector<int64_t> examples = {9, 8};
  feed.announce(examples);
  expect_true(feed.take(examples), data, examples);
}

/// With accumulation and an epoch whose last batch is shorter.
TEST(ReferenceStep, ThatSendsBatchesEarlyComputesTheSameBits) {
  Case c;
  c.layers = {embedding(16), dropout(0.25), pool("mean_pool", "exclude"), linear(3)};
  c.num_labels = 3;
  c.weighted = true;
  c.accumulate = 3;
  Bench bench(c);
  auto upload = std::make_unique<LateUpload>();
  LateUpload& device = *upload;
  const auto plain = bench.reference();
  ReferenceStep early(bench.parts(), kHost, std::move(upload));
  EXPECT_EQ(bench.train(early, 0, 6), bench.train(*plain, 0, 6));
  EXPECT_EQ(device.num_sent, 6 * 3) << "a batch was sent twice: an announcement was lost";
  std::vector<int64_t> odd(19);
  for (size_t i = 0; i < odd.size(); ++i) odd[i] = static_cast<int64_t>(i);
  EXPECT_EQ(early.update(odd, 6, 0.01).loss_sum, plain->update(odd, 6, 0.01).loss_sum);
  expect_same_state(early, *plain);
}

TEST(BatchFeed, OnACardGivesTheSameBatches) {
  if (const std::string why = why_no_card(); !why.empty()) GTEST_SKIP() << why;
  const c10::Device card = open_device("cuda");
  const EncodedDataset data = make_data(3, true);
  BatchFeed plain(data, kShapes[1], kHost, nullptr), feed(data, kShapes[1], card, make_upload(card));
  const auto all = batches();
  for (size_t i = 0; i < all.size(); ++i) {
    Batch batch = feed.take(all[i]);
    if (i + 1 < all.size()) feed.announce(all[i + 1]);
    for (at::Tensor* tensor :
         {&batch.features.values, &batch.features.lengths, &batch.targets, &batch.weights})
      *tensor = tensor->to(at::kCPU);
    expect_same(batch, plain.take(all[i]));
  }
}

}  // namespace
}  // namespace bernoulli
