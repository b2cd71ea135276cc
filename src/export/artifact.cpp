#include "export/artifact.h"

#include <cmath>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/error.h"
#include "core/file.h"
#include "export/artifact_files.h"
#include "export/seal.h"
#include "export/self_test.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;
using torch::jit::Module;

/// Another processor may add the same numbers in another order; a wrong sigmoid, weight or id is far beyond
/// this.
constexpr double kSelfTestTolerance = 1e-6;

c10::List<std::string> to_list(std::span<const std::string> texts) {
  c10::List<std::string> list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

at::Tensor run(const Module& module, const char* method, c10::IValue input) {
  const at::NoGradGuard no_grad;
  const torch::jit::GraphOptimizerEnabledGuard plain(
      false);  // profiling and fusion could change bits between calls
  return module.get_method(method)({std::move(input)}).toTensor().to(at::kCPU);
}

ArtifactInfo read_info(const torch::jit::ExtraFilesMap& files, const std::string& name) {
  ArtifactInfo info;
  info.metadata = Json::parse(files.at(kMetadataFile));
  const auto format = info.metadata.at("format").get<int64_t>();
  if (format != kArtifactFormat) {
    throw ArtifactError(
        fmt::format("'{}' has format {}, written by {}; this program reads format {}: use the program that "
                    "wrote it, or export the run again",
                    name, format, info.metadata.value("program", "an unknown program"), kArtifactFormat));
  }
  info.config_yaml = files.at(kConfigFile);
  info.labels = Json::parse(files.at(kLabelsFile));
  info.thresholds = Json::parse(files.at(kThresholdsFile)).get<std::vector<double>>();
  info.pos_weight = info.metadata.at("pos_weight").get<std::vector<double>>();
  info.num_outputs = info.metadata.at("num_outputs").get<int64_t>();
  return info;
}

void run_self_test(const Module& module, const SelfTest& self_test, const std::string& name) {
  const at::Tensor answers = run(module, "forward", to_list(self_test.texts)).contiguous();
  if (self_test.texts.empty() || answers.numel() != static_cast<int64_t>(self_test.probabilities.size())) {
    throw ArtifactError(fmt::format("'{}' fails its self-test: {} probabilities for {} texts, expected {}",
                                    name, answers.numel(), self_test.texts.size(),
                                    self_test.probabilities.size()));
  }
  for (size_t i = 0; i < self_test.probabilities.size(); ++i) {
    const float answer = answers.const_data_ptr<float>()[i];
    const float expected = self_test.probabilities[i];
    const bool agree = std::abs(double{answer} - double{expected}) <= kSelfTestTolerance;  // false for NaN
    if (!agree) {
      const size_t text = i / (self_test.probabilities.size() / self_test.texts.size());
      throw ArtifactError(
          fmt::format("'{}' fails its self-test: text {} has probability {}, the file was written with {}; "
                      "do not use it here, export the run again",
                      name, text, answer, expected));
    }
  }
}

}  // namespace

struct Artifact::Impl {
  std::string name;
  Module module;
  ArtifactInfo info;
};

Artifact::Artifact(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Artifact::~Artifact() = default;
Artifact::Artifact(Artifact&&) noexcept = default;
Artifact& Artifact::operator=(Artifact&&) noexcept = default;

Artifact Artifact::parse(std::string_view bytes, const std::string& name, c10::Device device) {
  check_seal(bytes, name);
  try {
    std::istringstream stream{std::string(bytes)};
    torch::jit::ExtraFilesMap files = {{kConfigFile, ""},
                                       {kLabelsFile, ""},
                                       {kThresholdsFile, ""},
                                       {kMetadataFile, ""},
                                       {kSelfTestFile, ""}};
    Module module = torch::jit::load(stream, c10::Device(c10::kCPU), files);
    ArtifactInfo info = read_info(files, name);
    run_self_test(module, self_test_from_json(Json::parse(files.at(kSelfTestFile))), name);
    module.to(device);
    return Artifact(std::make_unique<Impl>(Impl{name, std::move(module), std::move(info)}));
  } catch (const c10::Error& error) {
    throw ArtifactError(fmt::format("'{}' cannot be loaded: {}", name, error.what_without_backtrace()));
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("'{}' has a record that cannot be read: {}", name, error.what()));
  }
}

at::Tensor Artifact::probabilities(std::span<const std::string> texts) const {
  return run(impl_->module, "forward", to_list(texts));
}
at::Tensor Artifact::logits(std::span<const std::string> texts) const {
  return run(impl_->module, "logits", to_list(texts));
}
at::Tensor Artifact::decide(std::span<const std::string> texts) const {
  return run(impl_->module, "decide", to_list(texts));
}
at::Tensor Artifact::vectorize(std::span<const std::string> texts) const {
  return run(impl_->module, "vectorize", to_list(texts));
}
at::Tensor Artifact::from_ids(const at::Tensor& ids) const { return run(impl_->module, "from_ids", ids); }

const ArtifactInfo& Artifact::info() const { return impl_->info; }
const std::string& Artifact::name() const { return impl_->name; }

Artifact load_artifact(const std::filesystem::path& path, c10::Device device) {
  return Artifact::parse(read_file(path), path.string(), device);
}

}  // namespace bernoulli
