// Memory and threads that are refused. LibTorch's own allocations are left alone: only calls out of the
// program's code count.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <link.h>
#include <new>
#include <pthread.h>
#include <signal.h>

#include "shim.h"

namespace {

long g_news = 0, g_threads = 0;
bool g_in_main = false;  // before it, an exception has nobody to go to

struct Range {
  uintptr_t begin = UINTPTR_MAX, end = 0;
};

/// Where the program itself lies in memory, without its libraries.
Range program_range() {
  Range range;
  const auto first_object = [](dl_phdr_info* info, size_t, void* out) {
    auto& found = *static_cast<Range*>(out);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD) continue;
      found.begin = std::min(found.begin, info->dlpi_addr + segment.p_vaddr);
      found.end = std::max(found.end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    return 1;  // the program comes first
  };
  ::dl_iterate_phdr(first_object, &range);
  return range;
}

bool in_program(const void* address) {
  static const Range range = program_range();
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= range.begin && at < range.end;
}

bool new_fails(const void* caller) {
  if (!g_in_main || settings().new_at == 0 || !in_program(caller)) return false;
  return __atomic_add_fetch(&g_news, 1, __ATOMIC_RELAXED) == settings().new_at;
}

void* allocate(size_t size, const void* caller) {
  if (!new_fails(caller)) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  } else {
    put(settings().report, "new\n");
  }
  if (const std::new_handler handler = std::get_new_handler()) handler();  // as libstdc++'s does; it throws
  throw std::bad_alloc();
}

}  // namespace

/// The first thing that the program's main does is to set its signal handlers.
extern "C" int sigaction(int number, const struct sigaction* now, struct sigaction* before) {
  if (g_ready && number == SIGXFSZ) g_in_main = true;
  return next<int (*)(int, const struct sigaction*, struct sigaction*)>("sigaction")(number, now, before);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  if (g_ready && settings().thread_at != 0 &&
      __atomic_add_fetch(&g_threads, 1, __ATOMIC_RELAXED) >= settings().thread_at) {
    put(settings().report, "thread\n");
    return EAGAIN;
  }
  return NEXT(pthread_create)(thread, attributes, start, argument);
}

void* operator new(size_t size) { return allocate(size, __builtin_return_address(0)); }
void* operator new[](size_t size) { return allocate(size, __builtin_return_address(0)); }
