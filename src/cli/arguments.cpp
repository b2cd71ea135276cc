#include "cli/arguments.h"

#include <algorithm>
#include <sstream>
#include <typeinfo>

#include <fmt/format.h>

#include "cli/verb.h"
#include "config/faults.h"
#include "config/named_keys.h"
#include "config/schema.h"
#include "core/device_word.h"
#include "core/error.h"
#include "core/log.h"
#include "core/shell_word.h"
#include "core/text_distance.h"

namespace bernoulli::cli {
namespace po = boost::program_options;
namespace {

std::string help_page(const Usage& usage, const po::options_description& options) {
  std::ostringstream page;
  page << "usage: bernoulli " << usage.synopsis << "\n\n"
       << usage.text << "\n\n"
       << options << "\nexamples:\n"
       << usage.examples;
  return page.str();
}

/// "; did you mean '--set training.epochs=VALUE'?" of an option that is no option but a key; empty otherwise.
std::string set_hint(const Usage& usage, const po::options_description& options, std::string name) {
  constexpr size_t kMostNamed = 5;
  if (options.find_nothrow("set", false) == nullptr) return "";
  name.erase(0, name.find_first_not_of('-'));
  std::ranges::replace(name, '-', '_');
  static const std::vector<config::KindSchema> no_layers;
  std::vector<std::string> keys = config::keys_named(config::run_schema(no_layers), nullptr, name);
  const bool of_a_run = usage.positional == "run" || usage.positional == "model";
  if (of_a_run) std::erase_if(keys, [](const std::string& key) { return !key.starts_with("data."); });
  if (keys.empty() || keys.size() > kMostNamed) return "";
  if (keys.size() == 1) return fmt::format("; did you mean '--set {}=VALUE'?", keys.front());
  return fmt::format("; did you mean --set KEY=VALUE, where KEY is {}?", config::join_words(keys));
}

std::string too_many(const Usage& usage, const std::vector<std::string>& words) {
  const auto most = static_cast<size_t>(usage.max_positional);
  const std::string meant =
      usage.surplus_option == nullptr || words.size() != most + 1
          ? ""
          : fmt::format("; did you mean {} {}?", usage.surplus_option, shell_word(words.back()));
  return fmt::format("too many arguments{}; usage: bernoulli {}", meant, usage.synopsis);
}

/// " (expected a whole number)" of an option whose words are numbers; empty of another one.
std::string expected_number(const po::options_description& options, const std::string& name) {
  const po::option_description* const option =
      options.find_nothrow(name.substr(std::min(name.find_first_not_of('-'), name.size())), false);
  const auto* const typed =
      option == nullptr ? nullptr : dynamic_cast<const po::typed_value_base*>(option->semantic().get());
  if (typed == nullptr) return "";
  const std::type_info& type = typed->value_type();
  if (type == typeid(double)) return " (expected a number)";
  return type == typeid(int64_t) ? " (expected a whole number)" : "";
}

std::vector<std::string> option_names(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

}  // namespace

std::optional<po::variables_map> parse_words(const Usage& usage, po::options_description options,
                                             const std::vector<std::string>& words) {
  options.add_options()("quiet", "no progress and no log on standard error; warnings stay")("help,h",
                                                                                            "this page");
  po::options_description all;
  all.add(options);
  po::positional_options_description positional;
  if (!usage.positional.empty()) {
    all.add_options()(usage.positional.c_str(), po::value<std::vector<std::string>>());
    positional.add(usage.positional.c_str(), -1);
  }
  po::variables_map values;
  try {
    const auto style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    std::string meant = did_you_mean(error.get_option_name(), option_names(options));
    if (meant.empty()) meant = set_hint(usage, options, error.get_option_name());
    throw UsageError(fmt::format("unknown option '{}'{}; see 'bernoulli {} --help'", error.get_option_name(),
                                 meant, usage.synopsis.substr(0, usage.synopsis.find(' '))));
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError(fmt::format("too many arguments; usage: bernoulli {}", usage.synopsis));
  } catch (const po::invalid_option_value& error) {
    throw UsageError(fmt::format("{}{}; usage: bernoulli {}", error.what(),
                                 expected_number(options, error.get_option_name()), usage.synopsis));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}; usage: bernoulli {}", error.what(), usage.synopsis));
  }
  if (values.contains("help")) {
    print(help_page(usage, options));
    return std::nullopt;
  }
  if (values.contains("quiet")) set_log_level(LogLevel::kQuiet);
  if (usage.max_positional >= 0 && values.contains(usage.positional) &&
      static_cast<int>(values[usage.positional].as<std::vector<std::string>>().size()) >
          usage.max_positional) {
    throw UsageError(too_many(usage, values[usage.positional].as<std::vector<std::string>>()));
  }
  return values;
}

const std::vector<std::string>& positional_words(const po::variables_map& values, const Usage& usage,
                                                 const char* what) {
  if (!values.contains(usage.positional))
    throw UsageError(fmt::format("name {}; usage: bernoulli {}", what, usage.synopsis));
  return values[usage.positional].as<std::vector<std::string>>();
}

std::optional<std::string> optional_word(const po::variables_map& values, const char* name) {
  if (!values.contains(name)) return std::nullopt;
  const auto& word = values[name].as<std::string>();
  if (word.empty())
    throw UsageError(
        fmt::format("--{} is empty; leave it out, or see whether a shell variable is not set", name));
  return word;
}

std::vector<std::string> repeated_words(const po::variables_map& values, const char* name) {
  return values.contains(name) ? values[name].as<std::vector<std::string>>() : std::vector<std::string>{};
}

int64_t number_within(const po::variables_map& values, const char* name, int64_t least, int64_t most) {
  const auto value = values[name].as<int64_t>();
  if (value < least || value > most)
    throw UsageError(fmt::format("--{} is {}; expected {} to {}", name, value, least, most));
  return value;
}

std::string device_word(const po::variables_map& values) {
  const auto& word = values["device"].as<std::string>();
  parse_device(word);
  return word;
}

size_t place_among(const std::vector<std::string>& words, const char* option, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end())
    throw UsageError(fmt::format("--{} is '{}'; it may be {}", option, word, config::join_words(words)));
  return static_cast<size_t>(found - words.begin());
}

}  // namespace bernoulli::cli
