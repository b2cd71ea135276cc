#include "cli/write_report.h"

#include <cstdint>
#include <optional>
#include <span>

#include "core/file.h"
#include "core/json_text.h"
#include "export/torchscript.h"
#include "infer/deciding_tokens.h"
#include "infer/native_network.h"
#include "report/run_page.h"
#include "tensor/safetensors.h"
#include "train/evaluate.h"

namespace bernoulli::cli {
namespace {

/// As `bernoulli report` finds them, of the same weights and without LibTorch. @param texts  or null
std::optional<DecidingTokens> tokens_of(const FinishedTraining& training, const Sequential& network,
                                        const LogitScaling& scaling, const StringRows* texts) {
  const PreparedRun& run = training.run;
  if (!is_linear_in_tokens(run.plan)) return std::nullopt;  // before a second network is made
  const HostTensors weights(network_tensors(network.module()));
  const NativeNetwork native = NativeNetwork::build(run.plan, training.config.text, weights.raw());
  NativeNetwork::State state;
  return deciding_tokens(run.plan, *run.vectorizer, texts,
                         [&](std::span<const int32_t> ids, std::span<float> out) {
                           native.logits(ids, state, out);
                           scale_logits(out, scaling);
                         });
}

}  // namespace

void write_report(const FinishedTraining& training, const Sequential& network, const LogitScaling& scaling,
                  const nlohmann::ordered_json& summary, const std::vector<float>& logits) {
  using report::Json;
  const PreparedRun& run = training.run;
  report::RunReport report{.record = report::read_run_record(training.paths, training.config)};
  // As summary.json will have it, so that the page is the one that `bernoulli report` makes of it.
  report.record.summary = Json::parse(compact_json(summary));
  const std::optional<EncodedDataset>& data = run.test ? run.test : run.validation;
  if (data) {
    report.answers = report::ScoredSplit{.name = run.reference_split,
                                         .predictions = predictions_of(logits, *data),
                                         .rule = decision_rule_from_json(summary.at("thresholds")),
                                         .texts = run.reference_texts,
                                         .origins = data->origins};
  } else {
    report.no_answers_because = "the configuration has no validation or test data";
  }
  report.tokens = tokens_of(training, network, scaling, data ? &run.reference_texts : nullptr);
  report.figures = figures_of(report.record, report.answers);
  const std::string page = report::run_page(report);
  training.folder.check_is_there();
  write_file_atomic(training.paths.report(), page);
}

}  // namespace bernoulli::cli
