#include "cli/baseline.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "metrics/report.h"
#include "metrics/target_counts.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The weighted share of each label, kept off 0 and 1 by half an example.
std::vector<double> label_shares(const EncodedDataset& train) {
  const auto num_labels = static_cast<size_t>(train.num_labels);
  std::vector<double> shares(num_labels, 0.5);
  double total = 1;
  for (size_t i = 0; i * num_labels < train.targets.size(); ++i) {
    const double weight = train.weight(i);
    total += weight;
    for (size_t label = 0; label < num_labels; ++label)
      shares[label] += weight * double{train.targets[i * num_labels + label]};
  }
  for (double& share : shares) share /= total;
  return shares;
}

}  // namespace

Json baseline_of(const EncodedDataset& train, const EncodedDataset& data) {
  const std::vector<double> shares = label_shares(train);
  const auto most_frequent = static_cast<size_t>(std::ranges::max_element(shares) - shares.begin());
  double right = 0, of_most_frequent = 0, loss = 0, total = 0;
  for (size_t i = 0; i < data.targets.size(); ++i) {
    const double share = shares[i % shares.size()], weight = data.weight(i / shares.size());
    const bool positive = data.targets[i] > 0.5f;
    if (positive && i % shares.size() == most_frequent) of_most_frequent += weight;
    right += weight * ((share > 0.5) == positive ? 1 : 0);
    loss -= weight * std::log(positive ? share : 1 - share);
    total += weight;
  }
  Json baseline = {{"accuracy", right / total}, {"log_loss", loss / total}};
  if (has_one_label_each(data.targets, data.weights, data.num_labels))
    baseline["precision_at_1"] = of_most_frequent / (total / static_cast<double>(shares.size()));
  return baseline;
}

std::string worse_than_baseline(const Json& summary, const FinishedTraining& training) {
  const LossConfig& loss = training.config.loss;
  if (!training.run.pos_weight.empty() || loss.mode == LossConfig::Mode::kFocalWithLogits) return "";
  const std::string split = summary.at("baseline").at("split");
  const double baseline = summary["baseline"].at("log_loss");
  const Json& reached = summary.at(split).at("metrics").at("log_loss");
  if (!reached.is_number() || reached.get<double>() <= baseline) return "";
  return fmt::format(
      "{} log_loss {:.4f} is worse than the {:.4f} of always answering with each label's share of the "
      "training data: train longer where the training loss still falls, else with a smaller learning rate or "
      "more regularisation",
      split, reached.get<double>(), baseline);
}

std::string baseline_text(const Json& summary) {
  if (!summary.contains("baseline")) return "";
  const Json& baseline = summary["baseline"];
  const char* accuracy = baseline_metric(baseline);
  return fmt::format("no model    on {} data:  {} {:.4f}  log_loss {:.4f}\n",
                     baseline.at("split").get<std::string>(), accuracy, baseline.at(accuracy).get<double>(),
                     baseline.at("log_loss").get<double>());
}

}  // namespace bernoulli::cli
