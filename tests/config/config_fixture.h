#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "config/faults.h"
#include "config/field_builder.h"
#include "config/load.h"
#include "core/error.h"

namespace bernoulli::config {

/// Kinds of layer, enough for every rule about kinds: shorthand, enum, optional, no keys, kinds inside a
/// kind.
inline const std::vector<KindSchema>& some_layers() {
  static std::vector<KindSchema> kinds;
  static const std::vector<KindSchema>& filled = kinds = {
      {"embedding",
       "a row of a table for each id",
       {integer("dim", "numbers a token").at_least(1).at_most(65536),
        word("initializer", "of the table", {"keras", "torch"}).optional()},
       "dim"},
      {"embedding_bag",
       "sum or mean of the rows of a table",
       {integer("dim", "numbers a text").at_least(1),
        word("mode", "how rows are joined", {"mean", "sum"}).defaults("mean")},
       "dim"},
      {"dropout", "zeroes at random", {number("rate", "share that is zeroed").at_least(0).below(1)}, "rate"},
      {"mean_pool",
       "mean over tokens",
       {word("padding", "whether padding counts", {"include", "exclude"}).defaults("exclude")},
       "padding"},
      {"linear",
       "affine map",
       {integer("units", "outputs").at_least(1), boolean("bias", "adds a constant").defaults(true)},
       "units"},
      {"relu", "max(x, 0)", {}, ""},
      {"sigmoid", "1 / (1 + exp(-x))", {}, ""},
      {"parallel",
       "lists side by side",
       {list("branches", "lists of layers", kind_list("", "", kinds)).size(2, 64),
        word("join", "how", {"concat", "sum"}).defaults("concat")},
       "branches"},
  };
  return filled;
}

inline constexpr const char* kData = "data: {train: t.csv, validation: v.csv}\n";
inline constexpr const char* kTask = "task: {kind: binary, positive: pos}\n";
inline constexpr const char* kModel = "model: {layers: [{embedding: 16}, mean_pool, {linear: 1}]}\n";
inline constexpr const char* kTraining = "training: {epochs: 1}\n";

/// A valid configuration of four lines.
inline std::string minimal() { return std::string(kData) + kTask + kModel + kTraining; }

inline LoadedConfig load_text(const std::string& yaml) {
  return load_config_text(yaml, "c.yaml", some_layers());
}

/// One fault a line.
inline std::string told(const UsageError& error) {
  return fmt::format("{}", fmt::join(lines_of(error), "\n"));
}

/// What is wrong with a text, or "no fault".
inline std::string faults_of(const std::string& yaml) {
  try {
    load_text(yaml);
  } catch (const UsageError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUsage);
    return told(error);
  }
  return "no fault";
}

/// A folder of configuration files that goes away with the test.
class ConfigFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("bernoulli_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) +
               std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  static LoadedConfig load(const std::vector<std::filesystem::path>& files,
                           const std::vector<std::string>& overrides = {}) {
    return load_config({files, overrides}, some_layers());
  }

  /// Faults with the folder's name taken out.
  std::string faults(const std::vector<std::filesystem::path>& files,
                     const std::vector<std::string>& overrides = {}) const {
    try {
      load(files, overrides);
    } catch (const UsageError& error) {
      std::string message = told(error);
      const std::string prefix = folder_.string() + "/";
      for (size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
      return message;
    }
    return "no fault";
  }

  std::filesystem::path folder_;
};

}  // namespace bernoulli::config
