// Labelled texts that nobody has described: what `bernoulli init` makes of them. The first byte chooses the
// options. The configuration must be one, and stay so where its texts are read.
#include "cli/starter_config.h"

#include "config/load.h"
#include "data/dataset.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"
#include "layers/layer_kind.h"

namespace bernoulli {
namespace {

/// Bits: --header and its value, --text-column, --label-column, two of them, --positive, --positive-above.
cli::InitRequest request_of(unsigned bits, std::string path) {
  cli::InitRequest request;
  request.data = std::move(path);
  request.command = "bernoulli init";
  if ((bits & 1u) != 0) request.header = (bits & 2u) != 0;
  const bool named = request.header.value_or(true);
  if ((bits & 4u) != 0) request.columns.text = named ? "text" : "1";
  if ((bits & 8u) != 0) request.columns.labels.push_back(named ? "label" : "2");
  if ((bits & 16u) != 0) request.columns.labels.push_back(named ? "b" : "3");
  if ((bits & 32u) != 0) request.positive = "pos";
  if ((bits & 64u) != 0) request.positive_above = 0.5;
  return request;
}

void starter_config(std::string_view input) {
  static const fuzz::MemoryFile file;
  if (input.empty()) return;
  const auto bits = static_cast<unsigned char>(input.front());
  const cli::StarterConfig starter =
      cli::make_starter_config(request_of(bits, file.holding(input.substr(1))));
  const auto loaded = fuzz::must_accept("what init writes is a configuration", [&] {
    return config::load_config_text(starter.yaml, "starter.yaml", layers::layer_schemas());
  });
  load_data(loaded.run.data, loaded.run.task);  // a part may be empty, and a later row broken
}

}  // namespace

BERNOULLI_FUZZ_TARGET(starter_config)

}  // namespace bernoulli
