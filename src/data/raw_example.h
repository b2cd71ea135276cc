#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/spill_vector.h"
#include "core/text_store.h"
#include "data/part.h"

namespace bernoulli {

/// An example as a file holds it, before its labels are understood. All bytes lie in a TextStore.
struct RawExample {
  std::string_view text;
  /// binary: one, maybe repeated; multi-label: any number. White space around one is not part of it.
  std::span<const std::string_view> labels;
  std::optional<std::string_view> weight;
  std::string_view origin;  ///< "path" or "path:line"
};

/// The examples of a source, in order, and the store that they lie in.
class RawExamples {
 public:
  using value_type = RawExample;
  using const_iterator = const RawExample*;

  /// @param store  may be shared with other sources; null: one of its own.
  explicit RawExamples(std::shared_ptr<TextStore> store = nullptr);

  /// Keeps copies of everything.
  /// @param part, group  of all examples, or of none
  void add(std::string_view text, std::span<const std::string> labels, std::optional<std::string_view> weight,
           std::string_view origin, std::optional<Part> part = std::nullopt,
           std::optional<std::string_view> group = std::nullopt);
  /// What the columns of slices say of the example that was added last; of all examples, or of none.
  void add_slices(std::span<const std::string_view> values);
  /// Those of `more` behind these, whose store is the same.
  void append(const RawExamples& more);
  /// Labels for examples that are filled in by hand, kept once for all that have the same ones one after the
  /// other.
  std::span<const std::string_view> keep_labels(std::span<const std::string> labels);
  /// So many examples, which the caller fills in.
  RawExample* grow(size_t count) { return examples_.grow(count); }

  size_t size() const { return examples_.size(); }
  bool empty() const { return examples_.empty(); }
  const RawExample& operator[](size_t index) const { return examples_[index]; }
  const RawExample* begin() const { return examples_.begin(); }
  const RawExample* end() const { return examples_.end(); }
  const std::shared_ptr<TextStore>& store() const { return store_; }
  /// One an example, or none.
  const std::vector<Part>& parts() const { return parts_; }
  /// What data.columns.group says, one an example, or none.
  const std::vector<std::string_view>& groups() const { return groups_; }
  /// What data.columns.slices say: of each column one value an example, or none.
  const std::vector<std::vector<std::string_view>>& slices() const { return slices_; }

 private:
  /// Adds a value to a column. Values that stand one after the other are kept once.
  void keep_value(std::string_view value, std::vector<std::string_view>& column);

  std::shared_ptr<TextStore> store_;
  SpillVector<RawExample> examples_;
  std::vector<Part> parts_;
  std::vector<std::string_view> groups_;
  std::vector<std::vector<std::string_view>> slices_;
  std::vector<std::span<const std::string_view>> recent_labels_;
  size_t next_recent_ = 0;
};

/// Gathers the faults of one source, so that a user sees many at once, and stops a hopeless file early.
class DataFaults {
 public:
  void add(std::string_view origin, const std::string& message);
  /// `explain` gives the message; it is called where the fault is one of those that are shown.
  void add(std::string_view origin, const std::function<std::string()>& explain);
  /// @throws DataError listing them, when there are any.
  void throw_if_any() const;

 private:
  static constexpr size_t kShown = 20;
  std::vector<std::string> faults_;
  size_t count_ = 0;
};

/// Splits a cell into labels at `separator`, surrounding white space dropped; an empty cell has none.
std::vector<std::string> split_labels(std::string_view cell, std::string_view separator);

}  // namespace bernoulli
