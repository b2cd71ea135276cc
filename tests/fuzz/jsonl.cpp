// Rows of JSON. The first byte chooses the columns; what was read is written by the JSON library and must
// read as the same. What prediction takes out of a row is what the JSON library sees there.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/shallow_json.h"
#include "data/read_source.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"
#include "infer/json_row.h"

namespace bernoulli {
namespace {

void members(std::string_view line) {
  const std::vector<std::string> keys = {"text", "label"};
  JsonRow row;
  const bool is_object = read_json_row(line, keys, row);
  const auto seen = parse_shallow_json(line);
  if (seen.is_discarded()) return;
  fuzz::require(is_object == seen.is_object(), "a row is an object");
  for (size_t i = 0; is_object && i < keys.size(); ++i) {
    const auto member = seen.find(keys[i]);
    fuzz::require(row.values[i].has_value() == (member != seen.end()), "a member is found");
    if (!row.values[i]) continue;
    const auto& [text, is_string] = *row.values[i];
    fuzz::require(is_string == member->is_string(), "a member keeps its type");
    fuzz::require(
        is_string ? *member == text : *member == nlohmann::ordered_json::parse(text, nullptr, false),
        "a member keeps its value");
  }
}

void jsonl(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  if (input.empty()) return;
  members(input.substr(1, input.find('\n', 1) - 1));
  const auto bits = static_cast<uint8_t>(input[0]);
  ColumnsConfig columns;
  if ((bits & 2u) != 0) columns.label_columns = {"a", "b"};
  if ((bits & 4u) != 0) columns.weight = "weight";
  if ((bits & 8u) != 0) columns.text = {"text", "weight"};
  if ((bits & 16u) != 0) columns.split = {"label", {"p"}, {"q"}, {"r", ""}};
  if ((bits & 32u) != 0) columns.group = "weight";
  TaskConfig task;
  task.labels = {"p", "q"};
  task.kind = (bits & 3u) != 0 ? TaskConfig::Kind::kMultiLabel : TaskConfig::Kind::kBinary;
  const RawExamples examples = read_jsonl(file.holding(input.substr(1)), columns, task);

  std::string written;
  for (const RawExample& example : examples) {
    nlohmann::json labels = nlohmann::json::array();
    for (const std::string_view label : example.labels) labels.push_back(label);
    written += nlohmann::json{{"text", example.text}, {"label", std::move(labels)}}.dump() + "\n";
  }
  TaskConfig task_of_lists;
  task_of_lists.kind = TaskConfig::Kind::kMultiLabel;
  const RawExamples again = fuzz::must_accept("rows of the JSON library are read", [&] {
    return read_jsonl(copy.holding(written), {}, task_of_lists);
  });
  fuzz::require(again.size() == examples.size(), "a row is an example");
  for (size_t i = 0; i < examples.size(); ++i) {
    fuzz::require(again[i].text == examples[i].text, "a text keeps its bytes");
    fuzz::require(std::ranges::equal(again[i].labels, examples[i].labels), "labels keep their bytes");
  }
}

}  // namespace

BERNOULLI_FUZZ_TARGET(jsonl)

}  // namespace bernoulli
