#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "config/setting_checks.h"

namespace bernoulli::config {
namespace {

/// @return whether a part is by column
bool check_parts_by_column(const CheckedSettings& settings) {
  const DataConfig& data = settings.run.data;
  bool is_asked_for = false;
  for (const auto& [key, held_out] :
       {std::pair("data.validation", &data.validation), std::pair("data.test", &data.test)}) {
    if (!held_out->split || held_out->split->method != "column") continue;
    is_asked_for = true;
    if (!data.columns.split)
      settings.fault(
          fmt::format("{}.method", key),
          "is column, but no column says which rows these are (expected data.columns.split: NAME)");
  }
  return is_asked_for;
}

void check_folds_of(const CheckedSettings& settings, const SplitConfig& split) {
  if (split.method == "column") return;
  if (split.folds == 0 && split.fraction == 0) {
    settings.fault("data.validation.fraction",
                   "is missing (expected a number above 0 and below 1, or folds and fold instead)");
  }
  if (split.folds == 0) return;
  if (split.fraction != 0)
    settings.fault("data.validation.fraction",
                   "is given beside folds (expected one of the two; null leaves it out)");
  if (split.fold == 0) {
    settings.fault("data.validation.fold",
                   fmt::format("is missing (expected an integer from 1 to {}; each in turn: "
                               "bernoulli sweep CONFIG data.validation.fold=1,2,...)",
                               split.folds));
  } else if (split.fold > split.folds) {
    settings.fault("data.validation.fold",
                   fmt::format("is {}, but there are {} folds", split.fold, split.folds));
  }
  if (split.method == "keras")
    settings.fault("data.validation.method",
                   "is keras, which knows no folds (expected random, stratified or hash)");
}

bool splits_as_keras(const CheckedSettings& settings) {
  const std::optional<SplitConfig>& split = settings.run.data.validation.split;
  return split && split->method == "keras";
}

}  // namespace

void check_split_column(const CheckedSettings& settings) {
  const bool is_asked_for = check_parts_by_column(settings);
  if (settings.run.data.columns.split && !is_asked_for)
    settings.fault("data.columns.split",
                   "has no meaning without a part that it names (expected method: column in data.validation "
                   "or data.test)");
}

void check_words_of_parts(const CheckedSettings& settings) {
  if (!settings.run.data.columns.split) return;
  const SplitColumnConfig& split = *settings.run.data.columns.split;
  std::vector<std::string> words = split.train;
  for (const auto& [key, part] :
       {std::pair("validation", &split.validation), std::pair("test", &split.test)}) {
    for (const std::string& word : *part) {
      if (std::ranges::find(words, word) != words.end())
        settings.fault(fmt::format("data.columns.split.{}", key),
                       fmt::format("has {}, which stands for another part too", quote(word)));
    }
    words.insert(words.end(), part->begin(), part->end());
  }
}

void check_columns_of_training(const CheckedSettings& settings) {
  const DataConfig& data = settings.run.data;
  const std::set<std::string> formats = known_formats(data.train);
  if (have_columns(formats)) return;
  const std::string why = fmt::format("names a column, but data.train is {}", in_words(formats));
  if (data.columns.split) settings.fault("data.columns.split", why);
  if (!data.columns.group.empty()) settings.fault("data.columns.group", why);
}

void check_group(const CheckedSettings& settings) {
  const DataConfig& data = settings.run.data;
  if (data.columns.group.empty()) return;
  const auto refuse = [&](const std::string& why) { settings.fault("data.columns.group", why); };
  for (const auto& [key, held_out] :
       {std::pair("data.validation", &data.validation), std::pair("data.test", &data.test)}) {
    if (!held_out->source || have_columns(known_formats(*held_out->source))) continue;
    refuse(
        fmt::format("names a column, but {} is {} (expected csv, tsv or jsonl there too, so that groups "
                    "of both sides can be found)",
                    key, in_words(known_formats(*held_out->source))));
  }
  if (!data.validation.present() && !data.test.present())
    refuse("has no meaning without data.validation or data.test (leave it out)");
  if (data.validation.split && data.validation.split->method == "keras")
    settings.fault("data.validation.method",
                   "is keras, which draws each text alone, but data.columns.group keeps groups together "
                   "(expected random, stratified or hash)");
}

void check_folds(const CheckedSettings& settings) {
  if (settings.run.data.validation.split) check_folds_of(settings, *settings.run.data.validation.split);
}

void check_fractions(const CheckedSettings& settings) {
  const std::optional<SplitConfig>& validation = settings.run.data.validation.split;
  const std::optional<SplitConfig>& test = settings.run.data.test.split;
  if (validation && test && validation->fraction + test->fraction >= 1) {
    settings.fault("data.test.fraction",
                   fmt::format("and data.validation.fraction are {} together, which leaves "
                               "nothing to train on (expected less than 1)",
                               validation->fraction + test->fraction));
  }
}

void check_keras(const CheckedSettings& settings) {
  if (!splits_as_keras(settings)) return;
  const uint64_t seed = settings.run.data.validation.split->seed;
  if (seed > std::numeric_limits<uint32_t>::max())
    settings.fault("data.validation.seed",
                   fmt::format("is {}, but method keras seeds NumPy's generator (expected at most {})", seed,
                               std::numeric_limits<uint32_t>::max()));
}

void check_keras_source(const CheckedSettings& settings) {
  if (!splits_as_keras(settings)) return;
  const SourceConfig& train = settings.run.data.train;
  const auto refuse = [&](const std::string& why) { settings.fault("data.validation.method", why); };
  const std::set<std::string> formats = known_formats(train);
  if (formats != std::set<std::string>{"class_folders"})
    refuse(
        fmt::format("is keras, which splits class folders, but data.train is "
                    "{} (expected random, stratified or hash)",
                    in_words(formats)));
  if (train.paths.size() > 1)
    refuse(
        "is keras, which splits the classes of one folder, but data.train.path has several (expected random, "
        "stratified or hash)");
}

void check_keras_task(const CheckedSettings& settings) {
  if (splits_as_keras(settings) && !settings.is_binary())
    settings.fault(
        "data.validation.method",
        "is keras, which splits two classes, but task.kind is multi_label (expected random, stratified or "
        "hash)");
}

}  // namespace bernoulli::config
