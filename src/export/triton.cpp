#include "export/triton.h"

#include <fmt/format.h>

#include "core/file.h"
#include "core/plain_name.h"
#include "core/version.h"
#include "infer/classifier.h"
#include "text/token_escape.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

// KIND_CPU: the text half runs on the processor, and the rest is small. Optimised execution would recompile
// for new shapes, and is not what the file was verified with.
constexpr const char* kTritonConfig = R"(# Written by bernoulli {program}.
name: "{name}"
platform: "pytorch_libtorch"
max_batch_size: 0
input [
  {{ name: "INPUT__0" data_type: TYPE_STRING dims: [ -1 ] }}
]
output [
  {{ name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ -1, {num_outputs} ] label_filename: "labels.txt" }}
]
instance_group [
  {{ kind: KIND_CPU }}
]
parameters {{ key: "DISABLE_OPTIMIZED_EXECUTION" value: {{ string_value: "true" }} }}
)";

/// One line an output: for a binary task the label that the probability is of.
std::string label_lines(const Labels& labels) {
  const bool binary = labels.kind == TaskConfig::Kind::kBinary;
  std::string lines;
  for (size_t i = binary ? 1 : 0; i < labels.names.size(); ++i) lines += escape_token(labels.names[i]) + "\n";
  return lines;
}

}  // namespace

std::string triton_config(const std::string& model_name, int64_t num_outputs) {
  return fmt::format(kTritonConfig, fmt::arg("program", kVersion), fmt::arg("name", model_name),
                     fmt::arg("num_outputs", num_outputs));
}

ExportReport export_triton(const ArtifactParts& parts, const TrainerAnswers& trainer, const fs::path& folder,
                           const std::string& run_name) {
  AtomicFolder repository(folder);  // now: a place that cannot be written to must not cost the verification
  const std::string name = plain_name(run_name);
  const std::string bytes = serialize_artifact(parts);
  ExportReport report{static_cast<int64_t>(bytes.size()),
                      verify_artifact(bytes, (folder / name / "1" / "model.pt").string(), trainer)};
  const fs::path model = repository.path() / name;
  create_folder(model / "1");
  write_file_atomic(model / "1" / "model.pt", bytes);
  const std::string config = triton_config(name, parts.plan.num_outputs);
  const std::string labels = label_lines(labels_from_json(parts.labels));
  write_file_atomic(model / "config.pbtxt", config);
  write_file_atomic(model / "labels.txt", labels);
  if (trainer.before_writing) trainer.before_writing();
  repository.commit();
  report.size_bytes += static_cast<int64_t>(config.size() + labels.size());
  return report;
}

}  // namespace bernoulli
