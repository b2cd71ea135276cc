#include "data/tokenized_data.h"

#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "data/audit.h"
#include "data/token_cache.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

Vectorizer make_vectorizer(const RunConfig& config, const Dataset& train,
                           std::optional<Vocabulary> vocabulary, int threads) {
  if (config.text.hash_buckets) return Vectorizer(config.text);
  if (!vocabulary && !config.text.vocabulary_file.empty()) {
    const std::filesystem::path path = path_of(config.data, config.text.vocabulary_file);
    try {
      vocabulary = Vocabulary::parse(read_file(path), path.string());
    } catch (const IoError& error) {
      throw DataError(
          fmt::format("text.vocabulary.file: {} (relative paths start at data.root)", error.what()));
    }
  }
  if (!vocabulary) vocabulary = learn_vocabulary(config.text, train.texts, threads);
  return Vectorizer(config.text, std::move(*vocabulary));
}

EncodedDataset encoded(Dataset& dataset, TokenView rows) {
  return {std::move(rows), std::move(dataset.targets), std::move(dataset.weights),
          StringRows(std::move(dataset.origins), dataset.store), dataset.num_labels};
}

/// From the sources, with `vocabulary` or one that is learned.
TokenizedData tokenize(const RunConfig& config, std::optional<Vocabulary> vocabulary, int threads,
                       const std::filesystem::path& temporary_folder) {
  const auto space = std::make_shared<SpillSpace>(temporary_folder);
  DataSplits splits = load_data(config.data, config.task, threads, space);
  throw_if_stopped();
  const Vectorizer vectorizer = make_vectorizer(config, splits.train, std::move(vocabulary), threads);
  throw_if_stopped();
  TokenizedData data;
  data.labels = splits.labels;
  data.num_ids = vectorizer.num_ids();
  if (vectorizer.vocabulary() != nullptr) data.vocabulary_text = vectorizer.vocabulary()->to_text();
  data.test_absent_reason = splits.test_absent_reason;
  TokenView train = vectorizer.transform_packed(splits.train.texts, threads, space), validation, test;
  if (splits.validation) validation = vectorizer.transform_packed(splits.validation->texts, threads, space);
  if (splits.test) test = vectorizer.transform_packed(splits.test->texts, threads, space);
  throw_if_stopped();
  data.audit = audit_data(splits, train, splits.validation ? &validation : nullptr,
                          splits.test ? &test : nullptr, config.text.sequence_length);
  data.fingerprint =
      fmt::format("{}-{}", data.audit["train"]["fingerprint"].get<std::string>(),
                  splits.validation ? data.audit["validation"]["fingerprint"].get<std::string>() : "none");
  Dataset& reference = splits.test ? *splits.test : splits.validation ? *splits.validation : splits.train;
  data.reference_split = splits.test ? "test" : splits.validation ? "validation" : "training";
  data.reference_texts = StringRows(std::move(reference.texts), reference.store);
  data.train = encoded(splits.train, std::move(train));
  if (splits.validation) data.validation = encoded(*splits.validation, std::move(validation));
  if (splits.test) data.test = encoded(*splits.test, std::move(test));
  return data;
}

}  // namespace

TokenizedData tokenized_data(const RunConfig& config, std::optional<Vocabulary> vocabulary, int threads) {
  const TokenCache cache(config, threads);
  std::optional<TokenizedData> kept = cache.open();
  if (kept && (!vocabulary || kept->vocabulary_text == vocabulary->to_text())) return std::move(*kept);
  if (kept) log_info("token cache: the run that goes on has another vocabulary; reading the sources");
  const bool learned = !vocabulary.has_value();
  TokenizedData data = tokenize(config, std::move(vocabulary), threads, cache.file().parent_path());
  if (learned) kept = cache.store(data);
  return learned && kept ? std::move(*kept) : std::move(data);
}

}  // namespace bernoulli
