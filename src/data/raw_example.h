#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// An example as a file holds it, before its labels are understood.
struct RawExample {
  std::string text;
  std::vector<std::string> labels;  ///< binary: exactly one; multi-label: any number
  std::optional<std::string> weight;
  std::string origin;  ///< "path" or "path:line"
};

/// Gathers the faults of one source, so that a user sees many at once, and stops a hopeless file early.
class DataFaults {
 public:
  void add(const std::string& origin, const std::string& message);
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
    std::filesystem::path path;
    std::string label;
  };
  std::vector<Text> texts;
  std::string warning;  ///< of entries that were left out; empty: none were
};
/// @throws DataError where there is no class folder or no text.
ClassFolders list_class_folders(const std::filesystem::path& folder);
/// Reads what list_class_folders finds, on `threads` threads.
std::vector<RawExample> read_class_folders(const std::filesystem::path& folder, int threads = 1);
/// RFC 4180 with any delimiter. The header, or 1-based numbers, name the columns.
std::vector<RawExample> read_delimited(const std::filesystem::path& file, const ColumnsConfig& columns,
                                       TaskConfig::Kind kind, char delimiter);
/// One JSON object a line.
std::vector<RawExample> read_jsonl(const std::filesystem::path& file, const ColumnsConfig& columns,
                                   TaskConfig::Kind kind);
/// fastText's lines: words that begin with __label__ are labels, the rest is the text.
std::vector<RawExample> read_label_lines(const std::filesystem::path& file);

/// Chooses the reader by `format` ("auto": by what the path is and how it ends). @throws DataError, IoError
std::vector<RawExample> read_source(const std::filesystem::path& path, const std::string& format,
                                    const ColumnsConfig& columns, TaskConfig::Kind kind, int threads = 1);

/// The whole of a text file, unpacked where its first bytes say gzip, without a byte-order mark.
/// @throws DataError naming the file where the gzip data are damaged.
std::string read_data_file(const std::filesystem::path& file);

/// Splits a cell into labels at `separator`, surrounding white space dropped; an empty cell has none.
std::vector<std::string> split_labels(const std::string& cell, const std::string& separator);

}  // namespace bernoulli
