#pragma once

#include <string>

#include <gtest/gtest.h>

namespace bernoulli::testing {

/// What `action` says when it throws Expected; a failed test where it throws nothing.
template <class Expected, class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace bernoulli::testing
