#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/name_list.h"
#include "data/audit.h"
#include "data/encoding_advice.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kManyUnknown = 0.6;  ///< where words do well, less than half are, pairs included
constexpr double kManyCut = 0.5;

using Warnings = std::vector<std::string>;

int64_t num_examples(const Json& split) { return split.at("examples").get<int64_t>(); }

void warn_of_overlap(const Json& audit, Warnings& warnings) {
  for (const auto& [name, found] : audit.at("also_in_train").items()) {
    std::string warning = overlap_warning(name, found, num_examples(audit.at(name)));
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
}

void warn_of_variants(const Json& audit, Warnings& warnings) {
  const Json variants = audit.value("variants_in_train", Json::object());  // audits of before have none
  for (const auto& [name, found] : variants.items()) {
    const int64_t count = found.at("texts");
    if (count == 0) continue;
    warnings.push_back(
        fmt::format("{} of {} {} texts stand in the training data but for case, punctuation and spaces, such "
                    "as {} for {}: to the model they are the same",
                    count, num_examples(audit.at(name)), name, found.at("examples")[0][1].get<std::string>(),
                    found.at("examples")[0][0].get<std::string>()));
  }
}

/// Splits that this program makes have none.
void warn_of_groups(const Json& audit, Warnings& warnings) {
  const Json shared = audit.value("groups_in_train", Json::object());  // of data without groups
  for (const auto& [name, found] : shared.items()) {
    if (found.at("groups") == 0) continue;
    warnings.push_back(fmt::format(
        "{} of {} {} groups by data.columns.group stand in the training data too, with {} of {} texts, such "
        "as {} with {}: the figures may be better than those of groups that the model has never seen",
        found.at("groups").get<int64_t>(), audit.at(name).at("groups").get<int64_t>(), name,
        found.at("texts").get<int64_t>(), num_examples(audit.at(name)),
        found.at("examples")[0][1].get<std::string>(), found.at("examples")[0][0].get<std::string>()));
  }
}

void warn_of_no_tokens(const char* name, const Json& split, Warnings& warnings) {
  const int64_t count = split.at("texts_without_tokens");
  if (count > 0)
    warnings.push_back(fmt::format("{} of {} {} texts have no token", count, num_examples(split), name));
}

void warn_of_other_encodings(const char* name, const Json& split, Warnings& warnings) {
  const int64_t count = split.at("not_utf8").at("texts");
  if (count > 0)
    warnings.push_back(
        fmt::format("{} of {} {} texts are not UTF-8, such as {}: their bytes beyond ASCII match no word "
                    "of a UTF-8 text; {}",
                    count, num_examples(split), name, split.at("not_utf8").at("first").get<std::string>(),
                    kEncodingAdvice));
}

void warn_of_conflicts(const char* name, const Json& split, Warnings& warnings) {
  const Json conflicting = split.value("conflicting_labels", Json());
  if (!conflicting.is_object() || conflicting.at("texts") == 0) return;
  warnings.push_back(fmt::format(
      "{} of {} {} examples repeat a text with other labels, such as {} that of {}: no model can be "
      "right on both",
      conflicting.at("texts").get<int64_t>(), num_examples(split), name,
      conflicting.at("first")[1].get<std::string>(), conflicting.at("first")[0].get<std::string>()));
}

void warn_of_cut_texts(const char* name, const Json& split, Warnings& warnings) {
  const Json filling = split.value("texts_that_fill_sequence_length", Json());
  if (!filling.is_number() || filling.get<double>() <= kManyCut * split.at("examples").get<double>()) return;
  warnings.push_back(
      fmt::format("{} of {} {} texts fill text.sequence_length: what follows in them is not read; a larger "
                  "one, or null, reads more",
                  filling.get<int64_t>(), num_examples(split), name));
}

bool has_many_unknown(const Json& split) {
  const Json& rate = split.at("unknown_token_rate");
  return rate.is_number() && rate.get<double>() > kManyUnknown;
}

void warn_of_unknown_tokens(const char* name, const Json& split, Warnings& warnings) {
  if (has_many_unknown(split))
    warnings.push_back(fmt::format(
        "{:.1f} % of the tokens of the {} texts are unknown to the vocabulary, and the model "
        "cannot tell them apart: set text.split: character (text.ngrams: [1, 2, 3, 4]) or a lower "
        "text.vocabulary.min_count",
        100 * split.at("unknown_token_rate").get<double>(), name));
}

void warn_of_absent_labels(const char* name, const Json& split, Warnings& warnings) {
  std::vector<std::string> absent;
  for (const auto& [label, count] : split.at("labels").items()) {
    if (count == 0) absent.push_back(label);
  }
  if (!absent.empty())
    warnings.push_back(fmt::format("no {} example has the label{} {}", name, absent.size() > 1 ? "s" : "",
                                   name_list(absent)));
}

}  // namespace

std::string overlap_warning(const std::string& name, const Json& overlap, int64_t num_examples) {
  const int64_t count = overlap.at("texts");
  if (count == 0) return "";
  const double share = 100 * static_cast<double>(count) / static_cast<double>(num_examples);
  const std::string which = name.empty() ? "" : name + " ";
  return fmt::format(
      "{0} of {1} {2}texts stand in the training data too, such as {3}: their answers were learned, which "
      "can make {2}accuracy up to {4} points too good",
      count, num_examples, which, overlap.at("examples")[0][1].get<std::string>(),
      share < 10 ? fmt::format("{:.2g}", share) : fmt::format("{:.0f}", share));
}

bool knows_few_tokens(const Json& audit) { return has_many_unknown(audit.at("train")); }

std::vector<std::string> audit_warnings(const Json& audit) {
  Warnings warnings;
  warn_of_overlap(audit, warnings);
  warn_of_variants(audit, warnings);
  warn_of_groups(audit, warnings);
  for (const char* name : {"train", "validation", "test"}) {
    if (!audit.contains(name)) continue;
    for (const auto warn : {warn_of_no_tokens, warn_of_other_encodings, warn_of_conflicts, warn_of_cut_texts,
                            warn_of_unknown_tokens, warn_of_absent_labels})
      warn(name, audit[name], warnings);
  }
  return warnings;
}

}  // namespace bernoulli
