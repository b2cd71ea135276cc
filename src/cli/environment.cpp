#include "cli/environment.h"

#include <ctime>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/cpu/Utils.h>

#include "core/version.h"

namespace bernoulli::cli {

nlohmann::ordered_json environment_json(c10::Device device, int threads,
                                        const std::vector<std::string>& words) {
  utsname host{};
  ::uname(&host);
  nlohmann::ordered_json command = nlohmann::ordered_json::array({"bernoulli", "train"});
  for (const std::string& word : words) command.push_back(word);
  return {
      {"program", kVersion},
      {"commit", kGitCommit},
      {"libtorch", kTorchVersionBuilt},
      {"compiler", kCompiler},
      {"build_type", kBuildType},
      {"cpu_capability", at::get_cpu_capability()},
      {"device", device.str()},
      {"threads", threads},
      {"system", std::string(host.sysname) + " " + host.release + " " + host.machine},
      {"started", static_cast<int64_t>(std::time(nullptr))},
      {"command", command},
  };
}

void set_threads(int threads) { at::set_num_threads(threads); }

double peak_memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace bernoulli::cli
