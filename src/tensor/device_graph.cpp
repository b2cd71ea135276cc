#include "tensor/device_graph.h"

#include <array>
#include <dlfcn.h>

#include <fmt/format.h>

#include "core/error.h"
#include "tensor/cuda/graph_interface.h"
#include "tensor/cuda/interface.h"
#include "tensor/device.h"

namespace bernoulli {
namespace {

constexpr const char* kGraphLibrary = "libbernoulli_cuda_graph.so";

/// The functions of the library by name.
struct Functions {
  decltype(&bernoulli_cuda_graph_interface) interface;
  decltype(&bernoulli_cuda_graph_enter) enter;
  decltype(&bernoulli_cuda_graph_leave) leave;
  decltype(&bernoulli_cuda_graph_begin) begin;
  decltype(&bernoulli_cuda_graph_end) end;
  decltype(&bernoulli_cuda_graph_replay) replay;
  decltype(&bernoulli_cuda_graph_destroy) destroy;
};

/// @param call  of a function with the room for its reason  @throws IoError with it
template <class Call>
void ask(const Call& call) {
  std::array<char, 1024> why{};
  if (call(why.data(), static_cast<int>(why.size())) != 0)
    throw IoError(fmt::format("the CUDA device does not replay its work: {}", why.data()));
}

class CudaGraph : public DeviceGraph {
 public:
  CudaGraph(const Functions& functions, void* graph) : functions_(functions), graph_(graph) {}
  ~CudaGraph() override { functions_.destroy(graph_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  void replay() override {
    ask([&](char* why, int size) { return functions_.replay(graph_, why, size); });
  }

 private:
  Functions functions_;
  void* graph_;
};

class CudaGraphDevice : public GraphDevice {
 public:
  CudaGraphDevice(const Functions& functions, int index) : functions_(functions), index_(index) {}

  std::shared_ptr<void> enter() override {
    void* scope = nullptr;
    ask([&](char* why, int size) { return functions_.enter(index_, &scope, why, size); });
    return {scope, [leave = functions_.leave](void* entered) {
              std::array<char, 8> ignored{};  // what fails here failed where its result was read
              leave(entered, ignored.data(), static_cast<int>(ignored.size()));
            }};
  }

  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override {
    void* graph = nullptr;
    ask([&](char* why, int size) { return functions_.begin(&graph, why, size); });
    try {
      work();
    } catch (...) {
      std::array<char, 8> ignored{};
      functions_.end(graph, 0, ignored.data(), static_cast<int>(ignored.size()));
      throw;
    }
    ask([&](char* why, int size) { return functions_.end(graph, 1, why, size); });
    return std::make_unique<CudaGraph>(functions_, graph);
  }

 private:
  Functions functions_;
  int index_;
};

}  // namespace

std::unique_ptr<GraphDevice> open_graph_device(c10::Device device) {
  std::string why;
  void* const library = open_cuda_library(kGraphLibrary, &why);
  if (library == nullptr) throw DeviceError(why);
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    return function != nullptr;
  };
  Functions f{};
  const bool fits =
      find(f.interface, "bernoulli_cuda_graph_interface") && f.interface() == kCudaInterface &&
      find(f.enter, "bernoulli_cuda_graph_enter") && find(f.leave, "bernoulli_cuda_graph_leave") &&
      find(f.begin, "bernoulli_cuda_graph_begin") && find(f.end, "bernoulli_cuda_graph_end") &&
      find(f.replay, "bernoulli_cuda_graph_replay") && find(f.destroy, "bernoulli_cuda_graph_destroy");
  if (!fits)
    throw DeviceError(
        fmt::format("{} is not of this version of the program: install both from one build", kGraphLibrary));
  return std::make_unique<CudaGraphDevice>(f, device.index());
}

}  // namespace bernoulli
