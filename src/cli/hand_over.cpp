#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
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

/// LibTorch allocates so many small things while it loads that huge pages spare four of five page faults, an
/// eighth of the time or more (docs/benchmarks). What the user has set stays.
void take_huge_pages() { ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0); }

/// A thread of an operator that waits for the others spins for milliseconds, as libgomp has it: where another
/// process wants the core, that core does nothing else, and a training takes twice as long or more
/// (docs/benchmarks). A thousand turns are some microseconds.
void spin_shortly() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", 0);
}

/// A product of small matrices by MKL, which LibTorch takes, has other last digits where memory begins
/// otherwise: a file's answers were then not those of the training to the bit. What the user has set stays.
void multiply_alike() { ::setenv("MKL_CBWR", "AUTO,STRICT", 0); }

/// MKL, which LibTorch loads, ends the process with a message of its own where there is none.
void need_working_directory() {
  std::error_code error;
  if (std::filesystem::current_path(error).empty())
    throw IoError(
        fmt::format("the working directory is not there any more ({}): go to one that is", error.message()));
}

[[noreturn]] void hand_over(std::string verb, std::vector<std::string> words) {
  need_working_directory();
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = self.parent_path() / "bernoulli-torch";
  std::string name = "bernoulli";
  std::vector<char*> arguments = {name.data(), verb.data()};
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  take_huge_pages();
  spin_shortly();
  multiply_alike();
  hold_stop_signals();
  ::execv(program.c_str(), arguments.data());
  throw IoError(fmt::format("cannot start '{}': {}; it is built and installed beside '{}'", program,
                            std::strerror(errno), self.string()));
}

/// Hands over what is sound: nothing where help was asked for, and no faulty configuration.
template <class Arguments>
int check_and_hand_over(const char* verb, const std::optional<Arguments>& arguments,
                        const std::vector<std::string>& words) {
  if (!arguments) return 0;
  if constexpr (requires { arguments->sources; }) load_checked_config(arguments->sources);
  hand_over(verb, words);
}

}  // namespace

int run_train(const std::vector<std::string>& words) {
  return check_and_hand_over("train", train_arguments(words), words);
}
int run_evaluate(const std::vector<std::string>& words) {
  return check_and_hand_over("evaluate", evaluate_arguments(words), words);
}
int run_export(const std::vector<std::string>& words) {
  return check_and_hand_over("export", export_arguments(words), words);
}
int run_stability(const std::vector<std::string>& words) {
  return check_and_hand_over("stability", stability_arguments(words), words);
}
int run_doctor(const std::vector<std::string>& words) {
  return check_and_hand_over("doctor", doctor_arguments(words), words);
}

std::unique_ptr<Classifier> open_with_libtorch(const std::vector<std::string>& words,
                                               const std::string& /*path*/, const std::string& /*device*/,
                                               const std::string& /*reason*/, int /*threads*/) {
  hand_over("predict", words);
}

}  // namespace bernoulli::cli
