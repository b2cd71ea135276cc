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

int show(const std::vector<std::string>& files, const po::variables_map& values) {
  const bool json = values.contains("json"), origin = values.contains("origin");
  if (origin && json) throw UsageError("--origin and --json are two forms of one answer: give one of them");
  const CheckedConfig loaded = load(files, values);
  print(json     ? json_text(loaded.resolved)
        : origin ? config::show_with_origin(loaded)
                 : loaded.run.resolved_yaml);
  return 0;
}

void refuse_files(const std::vector<std::string>& files, const char* action) {
  if (!files.empty())
    throw UsageError(
        fmt::format("config {} takes no file, got '{}'; config describe --key KEY is about one key", action,
                    files.front()));
}

int describe(const std::vector<std::string>& files, const po::variables_map& values) {
  const auto key = values["key"].as<std::string>(), format = values["format"].as<std::string>();
  if (!values["key"].defaulted() && format != "text")
    throw UsageError("--key is for --format text: markdown has all keys");
  refuse_files(files, "describe");
  if (values.contains("json") && format != "text")
    throw UsageError("--format and --json are two forms of one answer: give one of them");
  if (format != "text" && format != "markdown")
    throw UsageError(fmt::format("--format is '{}'; it may be text or markdown", format));
  const auto& layers = layers::layer_schemas();
  print(values.contains("json") ? json_text(config::describe_json(layers, key))
        : format == "text"      ? config::describe(layers, key)
                                : config::reference_markdown(layers));
  return 0;
}

int schema(const std::vector<std::string>& files, const po::variables_map&) {
  refuse_files(files, "schema");
  print(config::json_schema(layers::layer_schemas()).dump(2) + "\n");
  return 0;
}

struct Action {
  std::string name;
  std::vector<std::string> options;  ///< that not all actions take
  int (*run)(const std::vector<std::string>& files, const po::variables_map& values);
};

const Action kActions[] = {{"check", {"set"}, check},
                           {"show", {"set", "origin"}, show},
                           {"describe", {"key", "format"}, describe},
                           {"schema", {}, schema}};

const Action& action_called(const std::string& name) {
  std::vector<std::string> names;
  for (const Action& action : kActions) {
    if (action.name == name) return action;
    names.push_back(action.name);
  }
  throw UsageError(fmt::format("unknown action 'config {}'{}; usage: bernoulli {}", name,
                               did_you_mean(name, names), kUsage.synopsis));
}

/// Options that the action would not look at are refused.
void refuse_others(const Action& action, const po::variables_map& values) {
  for (const std::string option : {"set", "origin", "key", "format"}) {
    if (!values.contains(option) || values[option].defaulted()) continue;
    std::vector<std::string> takers;
    for (const Action& some : kActions) {
      if (std::ranges::find(some.options, option) != some.options.end()) takers.push_back(some.name);
    }
    if (std::ranges::find(takers, action.name) != takers.end()) continue;
    throw UsageError(fmt::format("config {} takes no --{}, which is for config {}", action.name, option,
                                 fmt::join(takers, " and config ")));
  }
}

}  // namespace

int run_config(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_config_options(options);
  options.add_options()("origin", "show: where each value came from")(
      "json", "print JSON, which schema does anyway")("key", word("PATH")->default_value(""),
                                                      "describe: only this key and what is below it")(
      "format", word("F")->default_value("text"), "describe: text or markdown");
  const auto values = parse_words(kUsage, options, words);
  if (!values) return 0;
  if (!values->contains("words"))
    throw UsageError(fmt::format("say what to do; usage: bernoulli {}", kUsage.synopsis));
  std::vector<std::string> rest = (*values)["words"].as<std::vector<std::string>>();
  const Action& action = action_called(rest.front());
  rest.erase(rest.begin());
  refuse_others(action, *values);
  return action.run(rest, *values);
}

}  // namespace bernoulli::cli
