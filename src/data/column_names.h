#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"

namespace bernoulli {

/// By what data.columns may name the columns of a file: the cells of its header, without one the numbers of
/// the fields of its first row, or the keys of its first JSON object. None where it has no row.
/// @param format  csv, tsv or jsonl
/// @throws DataError where the first row cannot be cut; IoError, SpillError
std::vector<std::string> column_names(const std::filesystem::path& file, std::string_view format,
                                      const ColumnsConfig& columns);

/// What can be done where the data lack a column, for the end of a message; empty where nothing is known.
/// @param key  that names the column, such as "data.columns.weight"
/// @param present  the columns that are there
std::string remedy_of_missing_column(std::string_view key, const ColumnsConfig& columns,
                                     const std::vector<std::string>& present);
/// What else can be done where that is a header with none of the columns that are read: it may be a row.
std::string remedy_of_missing_header(const ColumnsConfig& columns, const std::vector<std::string>& present);

}  // namespace bernoulli
