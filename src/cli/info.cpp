#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/verb.h"
#include "core/json_text.h"
#include "core/printable.h"
#include "infer/model_facts.h"
#include "store/run_paths.h"

namespace bernoulli::cli {
namespace {

using Facts = nlohmann::ordered_json;

const Usage kInfoUsage = {
    "info RUN|FILE.pt [options]",
    "What a model is: kind, labels in their order, thresholds, temperatures, shifts, hash, length of\n"
    "sequences, columns of text; of an exported file also its size, who wrote it and the form of its table.\n"
    "Nothing of the file is run, and LibTorch is not needed.",
    "  bernoulli info model.pt\n"
    "  bernoulli info runs/quickstart-1 --json\n",
    "model", 1};

/// A line each, those of an object behind its own name.
std::string lines_of(const Facts& facts, const std::string& before = "") {
  std::string lines;
  for (const auto& [key, value] : facts.items()) {
    const std::string name = before + printable(key, "");
    if (value.is_object())
      lines += lines_of(value, name + ".");
    else
      lines += fmt::format("{:<32} {}\n", name,
                           value.is_string() ? printable(value.get<std::string>(), "") : compact_json(value));
  }
  return lines;
}

}  // namespace

int run_info(const std::vector<std::string>& words) {
  boost::program_options::options_description options("options");
  options.add_options()("json", "print one JSON object");
  const auto values = parse_words(kInfoUsage, options, words);
  if (!values) return 0;
  const Facts facts =
      saved_model_facts(positional_words(*values, kInfoUsage, "a run folder or an exported file").front());
  print(values->contains("json") ? json_text(facts) : lines_of(facts));
  return 0;
}

}  // namespace bernoulli::cli
