#include "lib/client/frame_payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lib/rtp/payload_info.h"

namespace eir {
namespace {

const FrameSource kVp8{.codec = Codec::kVp8, .tag = 1, .media_index = 1, .encoding = 0};
const FrameSource kH264{.codec = Codec::kH264, .tag = 1, .media_index = 1, .encoding = 0};

SentFrame key_frame(uint32_t bytes) {
  SentFrame frame;
  frame.number = 1;
  frame.bytes = bytes;
  frame.packets = packets_for(bytes);
  frame.width = 1280;
  frame.height = 718;
  frame.is_key = true;
  frame.picture_id = 0x1234;
  frame.tl0_pic_idx = 77;
  return frame;
}

std::vector<uint8_t> payload(const FrameSource& source, const SentFrame& frame, uint16_t index) {
  std::vector<uint8_t> out(1400);
  out.resize(write_frame_payload(source, frame, index, out));
  return out;
}

TEST(FramePayload, Vp8KeyFrameSaysItsSizeAndIds) {
  const SentFrame frame = key_frame(3000);
  ASSERT_EQ(frame.packets, 3);
  const auto first = payload(kVp8, frame, 0);
  // X S, I L T, picture id with M, TL0PICIDX, TID 0; frame tag of a shown key frame, start code, 1280×718.
  const std::vector<uint8_t> expected = {0x90, 0xe0, 0x92, 0x34, 77,   0x00, 0x10, 0x00,
                                         0x00, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xce, 0x02};
  EXPECT_EQ(std::vector<uint8_t>(first.begin(), first.begin() + 16), expected);
  const auto info = parse_payload_info(Codec::kVp8, first, false);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_TRUE(info->frame_start);
  EXPECT_EQ(info->width, 1280);
  EXPECT_EQ(info->height, 718);
  const auto last = parse_payload_info(Codec::kVp8, payload(kVp8, frame, 2), true);
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->frame_start);
  EXPECT_TRUE(last->frame_end);
  EXPECT_EQ(last->picture_id, 0x1234);
}

TEST(FramePayload, Vp8LayersAreNamedAndTheUppermostIsDiscardable) {
  SentFrame frame = key_frame(100);
  frame.is_key = false;
  frame.temporal_layer = 2;
  const auto info = parse_payload_info(Codec::kVp8, payload(kVp8, frame, 0), true);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_TRUE(info->discardable);
  EXPECT_FALSE(info->key_frame);
}

TEST(FramePayload, H264KeyFrameBeginsWithParameterSets) {
  SentFrame frame = key_frame(3000);
  frame.has_parameter_sets = true;
  ++frame.packets;
  const auto sets = parse_payload_info(Codec::kH264, payload(kH264, frame, 0), false);
  ASSERT_TRUE(sets);
  EXPECT_TRUE(sets->has_parameter_sets);
  EXPECT_EQ(sets->width, 1280);
  EXPECT_EQ(sets->height, 718);  // 45 rows of macroblocks, cropped by 2 lines
  const auto start = payload(kH264, frame, 1);
  EXPECT_EQ(start[0] & 0x1f, 28);  // FU-A
  EXPECT_EQ(start[1], 0x80 | 5);   // start of an IDR slice
  EXPECT_EQ(payload(kH264, frame, 2)[1], 5);
  EXPECT_EQ(payload(kH264, frame, 3)[1], 0x40 | 5);
  const auto idr = parse_payload_info(Codec::kH264, start, false);
  ASSERT_TRUE(idr);
  EXPECT_TRUE(idr->key_frame);
}

TEST(FramePayload, H264SmallFrameIsASingleNalUnit) {
  SentFrame frame = key_frame(200);
  frame.is_key = false;
  const auto bytes = payload(kH264, frame, 0);
  EXPECT_EQ(bytes[0] & 0x1f, 1);
  const auto info = parse_payload_info(Codec::kH264, bytes, true);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->frame_start);
  EXPECT_FALSE(info->key_frame);
}

TEST(FramePayload, EveryBodyIsFoundAgain) {
  for (const FrameSource& source : {kVp8, kH264}) {
    for (const uint32_t bytes : {28U, 500U, 1080U, 1081U, 5000U}) {
      for (const bool is_key : {true, false}) {
        SentFrame frame = key_frame(bytes);
        frame.is_key = is_key;
        size_t total = 0;
        for (uint16_t i = 0; i < frame.packets; ++i) {
          const auto one = payload(source, frame, i);
          ASSERT_LE(one.size(), kBodyBytesMax + 16);
          const ByteView body = stamped_body(source.codec, one);
          const auto stamp = read_stamped(body);
          ASSERT_TRUE(stamp) << bytes << ' ' << i;
          EXPECT_EQ(stamp->packet_index, i);
          EXPECT_EQ(stamp->packet_count, frame.packets);
          total += body.size();
        }
        EXPECT_EQ(total, bytes);
      }
    }
  }
}

TEST(FramePayload, TruncatedPayloadsHaveNoStampedBody) {
  for (const FrameSource& source : {kVp8, kH264}) {
    const auto whole = payload(source, key_frame(3000), 0);
    for (size_t size = 0; size < 30; ++size) {
      const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(read_stamped(stamped_body(source.codec, cut))) << size;
    }
  }
}

TEST(FramePayload, OpusHasATocByteAndComfortNoiseNothingElse) {
  const FrameSource source{.codec = Codec::kOpus, .tag = 1, .media_index = 0, .encoding = 0};
  SentFrame frame;
  frame.packets = 1;
  frame.bytes = 100;
  const auto voice = payload(source, frame, 0);
  EXPECT_EQ(voice.size(), 101U);
  EXPECT_TRUE(read_stamped(stamped_body(Codec::kOpus, voice)));
  frame.is_comfort_noise = true;
  const auto noise = payload(source, frame, 0);
  EXPECT_EQ(noise, std::vector<uint8_t>{0xf8});
  EXPECT_TRUE(stamped_body(Codec::kOpus, noise).empty());
}

TEST(FramePayload, ABufferThatIsTooSmallGetsNothing) {
  std::array<uint8_t, 100> small{};
  EXPECT_EQ(write_frame_payload(kVp8, key_frame(1000), 0, small), 0U);
}

}  // namespace
}  // namespace eir
