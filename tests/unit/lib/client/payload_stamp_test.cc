#include "lib/client/payload_stamp.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

const PayloadStamp kStamp{.tag = 0x01020304,
                          .media_index = 5,
                          .encoding = 2,
                          .packet_index = 7,
                          .packet_count = 9,
                          .frame = 0x0a0b0c0d,
                          .capture = Timestamp(1'000'000'000'000ns)};

TEST(PayloadStamp, FieldsStandWhereTheDiagramHasThem) {
  std::vector<uint8_t> body(kPayloadStampBytes);
  write_stamped(body, kStamp);
  const std::vector<uint8_t> expected = {
      0x01, 0x02, 0x03, 0x04,                          // sender tag
      5,    2,    0,    7,                             // m-line, encoding, packet index
      0,    9,    0,    28,                            // packets of the frame, size
      0x0a, 0x0b, 0x0c, 0x0d,                          // frame number
      0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00,  // 10^12 ns
  };
  EXPECT_EQ(std::vector<uint8_t>(body.begin(), body.begin() + 24), expected);
}

TEST(PayloadStamp, WhatIsWrittenIsReadAtEverySize) {
  for (size_t size = kPayloadStampBytes; size <= kStampedBytesMax; size += 61) {
    std::vector<uint8_t> body(size);
    write_stamped(body, kStamp);
    EXPECT_EQ(read_stamped(body), kStamp) << size;
  }
}

TEST(PayloadStamp, EveryChangedByteIsSeen) {
  std::vector<uint8_t> body(200);
  write_stamped(body, kStamp);
  for (uint8_t& byte : body) {
    byte = static_cast<uint8_t>(byte + 1);
    EXPECT_EQ(read_stamped(body), std::nullopt);
    byte = static_cast<uint8_t>(byte - 1);
  }
  EXPECT_TRUE(read_stamped(body));
}

TEST(PayloadStamp, CutOrLengthenedBodiesAreSeen) {
  std::vector<uint8_t> body(200);
  write_stamped(body, kStamp);
  EXPECT_FALSE(read_stamped(ByteView(body).first(199)));
  EXPECT_FALSE(read_stamped(ByteView(body).first(kPayloadStampBytes - 1)));
  EXPECT_FALSE(read_stamped({}));
  body.push_back(0);
  EXPECT_FALSE(read_stamped(body));
}

}  // namespace
}  // namespace eir
