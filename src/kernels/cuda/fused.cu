#include <cuda_runtime.h>
#include <string>
#include <utility>

#include "kernels/cuda/calls.h"

namespace bernoulli::card {
namespace {

/// Updates of a captured graph. Those behind the end of a run find nothing to do.
constexpr int64_t kUpdatesOfGraph = 16;

template <class Body>
__global__ void __launch_bounds__(kThreads) run_body(const __grid_constant__ Body body) {
  extern __shared__ double shared[];
  const Place place{static_cast<int64_t>(blockIdx.x), static_cast<int64_t>(gridDim.x),
                    static_cast<int64_t>(threadIdx.x)};
  const int64_t phases = body.phases();
  for (int64_t phase = 0; phase < phases; ++phase) {
    if (phase > 0) __syncthreads();
    body.run(phase, place, shared);
  }
}

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // the error would else meet the next call of this thread
  throw Failure{Status::kFailed,
                std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")"};
}

/// Everything goes through one stream of its own, so that what is launched first is done first.
class CudaCard {
 public:
  /// Makes the device that of the calling thread, and gives the thread its own back.
  class Scope {
   public:
    explicit Scope(int device) {
      check(cudaGetDevice(&before_), "cudaGetDevice");
      check(cudaSetDevice(device), "cudaSetDevice");
    }
    ~Scope() { cudaSetDevice(before_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    int before_ = 0;
  };

  explicit CudaCard(int device) : device_(device) {}
  CudaCard(const CudaCard&) = delete;
  CudaCard& operator=(const CudaCard&) = delete;

  ~CudaCard() {
    if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
  }

  Scope enter() const { return Scope(device_); }

  int64_t processors() {
    int count = 0;
    check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device_), "cudaDeviceGetAttribute");
    return count;
  }
  int64_t shared_limit() {
    int bytes = 0;
    check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlock, device_),
          "cudaDeviceGetAttribute");
    return bytes;
  }

  int64_t free_bytes() {
    size_t free = 0, all = 0;
    check(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
    return static_cast<int64_t>(free);
  }
  void* allocate(int64_t bytes) {
    void* memory = nullptr;
    const cudaError_t error = cudaMalloc(&memory, static_cast<size_t>(bytes));
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      return nullptr;
    }
    check(error, "cudaMalloc");
    return memory;
  }
  void free(void* memory) { cudaFree(memory); }

  void put(void* to, const void* from, int64_t bytes) { copy(to, from, bytes, cudaMemcpyHostToDevice); }
  void get(void* to, const void* from, int64_t bytes) { copy(to, from, bytes, cudaMemcpyDeviceToHost); }
  void zero(void* at, int64_t bytes) {
    if (bytes > 0) check(cudaMemsetAsync(at, 0, static_cast<size_t>(bytes), stream()), "cudaMemsetAsync");
  }

  template <class Body>
  void launch(const Body& body, int64_t blocks, int64_t shared_bytes) {
    if (blocks == 0) return;
    run_body<<<static_cast<unsigned>(blocks), kThreads, static_cast<size_t>(shared_bytes), stream()>>>(body);
    check(cudaGetLastError(), "a kernel did not start");
  }

  template <class Launches>
  void repeat(const Launches& launches, int64_t times) {
    if (graph_ == nullptr) {  // the first update loads the kernels, which a capture may not
      launches();
      if (--times == 0) return;
      capture(launches);
    }
    for (int64_t done = 0; done < times; done += kUpdatesOfGraph)
      check(cudaGraphLaunch(graph_, stream()), "cudaGraphLaunch");
  }

 private:
  cudaStream_t stream() {
    if (stream_ == nullptr)
      check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    return stream_;
  }
  void copy(void* to, const void* from, int64_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return;
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, stream()), "cudaMemcpyAsync");
    check(cudaStreamSynchronize(stream()), "the card did not finish its work");
  }

  template <class Launches>
  void capture(const Launches& launches) {
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    cudaGraph_t graph = nullptr;
    try {
      for (int64_t i = 0; i < kUpdatesOfGraph; ++i) launches();
    } catch (...) {
      if (cudaStreamEndCapture(stream_, &graph) == cudaSuccess) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream(), &graph), "cudaStreamEndCapture");
    const cudaError_t error = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "cudaGraphInstantiate");
  }

  int device_;
  cudaStream_t stream_ = nullptr;
  cudaGraphExec_t graph_ = nullptr;
};

using CudaCalls = Calls<CudaCard>;

}  // namespace
}  // namespace bernoulli::card

using namespace bernoulli::card;

extern "C" {

Status bernoulli_cuda_fused_create(int device, const Model* model, const Data* data,
                                   const float* const* weights, void** handle, Why why) {
  return CudaCalls::create(device, model, data, weights, handle, why);
}
Status bernoulli_cuda_fused_run(void* handle, const int32_t* examples, const Update* updates,
                                int64_t num_updates, Record* records, Why why) {
  return CudaCalls::run(handle, examples, updates, num_updates, records, why);
}
Status bernoulli_cuda_fused_refused(void* handle, float* logits, uint8_t* parameters, Why why) {
  return CudaCalls::refused(handle, logits, parameters, why);
}
Status bernoulli_cuda_fused_read(void* handle, int32_t parameter, int32_t table, float* out, Why why) {
  return CudaCalls::read(handle, parameter, table, out, why);
}
Status bernoulli_cuda_fused_write(void* handle, int32_t parameter, int32_t table, const float* values,
                                  Why why) {
  return CudaCalls::write(handle, parameter, table, values, why);
}
Status bernoulli_cuda_fused_logits(void* handle, const Tokens* tokens, float* out, Why why) {
  return CudaCalls::logits(handle, tokens, out, why);
}
void bernoulli_cuda_fused_destroy(void* handle) { CudaCalls::destroy(handle); }
}
