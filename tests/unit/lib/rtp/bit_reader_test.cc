#include "lib/rtp/bit_reader.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/bit_string.h"

namespace eir {
namespace {

TEST(BitReader, ReadsHighestBitFirstAcrossBytes) {
  constexpr std::array<uint8_t, 5> kBytes = {0xa5, 0xff, 0x00, 0x12, 0x34};
  BitReader reader(kBytes);
  EXPECT_EQ(reader.bits(3), 5U);      // 101
  EXPECT_EQ(reader.bits(9), 0x05fU);  // 00101 1111
  EXPECT_TRUE(reader.flag());
  reader.skip(3);
  EXPECT_EQ(reader.bits(24), 0x001234U);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.bits(0), 0U);
  EXPECT_FALSE(reader.failed());
}

TEST(BitReader, AReadBeyondTheEndFailsForGood) {
  constexpr std::array<uint8_t, 1> kBytes = {0xff};
  BitReader reader(kBytes);
  EXPECT_EQ(reader.bits(9), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.bits(1), 0U);
  BitReader skipping(kBytes);
  skipping.skip(9);
  EXPECT_TRUE(skipping.failed());
}

// H.264 table 9-2.
TEST(BitReader, ExpGolombCodesFollowTheTable) {
  const auto bytes = bit_string("1 010 011 00100 00101 00110 00111 0001000 0001001 0001010");
  BitReader reader(bytes);
  for (uint32_t expected = 0; expected <= 9; ++expected) EXPECT_EQ(reader.exp_golomb(), expected);
  EXPECT_FALSE(reader.failed());
}

// H.264 table 9-3.
TEST(BitReader, SignedExpGolombAlternates) {
  const auto bytes = bit_string("1 010 011 00100 00101 00110");
  BitReader reader(bytes);
  for (const int32_t expected : {0, 1, -1, 2, -2, 3}) EXPECT_EQ(reader.signed_exp_golomb(), expected);
}

TEST(BitReader, ExpGolombTakes31ZerosAndNotOneMore) {
  const auto largest = bit_string("0000000000000000000000000000000 1 1111111111111111111111111111111");
  BitReader reader(largest);
  EXPECT_EQ(reader.exp_golomb(), 0xfffffffeU);
  EXPECT_FALSE(reader.failed());
  BitReader as_signed(largest);
  EXPECT_EQ(as_signed.signed_exp_golomb(), -0x7fffffff);
  const auto too_large = bit_string("00000000000000000000000000000000 1 00000000000000000000000000000000");
  BitReader refusing(too_large);
  EXPECT_EQ(refusing.exp_golomb(), 0U);
  EXPECT_TRUE(refusing.failed());
}

TEST(BitReader, ExpGolombOfZerosAloneFails) {
  constexpr std::array<uint8_t, 2> kBytes = {0, 0};
  BitReader reader(kBytes);
  EXPECT_EQ(reader.exp_golomb(), 0U);
  EXPECT_TRUE(reader.failed());
}

// The example of AV1 section 4.10.7: n = 5.
TEST(BitReader, NonSymmetricCodesOfFiveValues) {
  const auto bytes = bit_string("00 01 10 110 111");
  BitReader reader(bytes);
  for (uint32_t expected = 0; expected < 5; ++expected) EXPECT_EQ(reader.non_symmetric(5), expected);
  EXPECT_EQ(reader.position(), 12U);
}

TEST(BitReader, NonSymmetricCodeOfOneValueHasNoBits) {
  BitReader reader(ByteView{});
  EXPECT_EQ(reader.non_symmetric(1), 0U);
  EXPECT_FALSE(reader.failed());
}

}  // namespace
}  // namespace eir
