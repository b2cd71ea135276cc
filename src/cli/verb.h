#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

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
int run_report(const std::vector<std::string>& words);
int run_stability(const std::vector<std::string>& words);
int run_sweep(const std::vector<std::string>& words);
int run_config(const std::vector<std::string>& words);
int run_doctor(const std::vector<std::string>& words);

/// How a verb is called, for its help page.
struct Usage {
  std::string synopsis;    ///< "train CONFIG... [options]"
  std::string text;        ///< what it does, in a few lines
  std::string examples;    ///< commands, one a line
  std::string positional;  ///< name of the words without a dash; empty: none are taken
  int max_positional = -1;
};

/// Parses the words; verb first, then anything in any order. Absent when --help was asked for and printed.
/// --quiet is added to every verb and acted on here.
/// @throws UsageError with a suggestion for an unknown option.
std::optional<boost::program_options::variables_map> parse_words(
    const Usage& usage, boost::program_options::options_description options,
    const std::vector<std::string>& words);

/// Prints to standard output and checks that it arrived. @throws IoError
void print(const std::string& text);

}  // namespace bernoulli::cli
