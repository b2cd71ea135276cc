#pragma once

/// What libbernoulli_cuda_graph.so answers. Plain C, as of libbernoulli_cuda.so; but this library stands on
/// LibTorch's CUDA half, which has to be in the process before it is opened. A function returns 0, or 1 with
/// the reason in `why`, cut to `size` bytes with its final 0.
extern "C" {

/// kCudaInterface of the sources that the library was built from.
int bernoulli_cuda_graph_interface();

/// Makes a stream of the pool the thread's current one, after all work of the one before is done.
int bernoulli_cuda_graph_enter(int device, void** scope, char* why, int size);
/// Waits for that stream's work and makes the stream before it the current one. `scope` is gone in any case.
int bernoulli_cuda_graph_leave(void* scope, char* why, int size);

/// From here on the thread's work is recorded into *graph, which is made, instead of being done.
int bernoulli_cuda_graph_begin(void** graph, char* why, int size);
/// Ends the recording. Where that fails, or `keep` is 0, the graph is gone and LibTorch's generator and
/// allocator are fit for other work.
int bernoulli_cuda_graph_end(void* graph, int keep, char* why, int size);
int bernoulli_cuda_graph_replay(void* graph, char* why, int size);
void bernoulli_cuda_graph_destroy(void* graph);
}
