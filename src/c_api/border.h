#pragma once

#include <exception>

#include "c_api/bernoulli.h"

namespace bernoulli::c_api {

/// Writes what was thrown into `error`, where there is one. @return its code
int tell(const std::exception_ptr& thrown, bernoulli_error* error) noexcept;

/// Does `work` and answers for what it throws: no exception leaves a function of C.
template <typename Work>
int answer(bernoulli_error* error, const Work& work) noexcept {
  try {
    work();
    return BERNOULLI_OK;
  } catch (...) {
    return tell(std::current_exception(), error);
  }
}

}  // namespace bernoulli::c_api
