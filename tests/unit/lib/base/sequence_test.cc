#include "lib/base/sequence.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(SequenceUnwrapper, FirstValueLeavesRoomForAnEarlierOne) {
  SequenceUnwrapper<uint16_t> unwrapper;
  EXPECT_EQ(unwrapper.unwrap(0), 65536);
  EXPECT_EQ(unwrapper.unwrap(65535), 65535);
  EXPECT_EQ(unwrapper.newest(), 65536);
}

TEST(SequenceUnwrapper, CrossesTheWrapForwardsAndBackwards) {
  SequenceUnwrapper<uint16_t> unwrapper;
  const int64_t first = unwrapper.unwrap(65534);
  EXPECT_EQ(unwrapper.unwrap(1), first + 3);
  EXPECT_EQ(unwrapper.unwrap(65535), first + 1);
  EXPECT_EQ(unwrapper.unwrap(2), first + 4);
}

TEST(SequenceUnwrapper, PeekDoesNotMove) {
  SequenceUnwrapper<uint16_t> unwrapper;
  const int64_t first = unwrapper.unwrap(100);
  EXPECT_EQ(unwrapper.peek(200), first + 100);
  EXPECT_EQ(unwrapper.newest(), first);
}

// Every start, every distance, on a circle small enough to try them all.
TEST(SequenceUnwrapper, NarrowCircleIsRightEverywhere) {
  for (int start = 0; start < 16; ++start) {
    for (int delta = -8; delta < 8; ++delta) {
      SequenceUnwrapper<uint8_t, 4> unwrapper;
      const int64_t first = unwrapper.unwrap(static_cast<uint8_t>(start));
      EXPECT_EQ(unwrapper.unwrap(static_cast<uint8_t>((start + delta) & 15)), first + delta) << start << ' ' << delta;
    }
  }
}

TEST(SequenceUnwrapper, ThreeWrapsOfA32BitTimestampOnlyGrow) {
  SequenceUnwrapper<uint32_t> unwrapper;
  uint64_t sent = 0xffff0000;
  int64_t last = unwrapper.unwrap(static_cast<uint32_t>(sent));
  for (int i = 0; i < 100; ++i) {
    sent += 0x10000000;
    const int64_t now = unwrapper.unwrap(static_cast<uint32_t>(sent));
    EXPECT_EQ(now - last, 0x10000000);
    last = now;
  }
}

TEST(SequenceUnwrapper, RestartGoesOnwardsAndNeverBack) {
  SequenceUnwrapper<uint16_t> unwrapper;
  const int64_t first = unwrapper.unwrap(10'000);
  EXPECT_EQ(unwrapper.restart(15'000), first + 5'000);
  EXPECT_EQ(unwrapper.restart(14'999), first + 5'000 + 65'535);
  EXPECT_EQ(unwrapper.unwrap(15'000), first + 5'000 + 65'536);
}

TEST(WrappedDifference, HalfTheCircleIsBackwards) {
  EXPECT_EQ(wrapped_difference<uint16_t>(1, 65535), 2);
  EXPECT_EQ(wrapped_difference<uint16_t>(65535, 1), -2);
  EXPECT_EQ(wrapped_difference<uint16_t>(0x8000, 0), -32768);
}

}  // namespace
}  // namespace eir
