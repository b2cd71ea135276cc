#include "c_api/border.h"

#include <cstring>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "core/out_of_memory.h"
#include "core/utf8.h"

namespace bernoulli::c_api {
namespace {

/// As much as there is room for, without half a character at its end.
void write_message(std::string_view message, bernoulli_error& error) {
  const std::string_view told = cut_to(message, sizeof error.message - 1);
  std::memcpy(error.message, told.data(), told.size());
  error.message[told.size()] = '\0';
}

int tell(int code, std::string_view message, bernoulli_error* error) {
  if (error != nullptr) {
    error->code = code;
    write_message(message, *error);
  }
  return code;
}

int code_of(const Error& error) {
  switch (error.exit_code()) {
    case ExitCode::kUsage:
      return BERNOULLI_ERROR_USAGE;
    case ExitCode::kData:
      return BERNOULLI_ERROR_DATA;
    case ExitCode::kArtifact:
      return BERNOULLI_ERROR_MODEL;
    case ExitCode::kIo:
      return BERNOULLI_ERROR_IO;
    default:
      return BERNOULLI_ERROR_INTERNAL;  // nothing that opens or asks a model throws another one
  }
}

int tell(const std::exception& thrown, bernoulli_error* error) {
  if (is_out_of_memory(thrown)) return tell(BERNOULLI_ERROR_MEMORY, "out of memory", error);
  if (const auto* ours = dynamic_cast<const Error*>(&thrown))
    return tell(code_of(*ours), ours->what(), error);
  const bool of_system = dynamic_cast<const std::system_error*>(&thrown) != nullptr;
  return tell(of_system ? BERNOULLI_ERROR_IO : BERNOULLI_ERROR_INTERNAL, thrown.what(), error);
}

}  // namespace

int tell(const std::exception_ptr& thrown, bernoulli_error* error) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& known) {
    return tell(known, error);
  } catch (...) {
    return tell(BERNOULLI_ERROR_INTERNAL, "something that is no exception was thrown", error);
  }
}

}  // namespace bernoulli::c_api
