#include "config/metric_names.h"

namespace bernoulli::config {

const std::vector<std::string>& metric_names(TaskConfig::Kind kind) {
  static const std::vector<std::string> binary{"loss",
                                               "accuracy",
                                               "balanced_accuracy",
                                               "precision",
                                               "recall",
                                               "specificity",
                                               "f1",
                                               "f_beta",
                                               "matthews_corrcoef",
                                               "cohen_kappa",
                                               "roc_auc",
                                               "average_precision",
                                               "log_loss",
                                               "brier_score",
                                               "expected_calibration_error",
                                               "true_positives",
                                               "false_positives",
                                               "true_negatives",
                                               "false_negatives"};
  static const std::vector<std::string> multi_label{"loss",
                                                    "accuracy",
                                                    "hamming_loss",
                                                    "subset_accuracy",
                                                    "precision_at_1",
                                                    "jaccard",
                                                    "samples_f1",
                                                    "micro_precision",
                                                    "micro_recall",
                                                    "micro_f1",
                                                    "micro_roc_auc",
                                                    "micro_average_precision",
                                                    "macro_precision",
                                                    "macro_recall",
                                                    "macro_f1",
                                                    "macro_roc_auc",
                                                    "macro_average_precision",
                                                    "weighted_f1",
                                                    "log_loss",
                                                    "brier_score",
                                                    "expected_calibration_error"};
  return kind == TaskConfig::Kind::kBinary ? binary : multi_label;
}

}  // namespace bernoulli::config
