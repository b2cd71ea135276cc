#include "infer/deciding_tokens.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/stop.h"
#include "infer/explain.h"

namespace bernoulli {
namespace {

using LogitsOfIds = std::function<void(std::span<const int32_t>, std::span<float>)>;

constexpr size_t kMostLogits = size_t{1} << 24;       ///< of tokens alone: with many labels they take long
constexpr size_t kMostHashedNames = size_t{1} << 20;  ///< in memory, the first ones of the texts
constexpr size_t kFirstReach = 64;  ///< more than kTokens, as some buckets have rare tokens alone

/// In how many texts an id occurs, by id.
std::vector<uint32_t> texts_with_ids(const Vectorizer& vectorizer, const StringRows& texts) {
  const auto num_ids = static_cast<size_t>(vectorizer.num_ids());
  std::vector<uint32_t> counts(num_ids), last(num_ids);  // last: one more than the last text with the id
  Vectorizer::Buffers buffers;
  std::vector<int32_t> ids;
  for (int64_t text = 0; text < texts.size(); ++text) {
    throw_if_stopped();
    ids.clear();
    vectorizer.append_ids(texts[text], buffers, ids);
    const auto mark = static_cast<uint32_t>(text + 1);
    for (const int32_t id : ids) {
      const auto place = static_cast<size_t>(id);
      if (last[place] == mark) continue;
      last[place] = mark;
      ++counts[place];
    }
  }
  return counts;
}

/// The ids that may be shown, and what they add to the logits.
struct Candidates {
  std::vector<int32_t> ids;      ///< ascending
  std::vector<uint32_t> counts;  ///< texts with an id, by id; empty where no texts were read
  size_t num_labels = 0;         ///< that are looked at
  std::vector<double> scores;    ///< [ids, num_labels]
  int64_t left_out = 0;

  double score(size_t candidate, size_t label) const { return scores[candidate * num_labels + label]; }
};

/// Keeps the `most` ids that the most texts have; without texts the first ones, which the training texts have
/// most often.
void leave_out_rare(Candidates& candidates, size_t most) {
  std::vector<int32_t>& ids = candidates.ids;
  if (ids.size() <= most) return;
  candidates.left_out = static_cast<int64_t>(ids.size() - most);
  if (!candidates.counts.empty()) {
    const auto count = [&](int32_t id) { return candidates.counts[static_cast<size_t>(id)]; };
    std::ranges::nth_element(ids, ids.begin() + static_cast<std::ptrdiff_t>(most), [&](int32_t a, int32_t b) {
      return count(a) != count(b) ? count(a) > count(b) : a < b;
    });
  }
  ids.resize(most);
  std::ranges::sort(ids);
}

Candidates find_candidates(const Vectorizer& vectorizer, const StringRows* texts, size_t most) {
  Candidates candidates;
  const auto num_ids = static_cast<int32_t>(vectorizer.num_ids());
  if (texts == nullptr) {
    for (int32_t id = kUnknownId + 1; id < num_ids; ++id) candidates.ids.push_back(id);
  } else {
    candidates.counts = texts_with_ids(vectorizer, *texts);
    for (int32_t id = kPaddingId + 1; id < num_ids; ++id) {
      if (candidates.counts[static_cast<size_t>(id)] >= DecidingTokens::kLeastTexts)
        candidates.ids.push_back(id);
    }
  }
  leave_out_rare(candidates, most);
  return candidates;
}

void compute_scores(Candidates& candidates, size_t num_outputs, const LogitsOfIds& logits_of) {
  candidates.num_labels = std::min(num_outputs, DecidingTokens::kLabels);
  candidates.scores.reserve(candidates.ids.size() * candidates.num_labels);
  std::vector<float> base(num_outputs), alone(num_outputs);
  logits_of({}, base);
  for (const int32_t id : candidates.ids) {
    throw_if_stopped();
    logits_of({&id, 1}, alone);
    for (size_t label = 0; label < candidates.num_labels; ++label)
      candidates.scores.push_back(double{alone[label]} - double{base[label]});
  }
}

/// Scores of a label that are among the first from either end.
struct Ends {
  double low = std::numeric_limits<double>::infinity();    ///< or below; this and `high` take all
  double high = -std::numeric_limits<double>::infinity();  ///< or above

  bool take_all() const { return low >= high; }
  bool take(double score) const { return score <= low || score >= high; }
};

/// @param reach  how many scores from either end; those that equal the last of them are taken, too
Ends ends_of(const Candidates& candidates, size_t label, size_t reach) {
  std::vector<double> scores;
  for (size_t i = 0; i < candidates.ids.size(); ++i) {
    const double score = candidates.score(i, label);
    if (!std::isnan(score)) scores.push_back(score);
  }
  if (scores.size() / 2 <= reach) return {};
  const auto last = scores.begin() + static_cast<std::ptrdiff_t>(reach - 1);
  std::ranges::nth_element(scores, last);
  const double low = *last;
  std::ranges::nth_element(scores, last, std::greater());
  return {low, *last};
}

/// The candidates that are taken for some label.
std::vector<size_t> places_at(const Candidates& candidates, const std::vector<Ends>& ends) {
  std::vector<size_t> places;
  for (size_t i = 0; i < candidates.ids.size(); ++i) {
    for (size_t label = 0; label < ends.size(); ++label) {
      if (!ends[label].take(candidates.score(i, label))) continue;
      places.push_back(i);
      break;
    }
  }
  return places;
}

struct NamedCandidate {
  std::string token;
  size_t candidate = 0;
  int64_t texts = 0;
};

std::vector<NamedCandidate> names_in_vocabulary(const Vocabulary& vocabulary, const Candidates& candidates,
                                                const std::vector<size_t>& places) {
  std::vector<NamedCandidate> names;
  for (const size_t place : places) {
    const auto id = static_cast<size_t>(candidates.ids[place]);
    const bool unknown = candidates.ids[place] == kUnknownId;
    names.push_back({unknown ? "[UNK]" : vocabulary.tokens()[id - (size_t{kUnknownId} + 1)], place,
                     candidates.counts.empty() ? 0 : int64_t{candidates.counts[id]}});
  }
  return names;
}

/// The tokens that texts have in a bucket.
class BucketNames {
 public:
  /// @return whether it is a name that was not there
  bool add(std::string_view token, int64_t text, bool may_add) {
    auto found = names_.find(token);
    const bool is_new = found == names_.end();
    if (is_new && !may_add) return false;
    if (is_new) found = names_.emplace(token, Count{}).first;
    Count& counted = found->second;
    if (counted.last != text) ++counted.texts;
    counted.last = text;
    return is_new;
  }
  void append_frequent(size_t candidate, std::vector<NamedCandidate>& names) const {
    for (const auto& [token, counted] : names_) {
      if (counted.texts >= DecidingTokens::kLeastTexts) names.push_back({token, candidate, counted.texts});
    }
  }

 private:
  struct Count {
    int64_t texts = 0;
    int64_t last = -1;
  };
  std::map<std::string, Count, std::less<>> names_;
};

/// A bucket is called what the texts call it.
std::vector<NamedCandidate> names_in_texts(const Vectorizer& vectorizer, const StringRows& texts,
                                           const Candidates& candidates, const std::vector<size_t>& places) {
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> bucket_of(static_cast<size_t>(vectorizer.num_ids()), kNone);
  for (size_t i = 0; i < places.size(); ++i)
    bucket_of[static_cast<size_t>(candidates.ids[places[i]])] = static_cast<uint32_t>(i);
  std::vector<BucketNames> buckets(places.size());
  Vectorizer::Buffers buffers;
  std::vector<int32_t> ids;
  std::vector<size_t> wanted;
  size_t num_names = 0;
  for (int64_t text = 0; text < texts.size(); ++text) {
    throw_if_stopped();
    ids.clear();
    wanted.clear();
    vectorizer.append_ids(texts[text], buffers, ids);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (bucket_of[static_cast<size_t>(ids[i])] != kNone) wanted.push_back(i);
    }
    if (wanted.empty()) continue;
    const std::vector<std::string> tokens = vectorizer.tokens_at(texts[text], wanted, buffers);
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (tokens[i].size() > kLongestLearnedToken) continue;
      BucketNames& bucket = buckets[bucket_of[static_cast<size_t>(ids[wanted[i]])]];
      if (bucket.add(tokens[i], text, num_names < kMostHashedNames)) ++num_names;
    }
  }
  std::vector<NamedCandidate> names;
  for (size_t i = 0; i < places.size(); ++i) buckets[i].append_frequent(places[i], names);
  return names;
}

/// Whether the names have all tokens that can be among the first of a label.
bool are_enough(const std::vector<NamedCandidate>& names, const Candidates& candidates, size_t label,
                const Ends& ends) {
  if (ends.take_all()) return true;
  size_t low = 0, high = 0;
  for (const NamedCandidate& name : names) {
    const double score = candidates.score(name.candidate, label);
    low += score <= ends.low ? 1 : 0;
    high += score >= ends.high ? 1 : 0;
  }
  return std::min(low, high) >= DecidingTokens::kTokens;
}

/// How many of `size` tokens, of which `positive` have a score above 0, stand in the list of the largest.
/// Where there are too few for both lists, the sign decides.
size_t num_largest(size_t size, size_t positive) {
  constexpr size_t kFull = DecidingTokens::kTokens;
  if (size >= 2 * kFull) return kFull;
  return std::min(kFull, std::max(positive, size > kFull ? size - kFull : 0));
}

LabelTokens choose(const std::vector<NamedCandidate>& names, const Candidates& candidates, size_t label) {
  const auto score = [&](const NamedCandidate* name) { return candidates.score(name->candidate, label); };
  std::vector<const NamedCandidate*> order;
  size_t positive = 0;
  for (const NamedCandidate& name : names) {
    if (std::isnan(score(&name))) continue;
    order.push_back(&name);
    positive += score(&name) > 0 ? 1 : 0;
  }
  const size_t largest = num_largest(order.size(), positive);
  const size_t smallest = std::min(order.size() - largest, DecidingTokens::kTokens);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(largest);
  const auto end = middle + static_cast<std::ptrdiff_t>(smallest);
  const auto before = [&](const NamedCandidate* a, const NamedCandidate* b, double sign) {
    if (score(a) != score(b)) return sign * score(a) < sign * score(b);
    return a->token < b->token;
  };
  std::partial_sort(order.begin(), middle, order.end(),
                    [&](const auto* a, const auto* b) { return before(a, b, -1); });
  std::partial_sort(middle, end, order.end(), [&](const auto* a, const auto* b) { return before(a, b, 1); });
  LabelTokens tokens;
  for (auto name = order.begin(); name != end; ++name)
    (name < middle ? tokens.largest : tokens.smallest)
        .push_back({(*name)->token, score(*name), (*name)->texts});
  return tokens;
}

}  // namespace

bool is_linear_in_tokens(const layers::ModelPlan& plan) {
  try {
    divides_by_length(plan);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

std::optional<DecidingTokens> deciding_tokens(const layers::ModelPlan& plan, const Vectorizer& vectorizer,
                                              const StringRows* texts, const LogitsOfIds& logits_of) {
  const Vocabulary* const vocabulary = vectorizer.vocabulary();
  if (!is_linear_in_tokens(plan) || (vocabulary == nullptr && texts == nullptr)) return std::nullopt;
  const auto num_outputs = static_cast<size_t>(plan.num_outputs);
  Candidates candidates = find_candidates(vectorizer, texts, std::max<size_t>(1, kMostLogits / num_outputs));
  compute_scores(candidates, num_outputs, logits_of);

  std::vector<NamedCandidate> names;
  for (size_t reach = kFirstReach;; reach *= 8) {  // ends where it takes all
    std::vector<Ends> ends;
    for (size_t label = 0; label < candidates.num_labels; ++label)
      ends.push_back(ends_of(candidates, label, reach));
    const std::vector<size_t> places = places_at(candidates, ends);
    names = vocabulary != nullptr ? names_in_vocabulary(*vocabulary, candidates, places)
                                  : names_in_texts(vectorizer, *texts, candidates, places);
    bool enough = true;
    for (size_t label = 0; label < candidates.num_labels; ++label)
      enough = enough && are_enough(names, candidates, label, ends[label]);
    if (enough) break;
  }
  DecidingTokens tokens;
  for (size_t label = 0; label < candidates.num_labels; ++label)
    tokens.labels.push_back(choose(names, candidates, label));
  tokens.from_texts = texts != nullptr;
  tokens.divided = divides_by_length(plan);
  tokens.hashed = vocabulary == nullptr;
  tokens.left_out = candidates.left_out;
  return tokens;
}

}  // namespace bernoulli
