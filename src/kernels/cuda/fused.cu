#include <algorithm>
#include <array>
#include <cuda_runtime.h>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/calls.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/sort.h"

namespace bernoulli::card {
namespace {

/// Updates of a captured graph: an even number, as two take turns.
constexpr int64_t kUpdatesOfGraph = 16;
/// Calls that are asked for while the card is held back for them to be timed.
constexpr size_t kTimedAtOnce = 32;
/// Of what a processor of the card has for the memory of its blocks and as a cache.
constexpr int kPercentForBlocks = 50;

/// The launch before this one is asked to finish after prepare() only. Cards before compute capability 9.0
/// begin a launch when the one before is done.
__device__ void wait_for_launch_before() {
#if __CUDA_ARCH__ >= 900
  cudaGridDependencySynchronize();
#endif
}
/// What the launches before this one left is read; the next one may prepare itself.
__device__ void let_next_prepare() {
#if __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
#endif
}

template <class Body>
__global__ void __launch_bounds__(kThreads, Body::kResident) run_body(const __grid_constant__ Body body) {
  extern __shared__ Features<4> shared[];
  const Place place{static_cast<int64_t>(blockIdx.x), static_cast<int64_t>(gridDim.x),
                    static_cast<int64_t>(threadIdx.x)};
  if constexpr (Body::kLooks) {
    body.look(place, shared);
    __syncthreads();
  }
  typename Body::Own own = body.prepare(place, shared);
  wait_for_launch_before();
  let_next_prepare();
  const int phases = body.phases();
  for (int phase = 0; phase < phases; ++phase) {
    __syncthreads();
    body.run(phase, place, own, shared);
  }
}

class Event {
 public:
  explicit Event(unsigned flags = cudaEventDefault) {
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, flags), "cudaEventCreateWithFlags");
    event_.reset(event);
  }
  cudaEvent_t get() const { return event_.get(); }

 private:
  struct Destroy {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, Destroy> event_;
};

/// Keeps the card busy for a millisecond, in which the host asks for what is timed, some ten microseconds a
/// call: else a launch's time would be that of the host.
__global__ void hold_back() {
  const long long begin = clock64();
  while (clock64() - begin < 2000000) {
  }
}

/// Updates go through one stream, so that what is launched first is done first, and what prepares the next
/// ones through another one. Launches that are timed all go through one.
class CudaCard {
 public:
  explicit CudaCard(int device) : device_(device) {}
  CudaCard(const CudaCard&) = delete;
  CudaCard& operator=(const CudaCard&) = delete;

  ~CudaCard() {
    for (Slot& slot : slots_) {
      if (slot.graph != nullptr) cudaGraphExecDestroy(slot.graph);
    }
    for (cudaStream_t stream : {updates_, preparations_}) {
      if (stream != nullptr) cudaStreamDestroy(stream);
    }
  }

  /// Makes the device that of the calling thread. It stays so: to give the thread device 0 back would take
  /// memory of it.
  struct Scope {};
  Scope enter() const {
    check(cudaSetDevice(device_), "cudaSetDevice");
    return {};
  }

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

  /// Few enough that the card soon has work while the host puts the next ones together.
  int64_t sorted_at_once() const { return int64_t{1} << 21; }

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

  /// `from` is read when this returns. While a run is prepared it is pinned, and stays what it is.
  void put(void* to, const void* from, int64_t bytes) {
    transfer(to, from, bytes, cudaMemcpyHostToDevice);
    if (!prepares_) check(cudaStreamSynchronize(stream()), "the card did not finish its work");
  }
  void copy(void* to, const void* from, int64_t bytes) {
    transfer(to, from, bytes, cudaMemcpyDeviceToDevice);
  }
  void get(void* to, const void* from, int64_t bytes) {
    transfer(to, from, bytes, cudaMemcpyDeviceToHost);
    check(cudaStreamSynchronize(stream()), "the card did not finish its work");
  }
  void zero(void* at, int64_t bytes) {
    if (bytes > 0) check(cudaMemsetAsync(at, 0, static_cast<size_t>(bytes), stream()), "cudaMemsetAsync");
  }

  template <class Body>
  void launch(const Body& body, int64_t blocks, int64_t shared_bytes) {
    if (blocks == 0) return;
    split_memory(run_body<Body>);
    cudaLaunchAttribute overlap{};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(static_cast<unsigned>(blocks));
    config.blockDim = dim3(kThreads);
    config.dynamicSmemBytes = static_cast<size_t>(shared_bytes);
    config.stream = stream();
    config.attrs = &overlap;
    config.numAttrs = follows_launch_ && overlaps() && timing_ == nullptr ? 1 : 0;
    follows_launch_ = is_repeating_;
    timed(Body::kName,
          [&] { check(cudaLaunchKernelEx(&config, run_body<Body>, body), "a kernel did not start"); });
  }

  void* allocate_host(int64_t bytes) {
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, static_cast<size_t>(bytes), cudaHostAllocDefault), "cudaHostAlloc");
    return memory;
  }
  void free_host(void* memory) { cudaFreeHost(memory); }

  template <class Call>
  void prepare(int64_t slot, const Call& call) {
    check(cudaStreamWaitEvent(preparations(), event(slots_[slot].released), 0), "cudaStreamWaitEvent");
    prepares_ = timing_ == nullptr;
    try {
      call();
      check(cudaEventRecord(event(slots_[slot].prepared), stream()), "cudaEventRecord");
    } catch (...) {
      prepares_ = false;
      throw;
    }
    prepares_ = false;
  }
  void await_prepared(int64_t slot) {
    check(cudaStreamWaitEvent(stream(), event(slots_[slot].prepared), 0), "cudaStreamWaitEvent");
  }
  void await_on_host(int64_t slot) {
    check(cudaEventSynchronize(event(slots_[slot].prepared)), "the card did not finish its work");
  }
  void release(int64_t slot) {
    check(cudaEventRecord(event(slots_[slot].released), stream()), "cudaEventRecord");
  }

  template <class Launches>
  void repeat(int64_t slot, const Launches& launches, int64_t first, int64_t times) {
    cudaGraphExec_t& graph = slots_[slot].graph;
    is_repeating_ = true;
    const int64_t end = first + times;
    const auto one = [&] { launches(first++ % 2); };
    if (timing_ == nullptr) {
      if (graph == nullptr && first < end) one();  // loads the kernels, which a capture may not
      if (first % 2 != 0 && first < end) one();    // a graph begins with turn 0
      if (graph == nullptr && end - first >= kUpdatesOfGraph) graph = capture(launches);
      for (; end - first >= kUpdatesOfGraph; first += kUpdatesOfGraph) {
        check(cudaGraphLaunch(graph, stream()), "cudaGraphLaunch");
        follows_launch_ = false;
      }
    }
    while (first < end) one();
    is_repeating_ = follows_launch_ = false;
  }

  int64_t sort_bytes(int64_t count) { return sort_pairs_bytes(count); }
  void sort(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys, uint32_t* sorted_values,
            int64_t count, int bits, Block memory) {
    timed("sort",
          [&] { sort_pairs(keys, values, sorted_keys, sorted_values, count, bits, memory, stream()); });
  }

  void time_launches() { timing_ = std::make_unique<std::vector<Timed>>(); }
  std::vector<KernelTime> launch_times() {
    const auto timing = std::move(timing_);
    std::vector<KernelTime> times;
    for (const Timed& launch : *timing) {
      if (launch.name != nullptr) add_launch(times, launch.name, launch.seconds());
    }
    return times;
  }

  double copy_speed(int64_t bytes) {
    const auto memory = [this](void* at) { free(at); };
    using Memory = std::unique_ptr<void, decltype(memory)>;
    const Memory from(allocate(bytes), memory), to(allocate(bytes), memory);
    if (from == nullptr || to == nullptr)
      throw Failure{Status::kNoRoom, "no room for two of " + in_mib(bytes)};
    constexpr int kCopies = 10;
    const auto copies = [&] {
      for (int i = 0; i < kCopies; ++i) copy(to.get(), from.get(), bytes);
    };
    copies();
    time_launches();
    timed("copy", copies);
    return 2.0 * kCopies * static_cast<double>(bytes) / launch_times().front().seconds;
  }

 private:
  struct Timed {
    const char* name = nullptr;  ///< null: not used yet
    Event before;
    Event after;
    double seconds() const {
      check(cudaEventSynchronize(after.get()), "the card did not finish its work");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, before.get(), after.get()), "cudaEventElapsedTime");
      return static_cast<double>(milliseconds) / 1e3;
    }
  };
  /// What the call asks the card for, between two events where launches are timed.
  template <class Call>
  void timed(const char* name, const Call& call) {
    if (timing_ == nullptr) return call();
    if (timing_->empty() || timing_->back().name != nullptr) hold_back_for_more();
    Timed& launch = *std::find_if(timing_->end() - kTimedAtOnce, timing_->end(),
                                  [](const Timed& timed) { return timed.name == nullptr; });
    launch.name = name;
    check(cudaEventRecord(launch.before.get(), stream()), "cudaEventRecord");
    call();
    check(cudaEventRecord(launch.after.get(), stream()), "cudaEventRecord");
  }

  void hold_back_for_more() {
    timing_->resize(timing_->size() + kTimedAtOnce);
    hold_back<<<1, 1, 0, stream()>>>();
    check(cudaGetLastError(), "a kernel did not start");
  }

  /// One split for all kernels between a block's own memory and the cache: to change it, a processor of the
  /// card would have to run dry.
  template <class Kernel>
  void split_memory(Kernel* kernel) {
    const auto* const address = reinterpret_cast<const void*>(kernel);
    if (std::find(split_.begin(), split_.end(), address) != split_.end()) return;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, kPercentForBlocks),
          "cudaFuncSetAttribute");
    split_.push_back(address);
  }

  /// Whether a launch may prepare itself before the one before it is done.
  bool overlaps() {
    if (capability_ == 0)
      check(cudaDeviceGetAttribute(&capability_, cudaDevAttrComputeCapabilityMajor, device_),
            "cudaDeviceGetAttribute");
    return capability_ >= 9;
  }
  /// Made when it is first asked for: then the device is that of the thread.
  static cudaEvent_t event(std::unique_ptr<Event>& made) {
    if (made == nullptr) made = std::make_unique<Event>(cudaEventDisableTiming);
    return made->get();
  }
  /// Where what is asked for goes.
  cudaStream_t stream() { return prepares_ ? preparations() : updates(); }
  cudaStream_t updates() {
    if (updates_ == nullptr) updates_ = new_stream(true);
    return updates_;
  }
  cudaStream_t preparations() {
    if (preparations_ == nullptr) preparations_ = new_stream(false);
    return preparations_;
  }
  /// @param is_first  its blocks go before those of the other stream
  static cudaStream_t new_stream(bool is_first) {
    int last = 0, first = 0;
    check(cudaDeviceGetStreamPriorityRange(&last, &first), "cudaDeviceGetStreamPriorityRange");
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, is_first ? first : last),
          "cudaStreamCreateWithPriority");
    return stream;
  }
  void transfer(void* to, const void* from, int64_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return;
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, stream()), "cudaMemcpyAsync");
  }

  template <class Launches>
  cudaGraphExec_t capture(const Launches& launches) {
    follows_launch_ = false;
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    cudaGraph_t graph = nullptr;
    try {
      for (int64_t i = 0; i < kUpdatesOfGraph; ++i) launches(i % 2);
    } catch (...) {
      if (cudaStreamEndCapture(stream(), &graph) == cudaSuccess) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream(), &graph), "cudaStreamEndCapture");
    cudaGraphExec_t recorded = nullptr;
    const cudaError_t error = cudaGraphInstantiate(&recorded, graph, 0);
    cudaGraphDestroy(graph);
    check(error, "cudaGraphInstantiate");
    return recorded;
  }

  int device_;
  int capability_ = 0;              ///< the major number, once it was asked for
  std::vector<const void*> split_;  ///< kernels whose memory is split
  cudaStream_t updates_ = nullptr;
  cudaStream_t preparations_ = nullptr;
  struct Slot {
    std::unique_ptr<Event> prepared;
    std::unique_ptr<Event> released;
    cudaGraphExec_t graph = nullptr;
  };
  std::array<Slot, 2> slots_;
  bool prepares_ = false;
  bool is_repeating_ = false;
  bool follows_launch_ = false;                 ///< of the updates: what is launched may overlap with it
  std::unique_ptr<std::vector<Timed>> timing_;  ///< where launches are timed
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
Status bernoulli_cuda_fused_profile(void* handle, const int32_t* examples, const Update* updates,
                                    int64_t num_updates, Record* records, KernelTime* times,
                                    int32_t* num_times, Why why) {
  return CudaCalls::profile(handle, examples, updates, num_updates, records, times, num_times, why);
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

Status bernoulli_cuda_copy_speed(int device, int64_t bytes, double* bytes_per_second, Why why) {
  return CudaCalls::on_card(device, why, [&](CudaCard& card) { *bytes_per_second = card.copy_speed(bytes); });
}
}
