#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>

#include "cli/load_arguments.h"
#include "cli/train.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/available_cores.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/spill.h"
#include "core/usual_threads.h"
#include "core/version.h"
#include "store/run_paths.h"
#include "tensor/device.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kConfig = R"(data:
  train: {path: reviews.csv}
  columns: {text: text, label: label}
  validation: {from: train, fraction: 0.5, method: stratified, seed: 1}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 8}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 5, batch_size: 8}
)";

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = temporary_folder() / "bernoulli-doctor-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw IoError(
          fmt::format("cannot create a folder '{}': {} (set TMPDIR to a folder that can be written)", name,
                      std::strerror(errno)));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Trains, exports and verifies a toy model; the answer is its validation accuracy, which must be 1.
double self_train() {
  const TemporaryFolder folder;
  std::string rows = "text,label\n";
  for (int i = 0; i < 20; ++i) rows += fmt::format("a fine film {0},good\na dull film {0},bad\n", i);
  write_file_atomic(folder.path() / "reviews.csv", rows);
  write_file_atomic(folder.path() / "doctor.yaml", kConfig);
  set_log_level(LogLevel::kQuiet);
  TrainArguments arguments;
  arguments.sources = {{folder.path() / "doctor.yaml"}, {root_override(folder.path())}};
  arguments.run_dir = folder.path() / "run";
  arguments.device = "cpu";
  return train_run(arguments, std::nullopt)
      ->summary.at("validation")
      .at("metrics")
      .at("accuracy")
      .get<double>();
}

Json examine() {
  std::string why_no_cuda;
  const int devices = num_cuda_devices(&why_no_cuda);
  Json json = {{"program", kVersion},
               {"commit", kGitCommit},
               {"compiler", kCompiler},
               {"libtorch", kTorchVersionBuilt},
               {"cores", available_cores()},
               {"threads", usual_threads()},
               {"cpu_capability", at::get_cpu_capability()},
               {"cuda_devices", devices}};
  if (devices == 0) json["no_cuda_because"] = why_no_cuda;
  for (int i = 0; i < devices; ++i) json["cuda_device_names"].push_back(cuda_device_name(i));
  try {
    json["self_train_accuracy"] = self_train();
  } catch (const IoError& error) {
    json["self_train_accuracy"] = nullptr;
    json["self_train_fault"] = error.what();
  }
  return json;
}

std::string verdict(const Json& json) {
  if (json.contains("self_train_fault")) return "the self-training could not run: see self_train_fault\n";
  return json["self_train_accuracy"] == 1.0
             ? "all is well\n"
             : "the self-training did not reach accuracy 1: please report this output\n";
}

ExitCode exit_code(const Json& json) {
  if (json.contains("self_train_fault")) return ExitCode::kIo;
  return json["self_train_accuracy"] == 1.0 ? ExitCode::kDone : ExitCode::kInternal;
}

}  // namespace

int run_doctor(const std::vector<std::string>& words) {
  const auto arguments = doctor_arguments(words);
  if (!arguments) return 0;
  Json json = examine();
  const ExitCode code = exit_code(json);
  if (arguments->json) {
    json["healthy"] = code == ExitCode::kDone;
    print(json_text(json));
  } else {
    std::string text;
    for (const auto& [key, value] : json.items())
      text += fmt::format("{:<20} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    print(text + verdict(json));
  }
  return static_cast<int>(code);
}

}  // namespace bernoulli::cli
