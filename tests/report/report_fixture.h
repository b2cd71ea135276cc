#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/string_rows.h"
#include "report/run_record.h"

namespace bernoulli::testing {

/// The record and the answers of a run that never was. Numbers are small enough to be checked by hand.
class MadeUpRun {
 public:
  explicit MadeUpRun(std::vector<std::string> labels = {"bad", "good"},
                     TaskConfig::Kind kind = TaskConfig::Kind::kBinary) {
    RunConfig& config = report_.record.config;
    config.task.kind = kind;
    config.task.labels = std::move(labels);
    config.data.train.paths = {"data.csv"};
    config.model.layers = {{"embedding", {{"dim", 16}, {"initializer", nullptr}, {"trainable", true}}, ""},
                           {"linear", {{"units", 1}}, ""}};
    config.optimizer.kind = {"adam", {{"lr", 0.01}}, ""};
    config.resolved_yaml = "training: {epochs: 2}\n";
    report_.record.name = "made-up";
    report_.no_answers_because = "nobody asked";
  }
  MadeUpRun(const MadeUpRun&) = delete;
  MadeUpRun& operator=(const MadeUpRun&) = delete;

  report::RunReport& report() {
    report_.figures = figures_of(report_.record, report_.answers);
    return report_;
  }
  report::RunRecord& record() { return report_.record; }

  MadeUpRun& log(const std::string& event, int epoch, report::Json values) {
    report::Json line = {{"event", event}, {"epoch", epoch}, {"step", 10 * epoch}};
    line.update(values);
    report_.record.events.push_back(std::move(line));
    return *this;
  }
  MadeUpRun& finish(report::Json splits) {
    report_.record.summary = {{"engine", "fused"},
                              {"device", "cpu"},
                              {"steps", 20},
                              {"epochs", 2},
                              {"stop_reason", "epochs"},
                              {"checkpoint", "step-000000020.safetensors"},
                              {"monitor", "loss"},
                              {"monitor_value", 0.25},
                              {"num_parameters", 1234},
                              {"timings", {{"total_seconds", 1.5}}},
                              {"peak_memory_mib", 64}};
    report_.record.summary.update(splits);
    return *this;
  }
  MadeUpRun& answer(std::vector<float> targets, std::vector<float> logits,
                    std::vector<std::string> texts = {}, int64_t num_labels = 1) {
    targets_ = std::move(targets);
    logits_ = std::move(logits);
    std::vector<std::string> origins;
    texts.resize(logits_.size() / static_cast<size_t>(num_labels), "text");
    for (size_t i = 0; i < texts.size(); ++i) origins.push_back("data.csv:" + std::to_string(i + 2));
    report_.answers = report::ScoredSplit{.name = "test",
                                          .predictions = {logits_, targets_, {}, num_labels},
                                          .rule = {0.5},
                                          .texts = StringRows(std::move(texts)),
                                          .origins = StringRows(std::move(origins))};
    report_.no_answers_because.clear();
    return *this;
  }

 private:
  std::vector<float> targets_, logits_;
  report::RunReport report_;
};

}  // namespace bernoulli::testing
