#include "cli/environment.h"

#include <ctime>
#include <filesystem>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <system_error>

#include <fmt/format.h>

#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>

#include "core/log.h"
#include "core/version.h"
#include "tensor/device.h"

namespace bernoulli::cli {

c10::Device open_training_device(const std::string& name, const TrainingConfig& training) {
  const c10::Device device = open_device(name);
  if (device.is_cpu() && training.float32_matmul_precision != "highest")
    log_warning(fmt::format(
        "training.float32_matmul_precision: {} has no effect on the CPU, which multiplies in float32",
        training.float32_matmul_precision));
  return device;
}

nlohmann::ordered_json environment_json(c10::Device device, const TrainingConfig& training, int threads,
                                        const std::vector<std::string>& words) {
  utsname host{};
  ::uname(&host);
  std::error_code no_folder;  // it may have been removed
  nlohmann::ordered_json command = nlohmann::ordered_json::array({"bernoulli", "train"});
  for (const std::string& word : words) command.push_back(word);
  nlohmann::ordered_json environment = {
      {"program", kVersion},
      {"commit", kGitCommit},
      {"libtorch", kTorchVersionBuilt},
      {"compiler", kCompiler},
      {"build_type", kBuildType},
      {"cpu_capability", at::get_cpu_capability()},
      {"device", device.str()},
      {"precision", training.precision},
      {"float32_matmul_precision", device.is_cpu() ? "highest" : training.float32_matmul_precision},
      {"threads", threads},
      {"system", std::string(host.sysname) + " " + host.release + " " + host.machine},
      {"started", static_cast<int64_t>(std::time(nullptr))},
      {"working_directory", std::filesystem::current_path(no_folder).string()},
      {"command", command},
  };
  if (device.is_cuda()) environment["device_name"] = cuda_device_name(device.index());
  return environment;
}

double peak_memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace bernoulli::cli
