#include "data/read_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/schema.h"
#include "core/error.h"
#include "data/class_folders.h"
#include "data/source_files.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

void require_regular(const fs::path& path) {
  if (!data_exists(path))
    throw DataError(fmt::format(
        "'{}' does not exist (relative paths start at data.root; move it with --set data.root=DIR)",
        path.string()));
  if (!fs::is_regular_file(path) && !fs::is_directory(path))
    throw DataError(fmt::format("'{}' is neither a file nor a folder", path.string()));
}

RawExamples read_file_source(const fs::path& path, const std::string& format, const ColumnsConfig& columns,
                             const TaskConfig& task, std::shared_ptr<TextStore> store) {
  if (format == "csv") return read_delimited(path, columns, task, ',', std::move(store));
  if (format == "tsv") return read_delimited(path, columns, task, '\t', std::move(store));
  if (format == "jsonl") return read_jsonl(path, columns, task, std::move(store));
  if (format == "fasttext") return read_label_lines(path, std::move(store));
  throw DataError(fmt::format(
      "'{}': the name does not tell the format; set `format` (csv, tsv, jsonl or fasttext) beside the path",
      path.string()));
}

}  // namespace

RawExamples read_source(const fs::path& path, const std::string& format, const ColumnsConfig& columns,
                        const TaskConfig& task, int threads, std::shared_ptr<TextStore> store) {
  require_regular(path);
  const bool folder = fs::is_directory(path);
  if (folder != (format == "class_folders") && format != "auto") {
    throw DataError(fmt::format("'{}' is a {}, and format {} wants a {}", path.string(),
                                folder ? "folder" : "file", format, folder ? "file" : "folder"));
  }
  try {
    RawExamples examples =
        folder ? read_class_folders(path, threads, std::move(store))
               : read_file_source(path, format == "auto" ? config::format_by_name(path) : format, columns,
                                  task, std::move(store));
    if (examples.empty()) throw DataError(fmt::format("'{}' holds no example", path.string()));
    if (columns.split && examples.parts().size() != examples.size())
      throw DataError(fmt::format(
          "'{}' has no columns, and data.columns.split names one of the training source", path.string()));
    const bool no_group = !columns.group.empty() && examples.groups().size() != examples.size();
    const bool no_slices = !columns.slices.empty() && examples.slices().empty();
    if (no_group || no_slices)
      throw DataError(fmt::format("'{}' has no columns, and {} names one", path.string(),
                                  no_group ? "data.columns.group" : "--by"));
    return examples;
  } catch (const SpillError&) {
    throw;
  } catch (const IoError& error) {
    throw DataError(error.what());  // a file of the data set that cannot be read is a fault of the data
  }
}

}  // namespace bernoulli
