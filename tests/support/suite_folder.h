#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace bernoulli::testing {

/// Tests that work in a folder of their suite, which each finds empty. What several begin with is made once.
class SuiteFolder : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    of_suite() = std::make_unique<TemporaryFolder>(TemporaryFolder::in_memory());
  }
  static void TearDownTestSuite() { of_suite().reset(); }

  SuiteFolder() {
    for (const auto& left : std::filesystem::directory_iterator(folder_.path())) {
      if (left.path().filename() != kKept) std::filesystem::remove_all(left.path());
    }
  }

  /// Puts the folder `name` there as `make` made it. Nothing in it changes with who asks, as its path is the
  /// same.
  template <class Make>
  void once(const std::string& name, const Make& make) const {
    const std::filesystem::path made = folder_ / name, kept = folder_ / kKept / name;
    const auto copy = [](const auto& from, const auto& to) {
      std::filesystem::create_directories(to);
      std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    };
    if (std::filesystem::exists(kept)) {
      copy(kept, made);
      return;
    }
    make();
    if (!::testing::Test::HasFatalFailure()) copy(made, kept);
  }

 private:
  static constexpr const char* kKept = ".kept";
  static std::unique_ptr<TemporaryFolder>& of_suite() {
    static std::unique_ptr<TemporaryFolder> folder;
    return folder;
  }

 protected:
  const TemporaryFolder& folder_ = *of_suite();
};

}  // namespace bernoulli::testing
