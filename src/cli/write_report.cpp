#include "cli/write_report.h"

#include "core/file.h"
#include "core/json_text.h"
#include "report/run_page.h"
#include "train/evaluate.h"

namespace bernoulli::cli {

void write_report(const FinishedTraining& training, const nlohmann::ordered_json& summary,
                  const std::vector<float>& logits) {
  using report::Json;
  const PreparedRun& run = training.run;
  report::RunReport report{.record = report::read_run_record(training.paths, training.config)};
  // As summary.json will have it, so that the page is the one that `bernoulli report` makes of it.
  report.record.summary = Json::parse(compact_json(summary));
  const std::optional<EncodedDataset>& data = run.test ? run.test : run.validation;
  if (data) {
    report.answers = report::ScoredSplit{.name = run.reference_split,
                                         .predictions = predictions_of(logits, *data),
                                         .thresholds = summary.at("thresholds").get<std::vector<double>>(),
                                         .texts = run.reference_texts,
                                         .origins = data->origins};
  } else {
    report.no_answers_because = "the configuration has no validation or test data";
  }
  report.figures = figures_of(report.record, report.answers);
  const std::string page = report::run_page(report);
  training.folder.check_is_there();
  write_file_atomic(training.paths.report(), page);
}

}  // namespace bernoulli::cli
