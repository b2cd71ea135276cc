#include <fmt/format.h>

#include "config/loss_mode.h"
#include "config/setting_checks.h"
#include "config/standardize_checks.h"

namespace bernoulli::config {
namespace {

void refuse_counted_padding(const CheckedSettings& settings, const std::vector<KindConfig>& layers,
                            const std::string& list) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string path = fmt::format("{}[{}].{}", list, i, layers[i].kind);
    const auto padding = layers[i].args.find("padding");
    if (padding != layers[i].args.end() && *padding == "include") {
      settings.fault(path + ".padding",
                     "is include, but text.sequence_length is not set, so the result would depend on the "
                     "longest text of the batch (set the length, or exclude)");
    }
    for (size_t branch = 0; branch < layers[i].branches.size(); ++branch)
      refuse_counted_padding(settings, layers[i].branches[branch],
                             fmt::format("{}.branches[{}]", path, branch));
  }
}

}  // namespace

void check_steps(const CheckedSettings& settings) {
  check_standardize(settings.run.text.standardize, [&](const std::string& path, const std::string& message) {
    settings.fault(path, message);
  });
}

void check_ngrams(const CheckedSettings& settings) {
  const std::vector<int64_t>& widths = settings.run.text.ngrams;
  for (size_t i = 1; i < widths.size(); ++i) {
    if (widths[i] <= widths[i - 1])
      settings.fault("text.ngrams",
                     fmt::format("has {} after {} (expected ascending widths)", widths[i], widths[i - 1]));
  }
}

void check_vocabulary(const CheckedSettings& settings) {
  const TextConfig& text = settings.run.text;
  if (text.vocabulary_file.empty()) return;
  const char* learned_only =
      "limits a vocabulary that is learned, but `file` gives a finished one (leave one of them out)";
  if (text.max_tokens) settings.fault("text.vocabulary.max_tokens", learned_only);
  if (text.min_count != 1) settings.fault("text.vocabulary.min_count", learned_only);
}

void check_padding(const CheckedSettings& settings) {
  if (!settings.run.text.sequence_length)
    refuse_counted_padding(settings, settings.run.model.layers, "model.layers");
}

void check_start(const CheckedSettings& settings) {
  if (!settings.run.model.start_from) return;
  const KindConfig& table = settings.run.model.layers.front();
  const auto initializer = table.args.find("initializer");
  if (initializer == table.args.end() || !initializer->is_object()) return;
  for (const char* kind : {"naive_bayes", "pretrained"}) {
    if (initializer->contains(kind))
      settings.fault(
          fmt::format("model.layers[0].{}.initializer", table.kind),
          fmt::format("is {}, and model.start_from decides how the table starts (leave one of them out)",
                      kind));
  }
}

void check_last_layer(const CheckedSettings& settings) {
  const std::vector<KindConfig>& layers = settings.run.model.layers;
  if (layers.back().kind == "sigmoid" && trains_on_logits(settings.run.loss.mode)) {
    settings.fault(
        fmt::format("model.layers[{}].sigmoid", layers.size() - 1),
        "ends a model that is trained on logits (expected no activation at the end: the loss works on "
        "logits, and the export adds the sigmoid; or set loss.mode: sigmoid_bce)");
  }
}

void check_buckets(const CheckedSettings& settings) {
  const RunConfig& run = settings.run;
  if (run.exported.buckets == "used" && !run.text.hash_buckets)
    settings.fault("export.buckets", "is used, but there are no buckets: text.hashing is not set");
  else if (run.exported.buckets == "used" && run.model.start_from)
    settings.fault(
        "export.buckets",
        "is used, but buckets that no training text has hold what model.start_from brought (expected all)");
}

void check_max_changed(const CheckedSettings& settings) {
  const ExportConfig& form = settings.run.exported;
  if (form.max_changed && !form.is_compact())
    settings.fault("export.max_changed",
                   "limits what a smaller table may change, and none is asked for (expected export.weights "
                   "float16 or int8, export.buckets used or export.fold, or null here)");
}

}  // namespace bernoulli::config
