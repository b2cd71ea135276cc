#include "export/artifact.h"

#include <exception>
#include <istream>
#include <new>
#include <streambuf>
#include <utility>

#include <fmt/format.h>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/device_failure.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json_fault.h"
#include "core/out_of_memory.h"
#include "core/shallow_json.h"
#include "infer/self_test.h"
#include "store/artifact_files.h"
#include "store/seal.h"

namespace bernoulli {
namespace {

using torch::jit::Module;

/// Lets a stream read bytes where they lie, which LibTorch needs and which a string stream copies.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view bytes) {
    auto* const begin = const_cast<char*>(bytes.data());  // the get area is only read
    setg(begin, begin, begin + bytes.size());
  }

 protected:
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode /*which*/) override {
    const off_type base = from == std::ios_base::beg   ? 0
                          : from == std::ios_base::cur ? gptr() - eback()
                                                       : egptr() - eback();
    const off_type to = base + offset;
    if (to < 0 || to > egptr() - eback()) return pos_type(off_type(-1));
    setg(eback(), eback() + to, egptr());
    return pos_type(to);
  }
  pos_type seekpos(pos_type to, std::ios_base::openmode which) override {
    return seekoff(off_type(to), std::ios_base::beg, which);
  }
};

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

void run_self_test(const Module& module, const SelfTest& self_test, const std::string& name) {
  const at::Tensor answers = run(module, "forward", to_list(self_test.texts)).contiguous();
  const std::string fault =
      self_test_fault(self_test, {answers.const_data_ptr<float>(), static_cast<size_t>(answers.numel())});
  if (!fault.empty()) {
    throw ArtifactError(
        fmt::format("'{}' fails its self-test: {}; do not use it here, export the run again", name, fault));
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
    ViewBuffer buffer(bytes);
    std::istream stream(&buffer);
    torch::jit::ExtraFilesMap files = {{kConfigFile, ""},       {kLabelsFile, ""}, {kThresholdsFile, ""},
                                       {kTemperaturesFile, ""}, {kShiftsFile, ""}, {kMetadataFile, ""},
                                       {kSelfTestFile, ""}};
    Module module = torch::jit::load(stream, c10::Device(c10::kCPU), files);
    ArtifactInfo info = read_artifact_info({files.begin(), files.end()}, name);
    run_self_test(module, self_test_from_json(parse_shallow_json(files.at(kSelfTestFile)), name), name);
    module.to(device);
    return Artifact(std::make_unique<Impl>(Impl{name, std::move(module), std::move(info)}));
  } catch (const nlohmann::json::exception& error) {
    throw ArtifactError(fmt::format("'{}' has a record that cannot be read: {}", name, json_cause(error)));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // TorchScript's compiler and interpreter throw kinds of their own
    if (is_out_of_memory(error)) throw std::bad_alloc();
    if (const std::string_view fault = device_fault(error.what()); !fault.empty())
      throw IoError(device_failure(fault));
    const auto* const torch = dynamic_cast<const c10::Error*>(&error);
    throw ArtifactError(fmt::format("'{}' cannot be loaded: {}", name,
                                    torch != nullptr ? torch->what_without_backtrace() : error.what()));
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
  return Artifact::parse(FileBytes(path).view(), path.string(), device);
}

}  // namespace bernoulli
