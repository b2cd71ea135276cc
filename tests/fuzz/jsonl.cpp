// Rows of JSON. The first byte chooses the columns; what was read is written by the JSON library and must
// read as the same.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "data/raw_example.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

void jsonl(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  if (input.empty()) return;
  const auto bits = static_cast<uint8_t>(input[0]);
  ColumnsConfig columns;
  if ((bits & 2u) != 0) columns.label_columns = {"a", "b"};
  if ((bits & 4u) != 0) columns.weight = "weight";
  const auto kind = (bits & 3u) != 0 ? TaskConfig::Kind::kMultiLabel : TaskConfig::Kind::kBinary;
  const RawExamples examples = read_jsonl(file.holding(input.substr(1)), columns, kind);

  std::string written;
  for (const RawExample& example : examples) {
    nlohmann::json labels = nlohmann::json::array();
    for (const std::string_view label : example.labels) labels.push_back(label);
    written += nlohmann::json{{"text", example.text}, {"label", std::move(labels)}}.dump() + "\n";
  }
  const RawExamples again = fuzz::must_accept("rows of the JSON library are read", [&] {
    return read_jsonl(copy.holding(written), {}, TaskConfig::Kind::kMultiLabel);
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
