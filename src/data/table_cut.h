#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "data/table.h"

namespace bernoulli {

/// How the rows of a table come out when its first MiB is cut in one way.
struct TableCut {
  TableFormat format;
  int64_t rows = 0;
  size_t width = 0;   ///< fields of the first row
  std::string fault;  ///< why it is not this way; empty: each row has as many fields
  bool holds() const { return fault.empty() && width > 1; }
};

/// The usual delimiter, else the first other one that cuts all rows alike; quotes are ordinary characters
/// where they would not close, or would take whole rows into a cell. @throws DataError where none does
TableCut find_table_cut(std::string_view content, const std::string& name, char usual);

/// What a file is, "csv", "tsv", "jsonl" or "fasttext", and why: by its name or, where that leaves it open or
/// is .txt, by its first lines. @throws DataError for what is none of them
struct FormatFound {
  std::string format, evidence;
};
FormatFound find_format(const std::filesystem::path& file);

}  // namespace bernoulli
