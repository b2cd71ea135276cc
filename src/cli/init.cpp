#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/load_arguments.h"
#include "cli/starter_config.h"
#include "cli/verb.h"
#include "config/load.h"
#include "core/error.h"
#include "core/file.h"
#include "core/file_descriptor.h"
#include "core/log.h"
#include "core/printable.h"
#include "core/shell_word.h"
#include "data/dataset.h"
#include "layers/layer_kind.h"
#include "store/run_paths.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

using Words = std::vector<std::string>;

const Usage kInitUsage = {
    "init DATA [--output FILE.yaml] [options]",
    "Looks at labelled texts and writes a configuration that trains on them as it is, with what was found\n"
    "and why. DATA: a csv, tsv or JSONL file, fastText's __label__ lines, a folder with a sub-folder a "
    "label,\n"
    "or one that holds train, validation and test as such files or folders. gzip is read.\n"
    "Text and label columns are known by their names, else by their values; where several may be meant, "
    "init\n"
    "says which and writes nothing. A file that is there is never overwritten.",
    "  bernoulli init reviews.csv                    # writes reviews.yaml\n"
    "  bernoulli init tickets.jsonl --text-column body --label-column queue\n"
    "  bernoulli init comments.csv --label-column toxic --label-column obscene --output comments.yaml\n"
    "  bernoulli init aclImdb --positive pos --output -\n",
    "data", 1};

po::options_description init_options() {
  po::options_description options("options");
  options.add_options()("output", word("FILE.yaml"),
                        "the configuration; -: standard output; default: DATA's name with .yaml, here")(
      "text-column", word("NAME"), "of a table or of JSONL; without a header a number, from 1 on")(
      "label-column", words("NAME"), "the same; repeats: columns of 0 and 1, one a label")(
      "header", word("yes|no"), "whether a table's first row names the columns")(
      "positive", word("LABEL"), "of two labels the one that counts as 1")(
      "positive-above", value_of<double>("T"), "labels are numbers, and those above T count as 1")(
      "json", "what was found as JSON");
  return options;
}

std::string default_output(const std::string& data) {
  fs::path path = fs::path(data).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (path.filename() == "." || path.filename() == ".." || path.filename().empty())
    throw UsageError(fmt::format("'{}' gives the configuration no name; say --output FILE.yaml", data));
  if (fs::is_directory(data)) return path.filename().string() + ".yaml";
  if (path.extension() == ".gz") path = path.stem();
  return path.stem().string() + ".yaml";
}

InitRequest init_request(const po::variables_map& values, const Words& words) {
  InitRequest request;
  request.data = positional_words(values, kInitUsage, "a file or folder of labelled texts").front();
  request.columns.text = optional_word(values, "text-column").value_or("");
  request.columns.labels = repeated_words(values, "label-column");
  refuse_repeated("label-column", request.columns.labels);
  if (std::ranges::find(request.columns.labels, request.columns.text) != request.columns.labels.end())
    throw UsageError(fmt::format("'{}' cannot be the text and the label", request.columns.text));
  request.positive = optional_word(values, "positive").value_or("");
  if (values.contains("positive-above")) request.positive_above = values["positive-above"].as<double>();
  if (request.positive_above && !std::isfinite(*request.positive_above))
    throw UsageError("--positive-above takes a number");
  if (values.contains("header"))
    request.header = choice<bool>(values, "header", {{"yes", true}, {"no", false}});
  request.command = "bernoulli init";
  for (const std::string& word : words) request.command += " " + shell_word(word);
  return request;
}

void refuse_existing(const std::string& output) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(output, ignored))) return;
  throw RunFolderError(
      fmt::format("'{}' is there already, and init overwrites nothing; say --output FILE.yaml", output));
}

/// Creates the file, which must not be there, and gives it its content whole.
void write_new_file(const std::string& output, const std::string& content) {
  const FileDescriptor claim(::open(output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (claim.get() < 0) {
    const int error = errno;
    if (error == EEXIST) refuse_existing(output);
    throw IoError(fmt::format("cannot create '{}': {}", output, std::strerror(error)));
  }
  try {
    write_file_atomic(output, content);
  } catch (...) {
    ::unlink(output.c_str());
    throw;
  }
}

struct PartSizes {
  int64_t train = 0, validation = 0, test = 0;
};

/// Reads the data as `train` will: what it would refuse is told now.
PartSizes prove(const std::string& yaml, const std::string& name) {
  const config::LoadedConfig loaded = config::load_config_text(yaml, name, layers::layer_schemas());
  const DataSplits splits = load_data(loaded.run.data, loaded.run.task);
  const auto size = [](const std::optional<Dataset>& part) { return part ? part->size() : 0; };
  return {splits.train.size(), size(splits.validation), size(splits.test)};
}

nlohmann::ordered_json findings_json(const StarterConfig& starter, const PartSizes& parts,
                                     const std::string& output) {
  nlohmann::ordered_json json = {
      {"config", output},
      {"examples", {{"train", parts.train}, {"validation", parts.validation}, {"test", parts.test}}},
      {"labels", starter.labels},
      {"findings", nlohmann::ordered_json::array()},
      {"warnings", starter.warnings}};
  for (const Finding& found : starter.findings)
    json["findings"].push_back({{"setting", found.setting}, {"value", found.value}, {"why", found.why}});
  return json;
}

std::string findings_text(const StarterConfig& starter, const PartSizes& parts) {
  std::string text = fmt::format("{} examples to train on, {} to validate, {} to test\n", parts.train,
                                 parts.validation, parts.test);
  for (const Finding& found : starter.findings)
    text += printable(fmt::format("{}: {} ({})", found.setting, found.value, found.why), "") + "\n";
  constexpr size_t kShown = 20;
  size_t shown = 0;
  for (const auto& [label, count] : starter.labels.items()) {
    if (++shown > kShown) break;
    text += printable(fmt::format("label '{}': {} examples", label, count.get<int64_t>()), "") + "\n";
  }
  if (starter.labels.size() > kShown)
    text += fmt::format("... and {} more labels\n", starter.labels.size() - kShown);
  return text;
}

std::string next_commands(const std::string& output, const StarterConfig& starter) {
  const std::string stem = fs::path(output).stem().string();
  return fmt::format(
      "wrote {0}\nnext:\n"
      "  bernoulli train {0} --dry-run               # builds everything and runs one batch\n"
      "  bernoulli train {0} --run-dir runs/{1}\n"
      "  bernoulli evaluate runs/{1} --intervals\n"
      "  bernoulli predict runs/{1} --text '...'\n{2}",
      printable(shell_word(output), ""), printable(shell_word(stem), ""),
      starter.sweep.empty()
          ? ""
          : fmt::format("  bernoulli sweep {} {}  # which of these is best depends on the data\n",
                        printable(shell_word(output), ""), starter.sweep));
}

}  // namespace

int run_init(const Words& words) {
  const auto parsed = parse_words(kInitUsage, init_options(), words);
  if (!parsed) return 0;
  InitRequest request = init_request(*parsed, words);
  const bool json = parsed->contains("json");
  const std::string output = optional_word(*parsed, "output").value_or("");
  const bool to_stdout = output == "-";
  if (to_stdout && json)
    throw UsageError("--json and --output - both want standard output: name a FILE.yaml");
  request.config = to_stdout ? "FILE.yaml" : output.empty() ? default_output(request.data) : output;
  if (!to_stdout) refuse_existing(request.config);
  const StarterConfig starter = make_starter_config(request);
  const PartSizes parts = prove(starter.yaml, request.config);
  for (const std::string& warning : starter.warnings) log_warning(warning);
  if (to_stdout) {
    for (const Finding& found : starter.findings)
      log_info(fmt::format("{}: {} ({})", found.setting, found.value, found.why));
    print(starter.yaml);
    return 0;
  }
  write_new_file(request.config, starter.yaml);
  print(json ? json_text(findings_json(starter, parts, request.config))
             : findings_text(starter, parts) + next_commands(request.config, starter));
  return 0;
}

}  // namespace bernoulli::cli
