#include "lib/base/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace eir {
namespace {

TEST(ByteReader, ReadsNetworkOrder) {
  const std::array<uint8_t, 18> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u24(), 0x040506U);
  EXPECT_EQ(reader.u32(), 0x0708090aU);
  EXPECT_EQ(reader.u64(), 0x0b0c0d0e0f101112U);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.failed());
}

TEST(ByteReader, AReadBeyondTheEndFailsForGoodAndMovesNothing) {
  const std::array<uint8_t, 3> bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.position(), 0U);
}

TEST(ByteReader, TakesTheLastByteAndNotOneMore) {
  const std::array<uint8_t, 2> bytes = {1, 2};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.bytes(2).size(), 2U);
  EXPECT_FALSE(reader.failed());
  EXPECT_TRUE(reader.bytes(0).empty());
  EXPECT_FALSE(reader.failed());
  reader.skip(1);
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, EmptyInputIsNotAnError) {
  ByteReader reader(ByteView{});
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.failed());
}

TEST(ByteWriter, WritesNetworkOrderAndStopsAtTheEnd) {
  std::array<uint8_t, 10> buffer{};
  ByteWriter writer(buffer);
  writer.u8(1);
  writer.u16(0x0203);
  writer.u24(0x040506);
  writer.u32(0x0708090a);
  EXPECT_EQ(buffer, (std::array<uint8_t, 10>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_FALSE(writer.failed());
  writer.u8(11);
  EXPECT_TRUE(writer.failed());
  EXPECT_EQ(writer.size(), 10U);
}

}  // namespace
}  // namespace eir
