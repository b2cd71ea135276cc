#pragma once

#include <string>
#include <vector>

namespace bernoulli::cli {

/// What main() puts before the message of a failure, on standard error.
inline constexpr const char* kErrorPrefix = "bernoulli: ";
/// To start this very program once more, were another put in its place meanwhile.
inline constexpr const char* kThisProgram = "/proc/self/exe";

/// One verb of the program. run() gets the words behind the verb and returns the exit code.
struct Verb {
  std::string name;
  std::string summary;
  int (*run)(const std::vector<std::string>& words);
};

const std::vector<Verb>& verbs();
/// @throws UsageError with a suggestion.
const Verb& find_verb(const std::string& name);
/// What `bernoulli --help` and `bernoulli --version` print.
std::string overview();
std::string version_line();

int run_init(const std::vector<std::string>& words);
int run_train(const std::vector<std::string>& words);
int run_evaluate(const std::vector<std::string>& words);
int run_predict(const std::vector<std::string>& words);
int run_serve(const std::vector<std::string>& words);
int run_export(const std::vector<std::string>& words);
int run_info(const std::vector<std::string>& words);
int run_report(const std::vector<std::string>& words);
int run_stability(const std::vector<std::string>& words);
int run_sweep(const std::vector<std::string>& words);
int run_config(const std::vector<std::string>& words);
int run_doctor(const std::vector<std::string>& words);

/// Prints to standard output and checks that it arrived. @throws IoError
void print(const std::string& text);

}  // namespace bernoulli::cli
