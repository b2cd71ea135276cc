#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "core/mapped_file.h"
#include "core/spill_vector.h"
#include "core/text_store.h"

namespace bernoulli {

/// An example as a file holds it, before its labels are understood. All bytes lie in a TextStore.
struct RawExample {
  std::string_view text;
  std::span<const std::string_view> labels;  ///< binary: exactly one; multi-label: any number
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
  void add(std::string_view text, std::span<const std::string> labels, std::optional<std::string_view> weight,
           std::string_view origin);
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

 private:
  std::shared_ptr<TextStore> store_;
  SpillVector<RawExample> examples_;
  std::vector<std::span<const std::string_view>> recent_labels_;
  size_t next_recent_ = 0;
};

/// Gathers the faults of one source, so that a user sees many at once, and stops a hopeless file early.
class DataFaults {
 public:
  void add(std::string_view origin, const std::string& message);
  /// @throws DataError listing them, when there are any.
  void throw_if_any() const;

 private:
  static constexpr size_t kShown = 20;
  std::vector<std::string> faults_;
  size_t count_ = 0;
};

/// The texts of class folders: sub-folders, sorted, are the classes; their .txt files, sorted, the texts.
struct ClassFolders {
  struct Text {
    std::string path;
    std::string label;
  };
  std::vector<Text> texts;
  std::string warning;  ///< of entries that were left out; empty: none were
};
/// @throws DataError where there is no class folder or no text.
ClassFolders list_class_folders(const std::filesystem::path& folder);

// The readers take labels from data.columns.label_columns, one a label of task.labels in their order, else
// from data.columns.label. They put what they keep into `store`; null: a store that their examples have for
// themselves. They throw DataError, IoError, and SpillError where the disk for temporary files is full.

/// Reads what list_class_folders finds, on `threads` threads.
RawExamples read_class_folders(const std::filesystem::path& folder, int threads = 1,
                               std::shared_ptr<TextStore> store = nullptr);
/// RFC 4180 with any delimiter. The header, or 1-based numbers, name the columns.
RawExamples read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                           const TaskConfig& task, char delimiter,
                           std::shared_ptr<TextStore> store = nullptr);
/// One JSON object a line.
RawExamples read_jsonl(const std::filesystem::path& file, const ColumnsConfig& columns,
                       const TaskConfig& task, std::shared_ptr<TextStore> store = nullptr);
/// fastText's lines: words that begin with __label__ are labels, the rest is the text.
RawExamples read_label_lines(const std::filesystem::path& file, std::shared_ptr<TextStore> store = nullptr);

/// Chooses the reader by `format` ("auto": by what the path is and how it ends). @throws DataError,
/// SpillError
RawExamples read_source(const std::filesystem::path& path, const std::string& format,
                        const ColumnsConfig& columns, const TaskConfig& task, int threads = 1,
                        std::shared_ptr<TextStore> store = nullptr);

/// The content of a text file, unpacked where its first bytes say gzip, without a byte-order mark. A small
/// one is read; a large one is mapped, and must not be cut short meanwhile (SIGBUS).
class DataFile {
 public:
  static constexpr int64_t kMapped = int64_t{64} << 20;  ///< files from so many bytes on are mapped

  /// @param space  for what a gzip file unpacks to.
  /// @throws DataError naming the file where the gzip data are damaged; IoError; SpillError
  DataFile(const std::filesystem::path& file, const std::shared_ptr<SpillSpace>& space,
           int64_t mapped_from = kMapped);

  std::string_view bytes() const { return bytes_; }

 private:
  std::string read_;
  std::unique_ptr<MappedFile> mapped_;
  std::unique_ptr<SpillBuffer> unpacked_;
  std::string_view bytes_;  ///< of one of them
};

/// Splits a cell into labels at `separator`, surrounding white space dropped; an empty cell has none.
std::vector<std::string> split_labels(std::string_view cell, std::string_view separator);

}  // namespace bernoulli
