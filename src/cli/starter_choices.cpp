#include "cli/starter_choices.h"

#include <algorithm>

#include <fmt/format.h>

namespace bernoulli::cli {
namespace {

constexpr size_t kManyLabels = 50;
constexpr int64_t kSmallData =
    20'000;  ///< examples; below them a training takes seconds, unless they are long
constexpr int64_t kFewTexts = 2000;
constexpr int64_t kLongBytes = 30'000'000;  ///< of all texts; IMDB has 33 million
constexpr int64_t kLargeBytes = 200'000'000;
constexpr double kLongText = 100, kShortText = 10;  ///< words
constexpr int64_t kJudgedWords = 50;                ///< so many held-out words say what is unknown
constexpr int64_t kRankedPositives = 100;           ///< of which a tenth are worth a threshold

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double unknown_share(const ExampleFacts& facts) {
  return facts.held_out_words < kJudgedWords ? 0 : share(facts.unknown_words, facts.held_out_words);
}

bool has_short_texts(const ExampleFacts& facts) { return facts.mean_words() < kShortText; }

bool is_one_of_many(const ExampleFacts& facts) {
  return facts.labels.size() >= kManyLabels && facts.has_one_label_each();
}

/// Texts without spaces, as Chinese and Japanese are written.
bool lacks_spaces(const ExampleFacts& facts) {
  return facts.beyond_ascii * 2 > facts.bytes && facts.bytes > 30 * facts.words;
}

bool lacks_known_words(const ExampleFacts& facts) {
  return unknown_share(facts) > (facts.mean_words() < 2 ? 0.15 : 0.6);
}

/// More punctuation than twice that of prose, and not that of HTML.
bool is_code(const ExampleFacts& facts) {
  return share(facts.punctuation, facts.bytes) > 0.08 && facts.with_tags * 2 < facts.examples;
}

bool is_short_of_many_classes(const ExampleFacts& facts) {
  return is_one_of_many(facts) && facts.mean_bytes() < 100 && unknown_share(facts) > 0.15;
}

std::string why_no_spaces(const ExampleFacts&) { return "few spaces, and most bytes are beyond ASCII"; }
std::string why_unknown(const ExampleFacts& facts) {
  return fmt::format("{:.0f} % of the words of a held-out tenth stand in no other text",
                     100 * unknown_share(facts));
}
std::string why_code(const ExampleFacts& facts) {
  return fmt::format("{:.0f} % of the bytes are punctuation, as in code, and tell texts apart",
                     100 * share(facts.punctuation, facts.bytes));
}
std::string why_many_classes(const ExampleFacts& facts) {
  return fmt::format("{} classes of texts of {:.0f} bytes, with {:.0f} % unknown words in a held-out tenth",
                     facts.labels.size(), facts.mean_bytes(), 100 * unknown_share(facts));
}

/// Where characters do better than words; the first that holds.
struct CharacterRule {
  bool (*holds)(const ExampleFacts&);
  TextChoice::Steps steps;
  const char* ngrams;
  std::string (*why)(const ExampleFacts&);
};
constexpr CharacterRule kCharacterRules[] = {
    {lacks_spaces, TextChoice::Steps::kWords, "2", why_no_spaces},
    {lacks_known_words, TextChoice::Steps::kNone, "[1, 2, 3, 4]", why_unknown},
    {is_code, TextChoice::Steps::kNone, "[1, 2, 3, 4]", why_code},
    {is_short_of_many_classes, TextChoice::Steps::kLowercase, "[1, 2, 3]", why_many_classes},
};

void choose_min_count(const ExampleFacts& facts, TextChoice& choice) {
  const bool is_few = facts.examples<kFewTexts, is_long = facts.mean_words()> kLongText;
  if (is_few && is_long)
    choice.min_count_why = fmt::format("texts of {:.0f} words have more pairs than can be learned from {}",
                                       facts.mean_words(), facts.examples);
  choice.min_count = is_few && !is_long ? 1 : 2;
}

TextChoice choose_text(const ExampleFacts& facts) {
  TextChoice choice;
  choice.is_unicode = facts.beyond_ascii * 200 >= facts.bytes;
  choice.has_tags = facts.with_tags * 100 >= facts.examples;
  choose_min_count(facts, choice);
  const auto* const rule =
      std::ranges::find_if(kCharacterRules, [&](const CharacterRule& one) { return one.holds(facts); });
  if (rule == std::end(kCharacterRules)) return choice;
  choice.characters = true;
  choice.steps = rule->steps;
  choice.ngrams = rule->ngrams;
  choice.why = rule->why(facts);
  return choice;
}

bool is_small(const ExampleFacts& facts) { return facts.examples < kSmallData && facts.bytes < kLongBytes; }

/// A sum keeps the few words that decide, a mean the drift of all.
std::string why_sum(const ExampleFacts& facts, const StarterChoices& choices) {
  if (choices.text.characters || !has_short_texts(facts)) return "";
  if (choices.training.many_labels && !choices.training.one_of_several)
    return fmt::format("many labels of texts of {:.0f} words: few words decide", facts.mean_words());
  if (choices.training.ranks_rare)
    return fmt::format("rare positives in texts of {:.0f} words: few words decide", facts.mean_words());
  return "";
}

ModelChoice choose_model(const ExampleFacts& facts, size_t units, const StarterChoices& choices) {
  ModelChoice choice;
  choice.drops_out = is_small(facts);
  choice.dim = choice.drops_out || units > 2 ? (units > 50 ? 64 : 32) : 16;
  choice.sum_why = why_sum(facts, choices);
  return choice;
}

void choose_length(const ExampleFacts& facts, TrainingChoice& choice) {
  struct Length {
    bool fits;
    int epochs, batch_size, patience;
  };
  const bool is_long = facts.bytes >= kLongBytes;
  const Length lengths[] = {{facts.bytes >= kLargeBytes, 5, 32, 2},
                            {facts.examples >= kSmallData, 10, 64, 3},
                            {facts.examples >= kFewTexts, 20, 32, 4},
                            {is_long, 20, 16, 4},
                            {true, 60, 8, 6}};
  const Length* const length = std::ranges::find_if(lengths, &Length::fits);
  choice.epochs = length->epochs * (choice.many_labels ? 2 : 1);
  choice.batch_size = length->batch_size;
  choice.patience = length->patience;
  if (is_long && facts.examples < kFewTexts)
    choice.length_why = fmt::format("few texts, but {:.0f} words each", facts.mean_words());
}

bool is_positive_rare(const ExampleFacts& facts, const TaskConfig& task) {
  if (task.kind != TaskConfig::Kind::kBinary || !is_uneven(facts)) return false;
  const auto positive = facts.labels.find(task.positive);
  return positive != facts.labels.end() && positive->second == facts.rarest();
}

TrainingChoice choose_training(const ExampleFacts& facts, const TaskConfig& task) {
  TrainingChoice choice;
  const bool binary = task.kind == TaskConfig::Kind::kBinary;
  choice.many_labels = facts.labels.size() >= kManyLabels;
  choice.one_of_several = !binary && facts.labels.size() > 1 && facts.has_one_label_each();
  choice.ranks_rare = is_positive_rare(facts, task) && facts.rarest() >= kRankedPositives;
  choose_length(facts, choice);
  return choice;
}

/// Words, pairs, characters; of long texts no characters, of which they have too many to try.
std::string text_axis(const ExampleFacts& facts, const TextChoice& text) {
  std::string values = "{split: whitespace, ngrams: 1},{split: whitespace, ngrams: 2}";
  if (text.characters || facts.mean_words() <= kLongText)
    values +=
        fmt::format(",{{split: character, ngrams: {}}}", text.characters ? text.ngrams : "[1, 2, 3, 4]");
  return fmt::format("'text={}'", values);
}

std::string ranked_by(const ExampleFacts& facts, const TaskConfig& task, const TrainingChoice& training) {
  if (training.one_of_several) return "precision_at_1";
  if (task.kind != TaskConfig::Kind::kBinary) return "macro_average_precision";
  return is_positive_rare(facts, task) ? "average_precision" : "roc_auc";
}

/// What decides most, and what no figure of the data foretells.
std::string propose_sweep(const ExampleFacts& facts, const TaskConfig& task, const StarterChoices& choices) {
  if (choices.is_large) return "";
  const char* const pool = choices.model.drops_out
                               ? "'model.layers[2]={mean_pool: {padding: exclude}},sum_pool'"
                               : "model.layers[0].embedding_bag.mode=mean,sum";
  return fmt::format("{} {} optimizer.adam.lr={} --rank-by {}", text_axis(facts, choices.text), pool,
                     choices.training.many_labels ? "3e-3,1e-2" : "1e-3,3e-3",
                     ranked_by(facts, task, choices.training));
}

}  // namespace

bool is_uneven(const ExampleFacts& facts) {
  return !facts.labels.empty() && facts.commonest() >= 9 * facts.rarest();
}

StarterChoices choose(const ExampleFacts& facts, const TaskConfig& task) {
  StarterChoices choices;
  choices.is_large = facts.bytes >= kLargeBytes;
  choices.text = choose_text(facts);
  choices.training = choose_training(facts, task);
  const size_t units = task.kind == TaskConfig::Kind::kBinary ? 1 : task.labels.size();
  choices.model = choose_model(facts, units, choices);
  choices.sweep = propose_sweep(facts, task, choices);
  return choices;
}

}  // namespace bernoulli::cli
