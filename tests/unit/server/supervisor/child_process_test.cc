#include "server/supervisor/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace eir {
namespace {

TEST(StartFile, IsReadAsItWasWritten) {
  const std::string text(100'000, 'x');
  OwnedFd file = sealed_file(text);
  EXPECT_EQ(read_start_file(file.release()), text);
}

TEST(StartFile, CannotBeChanged) {
  const OwnedFd file = sealed_file("{}");
  EXPECT_EQ(write(file.value(), "x", 1), -1);
  EXPECT_EQ(ftruncate(file.value(), 0), -1);
}

}  // namespace
}  // namespace eir
