#include "c_api/classifier.h"

#include <limits>

#include "c_api/border.h"
#include "core/error.h"
#include "core/version.h"
#include "core/warning_collector.h"

using bernoulli::TextClassifier;

bernoulli_classifier& bernoulli::c_api::named(bernoulli_classifier* classifier) {
  if (classifier == nullptr) throw UsageError("the classifier is NULL: open one first");
  return *classifier;
}

int bernoulli_api_version() { return BERNOULLI_API_VERSION; }

const char* bernoulli_version() { return bernoulli::kVersion; }

int bernoulli_open(const char* path, bernoulli_classifier** classifier, bernoulli_error* error) {
  return bernoulli::c_api::answer(error, [&] {
    if (classifier == nullptr)
      throw bernoulli::UsageError("there is no place for the classifier: it is NULL");
    *classifier = nullptr;
    if (path == nullptr)
      throw bernoulli::UsageError("the path is NULL: name a run folder or an exported file");
    const bernoulli::WarningCollector warnings;
    TextClassifier model = TextClassifier::open(path);
    *classifier = new bernoulli_classifier(std::move(model), warnings.text());
  });
}

void bernoulli_close(bernoulli_classifier* classifier) { delete classifier; }

int bernoulli_task(const bernoulli_classifier* classifier) {
  if (classifier == nullptr) return 0;
  return classifier->model.is_binary() ? BERNOULLI_BINARY : BERNOULLI_MULTI_LABEL;
}

size_t bernoulli_num_outputs(const bernoulli_classifier* classifier) {
  return classifier == nullptr ? 0 : classifier->model.num_outputs();
}

size_t bernoulli_num_labels(const bernoulli_classifier* classifier) {
  return classifier == nullptr ? 0 : classifier->model.labels().size();
}

const char* bernoulli_label(const bernoulli_classifier* classifier, size_t label, size_t* length) {
  if (label >= bernoulli_num_labels(classifier)) return nullptr;
  const std::string& name = classifier->model.labels()[label];
  if (length != nullptr) *length = name.size();
  return name.c_str();
}

double bernoulli_threshold(const bernoulli_classifier* classifier, size_t output) {
  if (output >= bernoulli_num_outputs(classifier) || classifier->model.thresholds().empty())
    return std::numeric_limits<double>::quiet_NaN();
  return classifier->model.thresholds()[output];
}

const char* bernoulli_warning(const bernoulli_classifier* classifier) {
  return classifier == nullptr || classifier->warning.empty() ? nullptr : classifier->warning.c_str();
}
