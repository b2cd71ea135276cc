#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/error.h"
#include "core/text_distance.h"
#include "core/version.h"

namespace bernoulli::cli {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"init", "look at labelled texts and write a configuration that trains on them", run_init},
      {"train", "train a classifier from a configuration, evaluate and export it", run_train},
      {"evaluate", "all metrics of a run or an exported file on a data set", run_evaluate},
      {"predict", "label, probability and logit of each text", run_predict},
      {"serve", "answer HTTP requests with what predict answers", run_serve},
      {"export", "write and verify the model of a run: TorchScript, ONNX, Triton, safetensors", run_export},
      {"info", "what a model is: labels, thresholds, hash, who wrote it", run_info},
      {"report", "one HTML page that explains a run, or sets several side by side", run_report},
      {"stability", "does it matter whether the loss sees logits or probabilities: measured", run_stability},
      {"sweep", "train every combination of some settings, or random ones; leader board", run_sweep},
      {"config", "check, show, describe configurations; JSON Schema", run_config},
      {"doctor", "versions, devices, threads, and a tiny training to prove the installation", run_doctor},
  };
  return all;
}

const Verb& find_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) {
    if (verb.name == name) return verb;
    names.push_back(verb.name);
  }
  throw UsageError(
      fmt::format("unknown verb '{}'{}; see 'bernoulli --help'", name, did_you_mean(name, names)));
}

std::string overview() {
  std::string page =
      "usage: bernoulli VERB ...\n\nTrain on logits, export probabilities: text classifiers from YAML to "
      "TorchScript.\n\n";
  for (const Verb& verb : verbs()) page += fmt::format("  {:<10} {}\n", verb.name, verb.summary);
  page +=
      "\n'bernoulli VERB --help', or 'bernoulli help VERB', tells more; 'bernoulli --version' the version.\n"
      "Start with: bernoulli init DATA, or bernoulli train configs/quickstart.yaml\n";
  return page;
}

std::string version_line() { return fmt::format("bernoulli {}\n", kVersion); }

void print(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw IoError(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  }
}

}  // namespace bernoulli::cli
