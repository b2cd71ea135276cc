#include "infer/model_facts.h"

#include <optional>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json_fault.h"
#include "core/log.h"
#include "infer/artifact_info.h"
#include "infer/run_files.h"
#include "store/seal.h"
#include "store/zip_reader.h"

namespace bernoulli {
namespace {

using Facts = nlohmann::ordered_json;

Facts facts_of_run(const RunPaths& run) {
  const RunFiles files = load_run_files(run);
  if (!files.warning.empty()) log_warning(files.warning);
  return model_facts(files.info, hash_hex(files.checkpoint.file->view()));
}

Facts facts_of_file(const std::filesystem::path& path) {
  const FileBytes file(path);
  const std::string name = path.string();
  check_seal(file.view(), name);
  try {
    const ArtifactInfo saved = read_artifact_info(ZipReader(file.view(), name), name);
    Facts facts = model_facts(classifier_info(saved, name), seal_of(file.view()));
    facts["size_bytes"] = file.view().size();
    facts["metadata"] = saved.metadata;
    return facts;
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("'{}' has a record that cannot be read: {}", name, json_cause(error)));
  }
}

}  // namespace

std::string hash_in_words(const std::string& content_hash) { return "xxh3-128:" + content_hash; }

Facts model_facts(const ClassifierInfo& info, const std::string& content_hash) {
  Facts facts{{"kind", to_json(info.labels).at("kind")},
              {"labels", info.labels.names},
              {"thresholds", to_json(info.rule)},
              {"temperatures", info.scaling.temperatures},
              {"shifts", info.scaling.shifts},
              {"hash", hash_in_words(content_hash)},
              {"sequence_length", nullptr}};
  if (info.config.text.sequence_length) facts["sequence_length"] = *info.config.text.sequence_length;
  const ColumnsConfig& columns = info.config.data.columns;
  if (columns.text.size() > 1)
    facts["text_columns"] = {{"names", columns.text}, {"separator", columns.text_separator}};
  return facts;
}

Facts saved_model_facts(const std::filesystem::path& path) {
  const std::optional<RunPaths> run = run_or_file_at(path);
  return run ? facts_of_run(*run) : facts_of_file(path);
}

}  // namespace bernoulli
