#include "core/bus_error.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "core/mapped_file.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

TEST(BusErrorDeathTest, AMappedFileThatIsCutShortEndsWithAMessage) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder.write("data", std::string(1 << 20, 'x'));
  const auto read_what_is_gone = [&] {
    end_on_bus_errors();
    const MappedFile file(path);
    std::filesystem::resize_file(path, 1);
    const volatile char* const byte = file.bytes().data() + (1 << 19);
    static_cast<void>(*byte);
  };
  EXPECT_EXIT(read_what_is_gone(), ::testing::ExitedWithCode(5), "cut short.*run the command again");
}

}  // namespace
}  // namespace bernoulli
