#include "data/stratify.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "core/random.h"

namespace bernoulli {
namespace {

using Indices = std::vector<int64_t>;

/// A label, and the places of its examples in the shuffled order until they are dealt out.
struct Stratum {
  Indices places;
  int64_t examples = 0;
  int64_t left = 0;  ///< not dealt out yet
  int64_t held = 0;  ///< held out
  int64_t rank = 0;  ///< among labels with as many left
};

enum class Side : uint8_t { kNone, kTrain, kHeldOut };

/// What a part lacks of a label is counted in units of 1 / count, so that it is a whole number and ties are
/// exact.
class Stratifier {
 public:
  Stratifier(const Dataset& dataset, const Indices& rest, int64_t wanted, uint64_t seed)
      : dataset_(dataset),
        rest_(rest),
        count_(static_cast<int64_t>(rest.size())),
        wanted_(std::min(wanted, count_)),
        order_(random_permutation(count_, mix_seed(seed, random_stream::kSplit, 0))),
        coin_(mix_seed(seed, random_stream::kSplit, 2)),
        sides_(order_.size(), Side::kNone),
        strata_(static_cast<size_t>(dataset.num_labels)) {
    const Indices ranks = random_permutation(dataset.num_labels, mix_seed(seed, random_stream::kSplit, 1));
    for (size_t label = 0; label < strata_.size(); ++label) strata_[label].rank = ranks[label];
    for (const int64_t index : rest) for_each_stratum_of(index, [](Stratum& stratum) { ++stratum.examples; });
    for (Stratum& stratum : strata_) {
      stratum.left = stratum.examples;
      stratum.places.reserve(static_cast<size_t>(stratum.examples));
    }
    for (int64_t place = 0; place < count_; ++place)
      for_each_stratum(place, [&](Stratum& stratum) { stratum.places.push_back(place); });
  }

  Indices held_out() {
    while (Stratum* rarest = rarest_left()) deal_out(*rarest);
    for (int64_t place = 0; place < count_; ++place) {
      if (side(place) == Side::kNone) put(place, num_held_ < wanted_);
    }
    move_to_size();
    Indices chosen;
    for (int64_t place = 0; place < count_; ++place) {
      if (side(place) == Side::kHeldOut) chosen.push_back(index_of(place));
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

 private:
  int64_t index_of(int64_t place) const {
    return rest_[static_cast<size_t>(order_[static_cast<size_t>(place)])];
  }
  Side& side(int64_t place) { return sides_[static_cast<size_t>(place)]; }

  template <typename Visit>
  void for_each_stratum_of(int64_t index, const Visit& visit) {
    const float* targets = dataset_.targets.data() + index * dataset_.num_labels;
    for (size_t label = 0; label < strata_.size(); ++label) {
      if (targets[label] == 1) visit(strata_[label]);
    }
  }
  template <typename Visit>
  void for_each_stratum(int64_t place, const Visit& visit) {
    for_each_stratum_of(index_of(place), visit);
  }

  int64_t lacks_held(const Stratum& stratum) const {
    return stratum.examples * wanted_ - stratum.held * count_;
  }

  /// Null where every example with a label is dealt out.
  Stratum* rarest_left() {
    Stratum* rarest = nullptr;
    for (Stratum& stratum : strata_) {
      if (stratum.left > 0 && (rarest == nullptr ||
                               std::pair(stratum.left, stratum.rank) < std::pair(rarest->left, rarest->rank)))
        rarest = &stratum;
    }
    return rarest;
  }

  void deal_out(Stratum& stratum) {
    for (const int64_t place : std::exchange(stratum.places, {})) {
      if (side(place) != Side::kNone) continue;
      int64_t held = lacks_held(stratum), train = stratum.left * count_ - held;
      if (held == train) {
        held = wanted_ - num_held_;
        train = count_ - wanted_ - num_train_;
      }
      put(place, held == train ? coin_.below(2) == 1 : held > train);
    }
  }

  void put(int64_t place, bool held) {
    side(place) = held ? Side::kHeldOut : Side::kTrain;
    ++(held ? num_held_ : num_train_);
    for_each_stratum(place, [&](Stratum& stratum) {
      --stratum.left;
      stratum.held += held;
    });
  }

  /// By how much the squared distances shrink, over count_ squared, where the example changes its part.
  int64_t gain(int64_t place, int64_t sign) {
    int64_t sum = 0;
    for_each_stratum(place, [&](const Stratum& stratum) { sum += 2 * sign * lacks_held(stratum) - count_; });
    return sum;
  }

  /// A gain only falls while examples move in one direction, so an old one bounds the present one from above.
  void move_to_size() {
    if (num_held_ == wanted_) return;
    const bool to_held = num_held_ < wanted_;
    const int64_t sign = to_held ? 1 : -1;
    using Candidate = std::pair<int64_t, int64_t>;  // gain, -place
    std::vector<Candidate> candidates;
    for (int64_t place = 0; place < count_; ++place) {
      if (side(place) == (to_held ? Side::kTrain : Side::kHeldOut))
        candidates.emplace_back(gain(place, sign), -place);
    }
    std::priority_queue<Candidate> best(std::less<Candidate>(), std::move(candidates));
    while (num_held_ != wanted_) {
      const auto [bound, negated_place] = best.top();
      best.pop();
      if (const int64_t now = gain(-negated_place, sign); now < bound) {
        best.emplace(now, negated_place);
        continue;
      }
      side(-negated_place) = to_held ? Side::kHeldOut : Side::kTrain;
      num_held_ += sign;
      for_each_stratum(-negated_place, [&](Stratum& stratum) { stratum.held += sign; });
    }
  }

  const Dataset& dataset_;
  const Indices& rest_;
  const int64_t count_;
  const int64_t wanted_;
  const Indices order_;
  Random coin_;
  std::vector<Side> sides_;  ///< by place
  std::vector<Stratum> strata_;
  int64_t num_held_ = 0;
  int64_t num_train_ = 0;
};

}  // namespace

Indices choose_by_labels(const Dataset& dataset, const Indices& rest, int64_t wanted, uint64_t seed) {
  return Stratifier(dataset, rest, wanted, seed).held_out();
}

}  // namespace bernoulli
