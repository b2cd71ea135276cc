#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/suite_folder.h"

namespace bernoulli::testing {

namespace fs = std::filesystem;
using Json = nlohmann::json;

inline constexpr const char* kEndToEndConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
  test: {from: train, fraction: 0.2, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 8}, {dropout: 0.2}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 8, batch_size: 8, seed: 5}
)";

/// The program from the outside, as its users call it, on a hundred texts that it learns in no time.
class EndToEnd : public SuiteFolder {
 protected:
  EndToEnd() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 100; ++i) {
      const bool good = i % 2 == 0;
      csv += std::string(good ? "\"A fine, caf\xc3\xa9 " : "\"Dull, \"\"flat\"\" ") + "film " +
             std::to_string(i) + "\"," + (good ? "good" : "bad") + "\n";
    }
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kEndToEndConfig);
  }

  std::vector<std::string> words(std::vector<std::string> rest) const {
    rest.insert(rest.begin(), BERNOULLI_PROGRAM);
    return rest;
  }
  ProgramResult run(std::vector<std::string> rest, const std::string& input = "") const {
    return run_program(words(std::move(rest)), input);
  }
  std::vector<std::string> train_words(const std::string& run_dir, std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {
        "train",     (folder_ / "config.yaml").string(), "--set",    "data.root=" + folder_.path().string(),
        "--run-dir", (folder_ / run_dir).string(),       "--device", "cpu"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Puts the run of train_words("run") there.
  void finish_run() const {
    once("run", [&] {
      const ProgramResult trained = run(train_words("run"));
      ASSERT_EQ(trained.exit_code, 0) << trained.err;
    });
  }
  /// Every fifth label is wrong, which nobody can know.
  void write_noisy_data() const {
    std::string csv = "text,label\n";
    for (int i = 0; i < 300; ++i)
      csv += std::string(i % 2 == 0 ? "fine" : "dull") + " film," +
             ((i % 2 == 0) != (i % 5 == 0) ? "good" : "bad") + "\n";
    folder_.write("data.csv", csv);
  }
  Json read_json(const std::string& name) const { return Json::parse(folder_.read(name)); }
};

}  // namespace bernoulli::testing
