#include "infer/artifact_info.h"

#include <fmt/format.h>

#include "config/load.h"
#include "core/error.h"
#include "core/shallow_json.h"
#include "layers/layer_kind.h"
#include "store/artifact_files.h"

namespace bernoulli {

namespace {

constexpr const char* kExtraFolder = "archive/extra/";

}  // namespace

ArtifactInfo read_artifact_info(const std::map<std::string, std::string>& files, const std::string& name) {
  ArtifactInfo info;
  info.metadata = parse_shallow_json(files.at(kMetadataFile));
  const auto format = whole_number<int64_t>(info.metadata.at("format"));
  if (format != kArtifactFormat) {
    throw ArtifactError(
        fmt::format("'{}' has format {}, written by {}; this program reads format {}: use the program that "
                    "wrote it, or export the run again",
                    name, format, info.metadata.value("program", "an unknown program"), kArtifactFormat));
  }
  info.config_yaml = files.at(kConfigFile);
  info.labels = parse_shallow_json(files.at(kLabelsFile));
  info.rule = decision_rule_from_json(parse_shallow_json(files.at(kThresholdsFile)));
  info.scaling.temperatures = parse_shallow_json(files.at(kTemperaturesFile)).get<std::vector<double>>();
  if (const auto shifts = files.find(kShiftsFile); shifts != files.end() && !shifts->second.empty())
    info.scaling.shifts = parse_shallow_json(shifts->second).get<std::vector<double>>();
  info.pos_weight = info.metadata.at("pos_weight").get<std::vector<double>>();
  info.num_outputs = whole_number<int64_t>(info.metadata.at("num_outputs"));
  return info;
}

bool has_extra_file(const ZipReader& zip, const std::string& name) {
  return zip.find(kExtraFolder + name) != nullptr;
}

std::string extra_file(const ZipReader& zip, const std::string& name) {
  return std::string(zip.content(kExtraFolder + name));
}

ArtifactInfo read_artifact_info(const ZipReader& zip, const std::string& name) {
  std::map<std::string, std::string> records;
  for (const char* record : {kConfigFile, kLabelsFile, kThresholdsFile, kTemperaturesFile, kMetadataFile})
    records[record] = extra_file(zip, record);
  if (has_extra_file(zip, kShiftsFile)) records[kShiftsFile] = extra_file(zip, kShiftsFile);
  return read_artifact_info(records, name);
}

ClassifierInfo classifier_info(const ArtifactInfo& info, const std::string& name) {
  ClassifierInfo out;
  try {
    out.config = config::load_config_text(info.config_yaml, name + ":config.yaml", layers::layer_schemas(),
                                          {}, config::Contradictions::kIgnored)
                     .run;
    out.labels = labels_from_json(info.labels);
  } catch (const std::exception& error) {
    throw ArtifactError(fmt::format(
        "'{}' holds a configuration or labels that this program does not read: {}", name, error.what()));
  }
  out.rule = info.rule;
  out.pos_weight = info.pos_weight;
  out.scaling = info.scaling;
  if (const std::string fault = fault_of(out, info.num_outputs); !fault.empty())
    throw ArtifactError(fmt::format("'{}' is damaged: it has {}", name, fault));
  return out;
}

}  // namespace bernoulli
