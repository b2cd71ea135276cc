// refused_memory MODEL: asks an open model again and again, and each time another one of the library's
// allocations fails. Every call ends with BERNOULLI_OK or BERNOULLI_ERROR_MEMORY, and the model answers as
// before. Driven by tests/python/c_api_test.py.

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <link.h>
#include <vector>

#include "c_api/bernoulli.h"

extern "C" void* __libc_malloc(size_t size);
extern "C" void* __libc_memalign(size_t alignment, size_t size);

namespace {

uintptr_t g_begin = 0, g_end = 0;  // of the library in memory
long g_failing = 0;                // the allocation that fails, from 1; 0: none
std::atomic<long> g_allocations = 0;

bool fails(const void* caller) {
  const auto at = reinterpret_cast<uintptr_t>(caller);
  if (at < g_begin || at >= g_end || ++g_allocations != g_failing) return false;
  errno = ENOMEM;
  return true;
}

int find_library(dl_phdr_info* object, size_t /*size*/, void* /*unused*/) {
  if (std::strstr(object->dlpi_name, "libbernoulli_infer") == nullptr) return 0;
  g_begin = object->dlpi_addr;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD) g_end = g_begin + segment.p_vaddr + segment.p_memsz;
  }
  return 1;
}

[[noreturn]] void fail(const char* what, int code, const bernoulli_error& error) {
  std::fprintf(stderr, "allocation %ld fails: %s ended with %d: %s\n", g_failing, what, code, error.message);
  std::exit(1);
}

void check(const char* what, int code, const bernoulli_error& error) {
  if (code != BERNOULLI_OK && code != BERNOULLI_ERROR_MEMORY) fail(what, code, error);
}

constexpr const char* kText = "the team won a fine film";

std::vector<float> logits(bernoulli_classifier* model) {
  std::vector<float> answers(bernoulli_num_outputs(model));
  bernoulli_error error{};
  const int code = bernoulli_logits(model, &kText, nullptr, 1, 1, answers.data(), answers.size(), &error);
  if (code != BERNOULLI_OK) fail("an ordinary call", code, error);
  return answers;
}

/// Every question once.
void ask(bernoulli_classifier* model) {
  const size_t size = bernoulli_num_outputs(model);
  std::vector<float> numbers(size);
  std::vector<unsigned char> decisions(size);
  bernoulli_error error{};
  bernoulli_explanation* explanation = nullptr;
  g_allocations = 0;
  check("probabilities", bernoulli_probabilities(model, &kText, nullptr, 1, 1, numbers.data(), size, &error),
        error);
  check("decisions", bernoulli_decisions(model, &kText, nullptr, 1, 1, decisions.data(), size, &error),
        error);
  const int code = bernoulli_explain(model, kText, std::strlen(kText), &explanation, &error);
  if (code != BERNOULLI_ERROR_USAGE) check("explain", code, error);  // not linear in its tokens
  g_failing = 0;
  bernoulli_explanation_free(explanation);
}

bernoulli_classifier* open(const char* path) {
  bernoulli_classifier* model = nullptr;
  bernoulli_error error{};
  if (const int code = bernoulli_open(path, &model, &error); code != BERNOULLI_OK) fail("open", code, error);
  return model;
}

}  // namespace

// The library's own operator new calls these.
extern "C" void* malloc(size_t size) {
  return fails(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}
extern "C" void* aligned_alloc(size_t alignment, size_t size) {
  return fails(__builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, size);
}

int main(int argc, char** argv) {
  if (argc != 2 || ::dl_iterate_phdr(find_library, nullptr) != 1) return 2;
  bernoulli_classifier* model = open(argv[1]);
  const std::vector<float> expected = logits(model);
  bernoulli_close(model);
  long num_allocations = 1;
  for (long failing = 1; failing <= num_allocations; ++failing) {
    model = open(argv[1]);  // whose memory for calls is still to be made
    g_failing = failing;
    ask(model);
    num_allocations = g_allocations;
    if (logits(model) != expected) fail("the next call, with other answers,", BERNOULLI_OK, {});
    bernoulli_close(model);
  }
  std::printf("%ld allocations\n", num_allocations);
  return 0;
}
