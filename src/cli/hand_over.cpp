#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "cli/load_arguments.h"
#include "cli/predict.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/stop.h"

/// The verbs that need LibTorch, as the small program `bernoulli` has them: it reads their words and
/// configuration and becomes `bernoulli-torch`. So help, mistakes, config and native prediction never pay for
/// loading LibTorch.
namespace bernoulli::cli {
namespace {

[[noreturn]] int hand_over(std::string verb, std::vector<std::string> words) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = self.parent_path() / "bernoulli-torch";
  std::string name = "bernoulli";
  std::vector<char*> arguments = {name.data(), verb.data()};
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  hold_stop_signals();
  ::execv(program.c_str(), arguments.data());
  throw IoError(fmt::format("cannot start '{}': {}; it is built and installed beside '{}'", program,
                            std::strerror(errno), self.string()));
}

}  // namespace

int run_train(const std::vector<std::string>& words) {
  const auto arguments = train_arguments(words);
  if (!arguments) return 0;
  load_checked_config(arguments->sources);
  hand_over("train", words);
}
int run_evaluate(const std::vector<std::string>& words) {
  return evaluate_arguments(words) ? hand_over("evaluate", words) : 0;
}
int run_export(const std::vector<std::string>& words) {
  return export_arguments(words) ? hand_over("export", words) : 0;
}
int run_stability(const std::vector<std::string>& words) {
  const auto arguments = stability_arguments(words);
  if (!arguments) return 0;
  load_checked_config(arguments->sources);
  hand_over("stability", words);
}
int run_doctor(const std::vector<std::string>& words) {
  return doctor_arguments(words) ? hand_over("doctor", words) : 0;
}

std::unique_ptr<Classifier> open_with_libtorch(const std::vector<std::string>& words,
                                               const std::string& /*path*/, const std::string& /*device*/,
                                               const std::string& /*reason*/) {
  hand_over("predict", words);
}

}  // namespace bernoulli::cli
