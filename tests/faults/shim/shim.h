#pragma once

#include <cstdint>
#include <dlfcn.h>
#include <string>

/// What the environment asks for (shim.cpp lists it).
struct Settings {
  std::string prefix, action;
  long at = 0, new_at = 0, thread_at = 0, slow_ms = 0;
  bool forever = false, shortens = false;
  uint32_t random = 1;
  int report = -1, log = -1;
};

Settings& settings();
extern bool g_ready;

/// Reads the environment again: a child of the server has one of its own.
void read_fault_settings();
/// Writes a line past the counting; nothing where fd is -1.
void put(int fd, const std::string& line);

/// The function of that name in the library behind this one.
template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(name) next<decltype(&::name)>(#name)
