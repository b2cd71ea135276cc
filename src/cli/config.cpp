#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "config/describe.h"
#include "config/faults.h"
#include "config/json_schema.h"
#include "core/error.h"
#include "core/text_distance.h"
#include "store/run_paths.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

const Usage kUsage{"config check|show|describe|schema [CONFIG...] [options]",
                   "check     validates, builds the layer plan, and prints nothing but the verdict\n"
                   "show      prints every key with its value; --origin adds where it came from\n"
                   "describe  documents every key, or those below --key\n"
                   "schema    prints the JSON Schema (draft 2020-12) for editors",
                   "  bernoulli config check configs/imdb_tutorial.yaml\n"
                   "  bernoulli config show configs/quickstart.yaml --origin --set training.epochs=3\n"
                   "  bernoulli config describe --key training\n"
                   "  bernoulli config schema > bernoulli.schema.json\n",
                   "words"};

void require_known(const std::string& action) {
  const std::vector<std::string> actions = {"check", "show", "describe", "schema"};
  if (std::find(actions.begin(), actions.end(), action) != actions.end()) return;
  throw UsageError(fmt::format("unknown action 'config {}'{}; usage: bernoulli {}", action,
                               did_you_mean(action, actions), kUsage.synopsis));
}

/// Options that the action would not look at are refused.
void require_for_action(const std::string& action, const po::variables_map& values) {
  const std::vector<std::string> actions_with_json = {"check", "show", "describe", "schema"};
  const std::vector<std::pair<const char*, std::vector<std::string>>> takers = {{"set", {"check", "show"}},
                                                                                {"json", actions_with_json},
                                                                                {"origin", {"show"}},
                                                                                {"key", {"describe"}},
                                                                                {"format", {"describe"}}};
  for (const auto& [option, actions] : takers) {
    if (!values.contains(option) || values[option].defaulted()) continue;
    if (std::find(actions.begin(), actions.end(), action) == actions.end())
      throw UsageError(fmt::format("config {} takes no --{}, which is for config {}", action, option,
                                   fmt::join(actions, " and config ")));
  }
  if (values.contains("origin") && values.contains("json"))
    throw UsageError("--origin and --json are two forms of one answer: give one of them");
  if (!values["key"].defaulted() && values["format"].as<std::string>() != "text")
    throw UsageError("--key is for --format text: markdown has all keys");
}

CheckedConfig load(const std::vector<std::string>& files, const po::variables_map& values) {
  if (files.empty()) throw UsageError("no configuration file given; usage: bernoulli config check CONFIG...");
  config::ConfigSources sources = config_sources(values);
  for (const std::string& file : files) sources.files.emplace_back(file);
  return load_checked_config(sources);
}

int check(const std::vector<std::string>& files, const po::variables_map& values) {
  try {
    const CheckedConfig loaded = load(files, values);
    print(values.contains("json")
              ? json_text(Json{{"name", loaded.run.name}, {"valid", true}, {"faults", Json::array()}})
              : fmt::format("{}: valid\n", loaded.run.name));
    return 0;
  } catch (const UsageError& error) {
    if (!values.contains("json")) throw;
    print(json_text(Json{{"name", nullptr}, {"valid", false}, {"faults", config::lines_of(error)}}));
    return static_cast<int>(ExitCode::kUsage);
  }
}

}  // namespace

int run_config(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_config_options(options);
  options.add_options()("origin", "show: where each value came from")("json",
                                                                      "print JSON, which schema does anyway")(
      "key", po::value<std::string>()->default_value("")->value_name("PATH"),
      "describe: only this key and what is below it")(
      "format", po::value<std::string>()->default_value("text")->value_name("F"),
      "describe: text or markdown");
  const auto values = parse_words(kUsage, options, words);
  if (!values) return 0;
  if (!values->contains("words"))
    throw UsageError(fmt::format("say what to do; usage: bernoulli {}", kUsage.synopsis));
  std::vector<std::string> rest = (*values)["words"].as<std::vector<std::string>>();
  const std::string action = rest.front();
  rest.erase(rest.begin());
  require_known(action);
  require_for_action(action, *values);
  if (action == "check") return check(rest, *values);
  if (action == "show") {
    const CheckedConfig loaded = load(rest, *values);
    const bool origin = values->contains("origin");
    print(values->contains("json") ? json_text(loaded.resolved)
          : origin                 ? config::show_with_origin(loaded)
                                   : loaded.run.resolved_yaml);
    return 0;
  }
  if (!rest.empty())
    throw UsageError(fmt::format("config {} takes no file; usage: bernoulli {}", action, kUsage.synopsis));
  if (action == "describe") {
    const std::string format = (*values)["format"].as<std::string>();
    const bool json = values->contains("json");
    if (json && format != "text")
      throw UsageError("--format and --json are two forms of one answer: give one of them");
    if (json) {
      print(json_text(config::describe_json(layers::layer_schemas(), (*values)["key"].as<std::string>())));
    } else if (format == "markdown") {
      print(config::reference_markdown(layers::layer_schemas()));
    } else if (format == "text") {
      print(config::describe(layers::layer_schemas(), (*values)["key"].as<std::string>()));
    } else {
      throw UsageError(fmt::format("--format is '{}'; it may be text or markdown", format));
    }
    return 0;
  }
  print(config::json_schema(layers::layer_schemas()).dump(2) + "\n");
  return 0;
}

}  // namespace bernoulli::cli
