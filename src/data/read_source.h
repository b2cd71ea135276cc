#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "config/run_config.h"
#include "data/raw_example.h"

namespace bernoulli {

// The readers, each in a file of its own, take labels from data.columns.label_columns, one a label of
// task.labels in their order, else from data.columns.label. They put what they keep into `store`; null: a
// store that their examples have for themselves. They throw DataError, IoError, and SpillError where the disk
// for temporary files is full.

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

}  // namespace bernoulli
