#pragma once

// A device of LibTorch's played by the processor (PrivateUse1), whose work can be recorded and replayed as a
// CUDA graph's can. Its tensors are not the processor's: a copy from or to the host, and a number read back,
// are seen. Include it in one file of a program. Its first use registers the device, and from then on
// LibTorch takes it for the accelerator of the process: CUDA cannot run there any more.

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include "tensor/device_graph.h"

namespace bernoulli::recording {

using torch::jit::Stack;

inline constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;

/// A call of an operator with the tensors that it got and gave.
struct Call {
  c10::OperatorHandle op;
  Stack arguments;
  Stack results;
};

/// What was recorded. Its intermediate tensors hold NaN whenever it does not run, as their memory on a card
/// is another's by then.
struct Recording {
  std::vector<Call> calls;
  std::vector<c10::Storage> born;  ///< storages made while recording
};

/// The recording in progress, null while there is none. Not thread-local: a backward pass has a thread of its
/// own.
inline Recording*& in_progress() {
  static Recording* recording = nullptr;
  return recording;
}

/// What storages from before the recording held, to be put back: on a card, recorded work does not run.
inline std::vector<std::pair<c10::Storage, std::vector<char>>>& held_before() {
  static std::vector<std::pair<c10::Storage, std::vector<char>>> held;
  return held;
}

inline bool is_here(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == kType; }

inline void each_tensor(const c10::IValue& value, const std::function<void(const at::Tensor&)>& call) {
  if (value.isTensor()) call(value.toTensor());
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) call(tensor);
  }
  if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      if (tensor) call(*tensor);
    }
  }
}

/// Tensors of the device beside those of the processor over the same memory.
class Twins {
 public:
  at::Tensor of(const at::Tensor& ours) {
    if (!is_here(ours)) return ours;
    const c10::Storage& held = ours.storage();
    c10::Storage storage(c10::Storage::use_byte_size_t(), held.nbytes(),
                         c10::DataPtr(held.mutable_data(), c10::Device(c10::kCPU)),
                         c10::GetAllocator(c10::kCPU), true);
    at::Tensor twin = at::detail::make_tensor<c10::TensorImpl>(
        std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CPU), ours.dtype());
    twin.unsafeGetTensorImpl()->set_sizes_and_strides(ours.sizes(), ours.strides(), ours.storage_offset());
    pairs_.emplace_back(ours, twin);
    return twin;
  }

  c10::IValue of(const c10::IValue& value) {
    if (value.isTensor()) return of(value.toTensor());
    if (value.isDevice() && value.toDevice().type() == kType) return c10::Device(c10::kCPU);
    if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(of(tensor));
      return list;
    }
    if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> list;
      for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector())
        list.push_back(tensor ? std::optional<at::Tensor>(of(*tensor)) : std::nullopt);
      return list;
    }
    return value;
  }

  /// Takes over the memory of those that an operator has made larger.
  void take_what_grew() {
    for (auto& [ours, twin] : pairs_) {
      if (twin.storage().data() == ours.storage().data()) continue;
      auto* owner = new at::Tensor(twin);
      c10::StorageImpl* const storage = ours.storage().unsafeGetStorageImpl();
      storage->set_data_ptr_noswap(
          c10::DataPtr(twin.storage().mutable_data(), owner, &delete_tensor, c10::Device(kType, 0)));
      storage->set_nbytes(twin.storage().nbytes());
      ours.unsafeGetTensorImpl()->set_sizes_and_strides(twin.sizes(), twin.strides(), twin.storage_offset());
    }
  }

  static void delete_tensor(void* tensor) { delete static_cast<at::Tensor*>(tensor); }

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> pairs_;
};

inline at::Tensor as_cpu(const at::Tensor& tensor) { return Twins().of(tensor); }

using Storages = std::unordered_map<const void*, c10::Storage>;  ///< by where they begin

/// A result of the processor as the device's: over the storage of the argument that it is a view of, else
/// over its own memory.
inline at::Tensor as_ours(const at::Tensor& result, const Storages& arguments) {
  if (!result.defined()) return result;
  const auto view_of = arguments.find(result.storage().data());
  c10::Storage storage;
  if (result.storage().data() != nullptr && view_of != arguments.end()) {
    storage = view_of->second;
  } else {
    auto* owner = new at::Tensor(result);
    storage = c10::Storage(
        c10::Storage::use_byte_size_t(), result.storage().nbytes(),
        c10::DataPtr(result.storage().mutable_data(), owner, &Twins::delete_tensor, c10::Device(kType, 0)),
        nullptr, false);
    if (in_progress() != nullptr) in_progress()->born.push_back(storage);
  }
  at::Tensor ours = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), result.dtype());
  ours.unsafeGetTensorImpl()->set_sizes_and_strides(result.sizes(), result.strides(),
                                                    result.storage_offset());
  return ours;
}

inline c10::IValue as_ours(const c10::IValue& value, const Storages& arguments) {
  if (value.isTensor()) return as_ours(value.toTensor(), arguments);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(as_ours(tensor, arguments));
    return list;
  }
  return value;
}

/// The processor's kernel on the device's memory.
inline Stack compute(const c10::OperatorHandle& op, const Stack& arguments) {
  Twins twins;
  Stack stack;
  for (const c10::IValue& value : arguments) stack.push_back(twins.of(value));
  {
    const at::AutoDispatchBelowAutograd below;
    op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
  }
  twins.take_what_grew();
  return stack;
}

/// What a card refuses while its work is recorded: whatever the host has to wait for.
inline void refuse_what_waits(const c10::OperatorHandle& op, const Stack& results) {
  static const std::set<std::string> kShapeFromData = {"aten::nonzero", "aten::masked_select",
                                                       "aten::_unique2", "aten::unique_dim"};
  TORCH_CHECK(kShapeFromData.count(op.schema().name()) == 0, op.schema().name(),
              ": operation not permitted when stream is capturing");
  for (const c10::IValue& value : results) {
    TORCH_CHECK(value.isTensor() || value.isTensorList() || value.isNone(), op.schema().name(),
                ": operation not permitted when stream is capturing");
  }
}

inline void hold_what_is_written(const c10::OperatorHandle& op, const Stack& arguments) {
  // Its running statistics: the one operator that writes what its schema does not name as written.
  const bool writes_more = op.schema().name() == "aten::native_batch_norm";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const c10::AliasInfo* alias = op.schema().arguments()[i].alias_info();
    if (!writes_more && (alias == nullptr || !alias->isWrite())) continue;
    each_tensor(arguments[i], [](const at::Tensor& tensor) {
      if (!is_here(tensor) || tensor.storage().nbytes() == 0) return;
      const auto is_same = [&](const c10::Storage& s) { return s.data() == tensor.storage().data(); };
      for (const c10::Storage& born : in_progress()->born) {
        if (is_same(born)) return;
      }
      for (const auto& [storage, bytes] : held_before()) {
        if (is_same(storage)) return;
      }
      const auto* bytes = static_cast<const char*>(tensor.storage().data());
      held_before().emplace_back(tensor.storage(),
                                 std::vector<char>(bytes, bytes + tensor.storage().nbytes()));
    });
  }
}

inline void run(const c10::OperatorHandle& op, Stack* stack) {
  const Stack arguments(stack->end() - static_cast<std::ptrdiff_t>(op.schema().arguments().size()),
                        stack->end());
  torch::jit::drop(*stack, arguments.size());
  Recording* const recording = in_progress();
  if (recording != nullptr) hold_what_is_written(op, arguments);
  const Stack computed = compute(op, arguments);
  Storages storages;
  for (const c10::IValue& value : arguments) {
    each_tensor(value, [&](const at::Tensor& tensor) {
      if (is_here(tensor)) storages.emplace(tensor.storage().data(), tensor.storage());
    });
  }
  Stack results;
  for (const c10::IValue& value : computed) results.push_back(as_ours(value, storages));
  if (recording != nullptr) {
    refuse_what_waits(op, results);
    recording->calls.push_back({op, arguments, results});
  }
  stack->insert(stack->end(), results.begin(), results.end());
}

/// Between the device and the host, or within the device.
inline at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool /*non_blocking*/) {
  static const c10::OperatorHandle copy = c10::Dispatcher::singleton().findSchemaOrThrow("aten::copy_", "");
  if (in_progress() != nullptr) {
    TORCH_CHECK(is_here(from) && is_here(to),
                "copy between host and device: operation not permitted when stream is capturing");
    hold_what_is_written(copy, {to, from, false});
    in_progress()->calls.push_back({copy, {to, from, false}, {to}});
  }
  const at::AutoDispatchBelowAutograd below;
  as_cpu(to).copy_(as_cpu(from));
  return to;
}

inline void poison(const Recording& recording) {
  for (const c10::Storage& born : recording.born) {
    if (born.nbytes() > 0) std::memset(born.mutable_data(), 0xff, born.nbytes());
  }
}

/// Counts, so that a test can see that what it compares was replayed.
struct Counts {
  int recorded = 0;
  int replayed = 0;
};

/// Does again, with the numbers that the same tensors hold now, what was recorded.
class Replay : public DeviceGraph {
 public:
  Replay(std::unique_ptr<Recording> recording, Counts* counts)
      : recording_(std::move(recording)), counts_(counts) {}
  void replay() override {
    if (counts_ != nullptr) ++counts_->replayed;
    for (const Call& call : recording_->calls) {
      const Stack results = compute(call.op, call.arguments);
      for (size_t i = 0; i < results.size(); ++i) {
        std::vector<at::Tensor> now, then;
        each_tensor(results[i], [&](const at::Tensor& tensor) { now.push_back(tensor); });
        each_tensor(call.results[i], [&](const at::Tensor& tensor) { then.push_back(as_cpu(tensor)); });
        for (size_t t = 0; t < now.size(); ++t) {
          // A result that is a view of an argument is there already; one that another operator has made
          // larger since is written by that one.
          const bool is_new = now[t].defined() && now[t].storage().data() != then[t].storage().data();
          if (is_new && now[t].sizes() == then[t].sizes()) then[t].copy_(now[t]);
        }
      }
    }
    poison(*recording_);
  }

 private:
  std::unique_ptr<Recording> recording_;
  Counts* counts_;
};

class Graphs : public GraphDevice {
 public:
  explicit Graphs(Counts* counts = nullptr) : counts_(counts) {}
  std::shared_ptr<void> enter() override { return nullptr; }

  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override {
    auto recording = std::make_unique<Recording>();
    {
      const Ending ending;
      in_progress() = recording.get();
      work();
    }
    poison(*recording);
    if (counts_ != nullptr) ++counts_->recorded;
    return std::make_unique<Replay>(std::move(recording), counts_);
  }

 private:
  /// Nothing of what was recorded has happened: neither to tensors from before nor to the generator.
  class Ending {
   public:
    Ending()
        : generator_(at::globalContext().defaultGenerator(c10::Device(c10::kCPU))),
          state_(generator_.get_state()) {}
    ~Ending() {
      in_progress() = nullptr;
      for (const auto& [storage, bytes] : held_before())
        std::memcpy(storage.mutable_data(), bytes.data(), bytes.size());
      held_before().clear();
      generator_.set_state(state_);
    }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

   private:
    at::Generator generator_;
    at::Tensor state_;
  };

  Counts* counts_;
};

/// One device, one stream; draws come from the processor's generator.
struct Guard : c10::impl::NoOpDeviceGuardImpl<kType> {
  c10::Device getDevice() const override { return c10::Device(kType, 0); }
  c10::Device exchangeDevice(c10::Device /*device*/) const override { return c10::Device(kType, 0); }
  c10::Stream getStream(c10::Device /*device*/) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, c10::Device(kType, 0));
  }
  c10::Stream exchangeStream(c10::Stream /*stream*/) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, c10::Device(kType, 0));
  }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct Hooks : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex /*device*/) const override { return true; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex /*device*/) const override {
    return at::globalContext().defaultGenerator(c10::Device(c10::kCPU));
  }
};
inline c10::Device recording_device() {
  [[maybe_unused]] static const bool is_registered = [] {
    static Hooks hooks;
    at::RegisterPrivateUse1HooksInterface(&hooks);
    c10::register_privateuse1_backend("recording");
    return true;
  }();
  return c10::Device(kType, 0);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&run>());
}
TORCH_LIBRARY_IMPL(_, AutogradPrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFallthrough());
}
TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) { library.impl("_copy_from", &copy_from); }

}  // namespace bernoulli::recording
