#include "train/start_from.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "train/label_match.h"

namespace bernoulli {
namespace {

using layers::GivenNumbers;
using layers::ParameterSpec;
using Json = nlohmann::ordered_json;

bool hash_alike(const TextConfig& a, const TextConfig& b) {
  const auto same_step = [](const KindConfig& one, const KindConfig& other) {
    return one.kind == other.kind && one.args == other.args;
  };
  return a.hash_buckets == b.hash_buckets && a.split == b.split && a.ngrams == b.ngrams &&
         std::ranges::equal(a.standardize, b.standardize, same_step);
}

/// Of two tables, by token.
SameRows same_rows(const Vectorizer& here, const Vectorizer& there) {
  SameRows rows;
  const Vocabulary *own = here.vocabulary(), *other = there.vocabulary();
  if ((own == nullptr) != (other == nullptr)) {
    rows.fault = fmt::format("its rows are {} there and {} here", other ? "tokens of a vocabulary" : "hashed",
                             own ? "tokens of a vocabulary" : "hashed");
  } else if (own == nullptr && !hash_alike(here.config(), there.config())) {
    rows.fault =
        "its rows are hashed otherwise there (text.standardize, split, ngrams and hashing.buckets must be "
        "the same)";
  }
  if (!rows.fault.empty()) return rows;
  for (int64_t id = 0; id < here.num_ids(); ++id) {
    const bool reserved = own == nullptr || id <= kUnknownId;
    const int64_t found = reserved ? id : other->id(own->tokens()[static_cast<size_t>(id - kUnknownId - 1)]);
    if (!reserved && found == kUnknownId) continue;
    rows.here.push_back(id);
    rows.there.push_back(found);
  }
  return rows;
}

/// Numbers of a tensor, or of some of its rows of `columns` numbers.
std::vector<float> numbers_of(const RawTensor& tensor, const std::vector<int64_t>* rows, int64_t columns) {
  const size_t row_bytes = static_cast<size_t>(columns) * sizeof(float);
  std::vector<float> numbers(rows == nullptr ? tensor.bytes.size() / sizeof(float)
                                             : rows->size() * static_cast<size_t>(columns));
  if (rows == nullptr) {
    std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
    return numbers;
  }
  for (size_t i = 0; i < rows->size(); ++i)
    std::memcpy(numbers.data() + i * static_cast<size_t>(columns),
                tensor.bytes.data() + static_cast<size_t>((*rows)[i]) * row_bytes, row_bytes);
  return numbers;
}

bool have_alike_rows(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  return !a.empty() && a.size() == b.size() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

/// Rows of a parameter, laid over the numbers of all its rows where it was given such: of labels that only
/// this model has, which start from their log odds.
GivenNumbers over_given(const ParameterSpec& parameter, GivenNumbers taken) {
  if (taken.rows.empty() || !parameter.given || !parameter.given->rows.empty() ||
      parameter.given->values.size() != static_cast<size_t>(layers::num_numbers(parameter)))
    return taken;
  GivenNumbers all = *parameter.given;
  const auto columns = static_cast<size_t>(taken.columns);
  for (size_t i = 0; i < taken.rows.size(); ++i)
    std::copy_n(taken.values.data() + i * columns, columns,
                all.values.data() + static_cast<size_t>(taken.rows[i]) * columns);
  return all;
}

/// Matches tensors of two models by name.
class Matcher {
 public:
  Matcher(const EarlierModel& earlier, const Vectorizer& vectorizer, LabelsOfModel labels)
      : earlier_(earlier),
        tokens_(same_rows(vectorizer, earlier.vectorizer)),
        labels_(std::move(labels), {earlier.labels, layers::label_rows(earlier.plan)}) {
    for (const RawTensor& tensor : earlier.weights) unused_.emplace(tensor.name, &tensor);
  }

  /// @param table  rows of tokens. @throws ArtifactError where the earlier model has not a row for each
  void match(const std::string& name, bool table, ParameterSpec& parameter) {
    const auto found = unused_.find(name);
    if (found == unused_.end()) {
      drawn_.push_back(name + ": is not there");
      return;
    }
    const RawTensor& tensor = *found->second;
    const bool by_label = !table && !tensor.shape.empty() && labels_.matches(name);
    const SameRows of_labels =
        by_label ? labels_.rows(name, parameter.shape.front(), tensor.shape.front()) : SameRows();
    const SameRows* const rows = table ? &tokens_ : by_label ? &of_labels : nullptr;
    const std::string fault = fault_of(tensor, rows, parameter);
    if (fault.empty()) {
      if (table) require_all_rows(tensor);
      GivenNumbers numbers = given(tensor, rows, parameter);
      if (by_label && labels_.negates())
        std::ranges::transform(numbers.values, numbers.values.begin(), std::negate<>());
      parameter.given = std::make_shared<const GivenNumbers>(over_given(parameter, std::move(numbers)));
      taken_.push_back(name);
      if (table) num_rows_ = tokens_.here.size();
      if (by_label) labels_.note_taken(name, of_labels);
    } else {
      drawn_.push_back(fmt::format("{}: {}", name, fault));
    }
    unused_.erase(found);
  }

  const std::vector<std::string>& taken() const { return taken_; }
  const std::vector<std::string>& drawn() const { return drawn_; }
  size_t num_rows() const { return num_rows_; }  ///< of the table that are taken
  const LabelMatch& labels() const { return labels_; }

  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : unused_) names.push_back(name);
    return names;
  }

 private:
  /// @param rows  that are taken one by one; null: the tensor is taken as it is
  static std::string fault_of(const RawTensor& tensor, const SameRows* rows, const ParameterSpec& parameter) {
    if (tensor.dtype != Dtype::kF32)
      return fmt::format("is {} there, expected {}", to_string(tensor.dtype), to_string(Dtype::kF32));
    if (rows != nullptr && have_alike_rows(tensor.shape, parameter.shape)) return rows->fault;
    if (tensor.shape == parameter.shape) return "";
    return fmt::format("has shape {} there and {} here", shape_text(tensor.shape),
                       shape_text(parameter.shape));
  }

  void require_all_rows(const RawTensor& tensor) const {
    if (tensor.shape.front() == earlier_.vectorizer.num_ids()) return;
    throw ArtifactError(fmt::format("{}: tensor '{}' has {} rows, expected {}, one for each token",
                                    earlier_.name, tensor.name, tensor.shape.front(),
                                    earlier_.vectorizer.num_ids()));
  }

  static GivenNumbers given(const RawTensor& tensor, const SameRows* rows, const ParameterSpec& parameter) {
    if (rows == nullptr) return {parameter.shape.back(), {}, numbers_of(tensor, nullptr, 0)};
    const int64_t columns = layers::num_numbers(parameter) / parameter.shape.front();
    return {columns, rows->here, numbers_of(tensor, &rows->there, columns)};
  }

  const EarlierModel& earlier_;
  SameRows tokens_;
  LabelMatch labels_;
  std::map<std::string, const RawTensor*> unused_;
  std::vector<std::string> taken_;
  std::vector<std::string> drawn_;  ///< with the reason
  size_t num_rows_ = 0;
};

void refuse_unmatched(const StartFromConfig& config, const EarlierModel& earlier, const Matcher& matcher) {
  const std::vector<std::string> unused = matcher.unused();
  const bool all_match = matcher.drawn().empty() && unused.empty();
  if (!matcher.taken().empty() && (all_match || config.draws_unmatched)) return;
  std::string lines;
  for (const std::string& line : matcher.drawn()) lines += "\n  " + line;
  for (const std::string& name : unused) lines += fmt::format("\n  {}: is there alone", name);
  throw UsageError(
      fmt::format("model.start_from: the weights of {} are not those of this model{}:{}", earlier.name,
                  matcher.taken().empty()
                      ? ", and none of them fits"
                      : " (model.start_from.unmatched: draw starts what does not match as without this key)",
                  lines));
}

}  // namespace

Json start_from(const StartFromConfig& config, const EarlierModel& earlier, const Vectorizer& vectorizer,
                const Labels& labels, layers::ModelPlan& plan) {
  Matcher matcher(earlier, vectorizer, {labels, layers::label_rows(plan)});
  for (layers::NamedLayer* layer : plan.all_layers()) {
    const bool table = layer == &plan.layers.front();
    for (ParameterSpec& parameter : layer->plan.parameters)
      matcher.match(layer->tensor_name(parameter.name), table, parameter);
  }
  refuse_unmatched(config, earlier, matcher);
  const std::vector<std::string> unused = matcher.unused();
  log_info(
      fmt::format("{} of {} tensors start from {}; {} of {} rows of the table are of tokens that it knows",
                  matcher.taken().size(), matcher.taken().size() + matcher.drawn().size(), earlier.name,
                  matcher.num_rows(), vectorizer.num_ids()));
  for (const std::string& line : matcher.drawn())
    log_warning(fmt::format("{}: starts as without model.start_from", line));
  for (const std::string& name : unused) log_warning(fmt::format("{} of {} is not used", name, earlier.name));
  matcher.labels().log(earlier.name);
  return {{"path", config.path},
          {"fingerprint", tensors_fingerprint(earlier.weights)},
          {"tensors", matcher.taken()},
          {"rows", vectorizer.num_ids()},
          {"rows_found", matcher.num_rows()},
          {"drawn", matcher.drawn()},
          {"unused", unused},
          {"labels", matcher.labels().to_json()}};
}

}  // namespace bernoulli
