#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {

/// A sound configuration and the 20 texts that it trains on, in well under a second.
inline constexpr const char* kConfig = R"(data:
  train: {path: reviews.csv}
  validation: {from: train, fraction: 0.25, method: stratified, seed: 1}
task: {kind: binary, positive: good}
text:
  vocabulary: {max_tokens: 100}
model:
  layers:
    - embedding: {dim: 4}
    - mean_pool: {padding: exclude}
    - linear: {units: 1}
loss: {mode: bce_with_logits}
optimizer: {adam: {lr: 0.05}}
training: {epochs: 2, batch_size: 4, seed: 5, threads: 1}
metrics: {threshold: 0.5}
)";

inline std::string sound_rows() {
  std::string rows = "text,label\n";
  for (int i = 0; i < 10; ++i) {
    rows += "a fine film number " + std::to_string(i) + ",good\n";
    rows += "a dull film number " + std::to_string(i) + ",bad\n";
  }
  return rows;
}

/// `text` with the one place where `old` stands replaced: a fixture that no longer fits must not pass
/// silently.
inline std::string replaced(std::string text, const std::string& old, const std::string& by) {
  const size_t at = text.find(old);
  if (at == std::string::npos || text.find(old, at + 1) != std::string::npos) {
    throw std::runtime_error("the fixture does not hold exactly once: " + old);
  }
  return text.replace(at, old.size(), by);
}

/// The folder of one case, in which the program runs: config.yaml and reviews.csv, sound until something is
/// broken.
class FaultFolder : public TemporaryFolder {
 public:
  FaultFolder() {
    write("config.yaml", kConfig);
    write("reviews.csv", sound_rows());
  }

  /// Replaces a part of the configuration.
  void configure(const std::string& old, const std::string& by) const {
    write("config.yaml", replaced(read("config.yaml"), old, by));
  }
  /// Trains on another file, which it writes.
  void train_on(const std::string& name, const std::string& content) const {
    write(name, content);
    configure("reviews.csv", name);
  }
  void flip_bit(const std::string& name, size_t byte) const {
    std::string content = read(name);
    content.at(byte) = static_cast<char>(content.at(byte) ^ 1);
    write(name, content);
  }
  void truncate(const std::string& name, size_t size) const {
    std::filesystem::resize_file(*this / name, size);
  }
  /// Keeps a run folder, as another process would, until the case is over.
  void lock(const std::string& name) {
    create_folder(*this / name);
    lock_ = std::make_unique<FolderLock>(*this / name);
  }

  /// Runs the program here, killed after a time that no refusal should need. 137 is then its exit code.
  ProgramResult run(const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment = {},
                    const std::string& shell = "exec \"$@\"", const std::string& input = "") const {
    std::vector<std::string> words = {"/usr/bin/env", "-C", path().string()};
    words.insert(words.end(), environment.begin(), environment.end());
    for (const char* word : {"timeout", "-s", "KILL", "60", "/bin/sh", "-c"}) words.emplace_back(word);
    words.push_back(shell);
    words.insert(words.end(), {"sh", BERNOULLI_PROGRAM});
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_program(words, input);
  }

 private:
  std::unique_ptr<FolderLock> lock_;
};

/// One row of the tables: what is broken, and what the program must answer.
struct FaultCase {
  std::string name;
  std::vector<std::string> arguments;
  int exit_code = 0;
  std::string message;  ///< POSIX extended regular expression for standard error
  std::function<void(FaultFolder&)> prepare = [](FaultFolder&) {};
  std::vector<std::string> environment = {};
  std::string shell = "exec \"$@\"";  ///< how the program is started, for redirections and limits
  std::string input = "";
};

inline void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

inline const std::vector<std::string> kCheck = {"config", "check", "config.yaml"};
inline const std::vector<std::string> kTrain = {"train", "config.yaml", "--run-dir",
                                                "out",   "--device",    "cpu"};

/// Puts a run there that this program made, once for all cases of this process.
inline void copy_trained_run(FaultFolder& folder) {
  static const FaultFolder trained;
  static const ProgramResult result =
      trained.run({"train", "config.yaml", "--run-dir", "run", "--device", "cpu"});
  if (result.exit_code != 0)
    throw std::runtime_error("the sound configuration does not train:\n" + result.err);
  std::filesystem::copy(trained / "run", folder / "run", std::filesystem::copy_options::recursive);
}

inline void check_fault(const FaultCase& fault) {
  FaultFolder folder;
  fault.prepare(folder);
  const ProgramResult result = folder.run(fault.arguments, fault.environment, fault.shell, fault.input);
  EXPECT_EQ(result.exit_code, fault.exit_code) << result.err;
  EXPECT_THAT(result.err, ::testing::ContainsRegex(fault.message));
  if (fault.exit_code == 0) return;
  EXPECT_THAT(result.err, ::testing::ContainsRegex("(^|\n)bernoulli: "));
  EXPECT_THAT(result.err, ::testing::Not(::testing::HasSubstr("internal error")));
  EXPECT_EQ(result.out, "") << "results go to standard output, refusals do not";
  const bool refused_at_start = fault.exit_code == 2 || fault.exit_code == 3 || fault.exit_code == 9;
  if (!refused_at_start) return;
  EXPECT_FALSE(std::filesystem::exists(folder / "out")) << "a refused training leaves nothing";
}

class Faults : public ::testing::TestWithParam<FaultCase> {};

inline std::string case_name(const ::testing::TestParamInfo<FaultCase>& info) { return info.param.name; }

}  // namespace bernoulli::testing
