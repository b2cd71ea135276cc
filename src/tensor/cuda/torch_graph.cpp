#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "tensor/cuda/graph_interface.h"
#include "tensor/cuda/interface.h"

namespace {

/// 0, or 1 with what was thrown.
template <class Call>
int answer(char* why, int size, const Call& call) {
  try {
    call();
    return 0;
  } catch (const c10::Error& error) {
    std::snprintf(why, static_cast<size_t>(size), "%s", error.what_without_backtrace());
  } catch (const std::exception& error) {
    std::snprintf(why, static_cast<size_t>(size), "%s", error.what());
  }
  return 1;
}

struct Scope {
  explicit Scope(c10::cuda::CUDAStream stream) : guard(stream) {}
  c10::cuda::CUDAStreamGuard guard;
};

/// One stream and one pool of memory for all graphs of a device: libraries prepare themselves by stream, and
/// no graph reads what another left in the pool, as they run one after the other.
struct Place {
  c10::DeviceIndex device;
  c10::cuda::CUDAStream stream;
  at::cuda::MempoolId_t pool;
};

const Place& place_on(c10::DeviceIndex device) {
  static thread_local std::vector<Place> places;
  for (const Place& place : places) {
    if (place.device == device) return place;
  }
  return places.emplace_back(
      Place{device, c10::cuda::getStreamFromPool(false, device), at::cuda::graph_pool_handle()});
}

const Place& current_place() { return place_on(c10::cuda::current_device()); }

/// After a recording that failed, the default generator waits for its end, and the allocators of the device's
/// and of pinned memory for that of the pool's use, for ever. Each of the calls throws where the recording
/// came so far as to end it itself.
void free_generator_and_allocators() {
  const auto try_to = [](const auto& call) {
    std::array<char, 8> ignored{};  // a device that has failed fails again where it is used next
    answer(ignored.data(), static_cast<int>(ignored.size()), [&] { call(current_place()); });
  };
  try_to([](const Place& place) {
    at::Generator generator = at::cuda::detail::getDefaultCUDAGenerator(place.device);
    generator.graphsafe_set_state(at::cuda::detail::createCUDAGenerator(place.device));
  });
  try_to([](const Place& place) {
    c10::cuda::CUDACachingAllocator::endAllocateToPool(place.device, place.pool);
  });
  try_to([](const Place& place) { at::getHostAllocator(at::kCUDA)->end_allocate_to_pool(place.pool); });
}

}  // namespace

extern "C" {

int bernoulli_cuda_graph_interface() { return bernoulli::kCudaInterface; }

int bernoulli_cuda_graph_enter(int device, void** scope, char* why, int size) {
  return answer(why, size, [&] {
    const auto index = static_cast<c10::DeviceIndex>(device);
    c10::cuda::getCurrentCUDAStream(index).synchronize();
    *scope = new Scope(place_on(index).stream);
  });
}

int bernoulli_cuda_graph_leave(void* scope, char* why, int size) {
  const std::unique_ptr<Scope> owner(static_cast<Scope*>(scope));
  return answer(why, size, [&] { owner->guard.current_stream().synchronize(); });
}

int bernoulli_cuda_graph_begin(void** graph, char* why, int size) {
  const int status = answer(why, size, [&] {
    auto own = std::make_unique<at::cuda::CUDAGraph>();
    // A call of another thread that must not be recorded shall not end the recording.
    own->capture_begin(current_place().pool, cudaStreamCaptureModeThreadLocal);
    *graph = own.release();
  });
  if (status != 0) free_generator_and_allocators();
  return status;
}

int bernoulli_cuda_graph_end(void* graph, int keep, char* why, int size) {
  std::unique_ptr<at::cuda::CUDAGraph> own(static_cast<at::cuda::CUDAGraph*>(graph));
  const int status = answer(why, size, [&] { own->capture_end(); });
  if (status != 0) {
    own.reset();
    free_generator_and_allocators();
  } else if (keep != 0) {
    own.release();  // to bernoulli_cuda_graph_destroy
  }
  return status;
}

int bernoulli_cuda_graph_replay(void* graph, char* why, int size) {
  return answer(why, size, [&] { static_cast<at::cuda::CUDAGraph*>(graph)->replay(); });
}

void bernoulli_cuda_graph_destroy(void* graph) { delete static_cast<at::cuda::CUDAGraph*>(graph); }
}
