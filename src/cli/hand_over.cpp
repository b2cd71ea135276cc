#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/load_arguments.h"
#include "cli/predict.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/file_descriptor.h"
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

/// What the loader would say of a program's libraries, a line each; nothing where it cannot be asked.
std::string libraries_of(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  std::string name = program, ask = "LD_TRACE_LOADED_OBJECTS=1";  // as ldd does it: the program is not run
  char* const words[] = {name.data(), nullptr};
  std::vector<char*> variables = {ask.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  posix_spawn_file_actions_t streams;
  if (::posix_spawn_file_actions_init(&streams) != 0) return "";
  ::posix_spawn_file_actions_adddup2(&streams, write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&streams, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, program.c_str(), &streams, nullptr, words, variables.data());
  ::posix_spawn_file_actions_destroy(&streams);
  if (error != 0) return "";
  write_end.reset();
  std::string said;
  char piece[4096];
  for (ssize_t got = 0;
       (got = ::read(read_end.get(), piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR);)
    said.append(piece, static_cast<size_t>(std::max<ssize_t>(got, 0)));
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return said;
}

/// The loader would end the process with a message of its own, which knows no remedy, and exit code 127.
void need_libraries(const std::string& program) {
  std::vector<std::string> missing;
  std::istringstream lines(libraries_of(program));
  for (std::string line; std::getline(lines, line);)
    if (const size_t end = line.find(" => not found"); end != std::string::npos)
      missing.push_back(line.substr(1, end - 1));  // behind a tab
  if (missing.empty()) return;
  throw IoError(fmt::format(
      "'{}' cannot start, for {} cannot be found: set LD_LIBRARY_PATH to the folder of LibTorch's libraries "
      "(a wheel's site-packages/torch/lib), or build again with BERNOULLI_TORCH_DIR. 'bernoulli serve' and "
      "'bernoulli predict' need no LibTorch where a model runs natively",
      program, fmt::join(missing, ", ")));
}

[[noreturn]] void hand_over(std::string verb, std::vector<std::string> words) {
  need_working_directory();
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = self.parent_path() / "bernoulli-torch";
  need_libraries(program);
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
