#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/read_source.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {

using Kind = TaskConfig::Kind;

inline TaskConfig task_of(Kind kind, std::vector<std::string> labels = {}) {
  TaskConfig task;
  task.kind = kind;
  task.labels = std::move(labels);
  return task;
}

/// Files of a data set in a folder of their own. Messages and origins are compared without the folder's name.
class DataFolder {
 public:
  RawExamples read(const std::string& name, const std::string& content, const ColumnsConfig& columns = {},
                   Kind kind = Kind::kBinary, const std::string& format = "auto") const {
    return read_source(folder_.write(name, content), format, columns, task_of(kind, columns.label_columns));
  }
  std::string fault(const std::string& name, const std::string& content, const ColumnsConfig& columns = {},
                    Kind kind = Kind::kBinary, const std::string& format = "auto") const {
    return relative(message_of<DataError>([&] { read(name, content, columns, kind, format); }));
  }
  std::string relative(std::string_view in_folder) const {
    std::string text(in_folder);
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

inline std::vector<std::string> texts_of(const RawExamples& examples) {
  std::vector<std::string> texts;
  for (const RawExample& example : examples) texts.emplace_back(example.text);
  return texts;
}

inline std::vector<std::vector<std::string>> labels_of(const RawExamples& examples) {
  std::vector<std::vector<std::string>> labels;
  for (const RawExample& example : examples)
    labels.emplace_back(example.labels.begin(), example.labels.end());
  return labels;
}

}  // namespace bernoulli::testing
