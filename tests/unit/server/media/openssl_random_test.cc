#include "server/media/openssl_random.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace eir {
namespace {

// 10,000 words of 64 bits: two equal ones have a chance of 3 in 10^12.
TEST(OpensslRandom, NoBlockIsHandedOutTwice) {
  OpensslRandom random;
  std::set<uint64_t> seen;
  for (int i = 0; i < 10000; ++i) EXPECT_TRUE(seen.insert(random.u64()).second);
}

// Ten kilobytes over many blocks, with every of the 256 byte values: one missing has a chance of 256 · (255/256)^10240,
// below 10^-14.
TEST(OpensslRandom, FillsMoreThanABlockAtOnce) {
  OpensslRandom random;
  std::vector<uint8_t> bytes(10240, 0);
  random.fill(bytes);
  EXPECT_EQ(std::set<uint8_t>(bytes.begin(), bytes.end()).size(), 256U);
  std::vector<uint8_t> tail(bytes.end() - 512, bytes.end());
  EXPECT_GT(std::set<uint8_t>(tail.begin(), tail.end()).size(), 128U);
}

}  // namespace
}  // namespace eir
