#include "lib/rtp/rtp_packet.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

const Bytes kAudio = {
    0x90, 0xef,              // version 2, extension; marker, payload type 111
    0xff, 0xfe,              // sequence number
    0x01, 0x02, 0x03, 0x04,  // timestamp
    0xa0, 0xa1, 0xa2, 0xa3,  // SSRC
    0xbe, 0xde, 0x00, 0x01,  // one-byte extensions, one word
    0x40, 'a',  0x00, 0x00,  // mid
    0x78, 0x79, 0x7a,        // payload
};

Bytes bare(std::initializer_list<uint8_t> tail, uint8_t first = 0x80) {
  Bytes packet = {first, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
  packet.insert(packet.end(), tail);
  return packet;
}

TEST(RtpPacketView, ReadsEveryField) {
  const auto view = RtpPacketView::parse(kAudio);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->marker());
  EXPECT_EQ(view->payload_type(), 111);
  EXPECT_EQ(view->sequence_number(), 0xfffe);
  EXPECT_EQ(view->timestamp(), 0x01020304U);
  EXPECT_EQ(view->ssrc(), Ssrc(0xa0a1a2a3));
  EXPECT_EQ(view->csrc_count(), 0U);
  EXPECT_TRUE(view->has_extension());
  EXPECT_EQ(view->extension_profile(), 0xbede);
  ASSERT_EQ(view->extension_block().size(), 4U);
  EXPECT_EQ(view->extension_block()[1], 'a');
  EXPECT_EQ(view->header_size(), 20U);
  ASSERT_EQ(view->payload().size(), 3U);
  EXPECT_EQ(view->payload()[0], 0x78);
  EXPECT_EQ(view->padding_size(), 0U);
  EXPECT_FALSE(view->is_padding_only());
}

TEST(RtpPacketView, EveryTruncationIsRefusedOrShortensThePayload) {
  for (size_t size = 0; size < kAudio.size(); ++size) {
    const auto view = RtpPacketView::parse(ByteView(kAudio).first(size));
    EXPECT_EQ(view.has_value(), size >= 20) << size;
    EXPECT_EQ(view ? view->payload().size() : 0, size > 20 ? size - 20 : 0);
  }
}

TEST(RtpPacketView, RefusesOtherVersions) {
  for (const uint8_t first : {0x00, 0x40, 0xc0}) EXPECT_FALSE(RtpPacketView::parse(bare({}, first)));
}

TEST(RtpPacketView, AnEmptyPayloadWithoutPaddingIsNotPaddingOnly) {
  const Bytes packet = bare({});
  const auto view = RtpPacketView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->payload().empty());
  EXPECT_FALSE(view->is_padding_only());
  EXPECT_EQ(view->extension_profile(), 0);
  EXPECT_TRUE(view->extension_block().empty());
}

TEST(RtpPacketView, ReadsFifteenCsrcs) {
  Bytes packet = bare({}, 0x8f);
  for (uint8_t i = 0; i < 15; ++i) packet.insert(packet.end(), {0, 0, 1, i});
  const auto view = RtpPacketView::parse(packet);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->csrc_count(), 15U);
  EXPECT_EQ(view->csrc(0), Ssrc(0x100));
  EXPECT_EQ(view->csrc(14), Ssrc(0x10e));
  EXPECT_EQ(view->header_size(), 72U);
  packet.pop_back();
  EXPECT_FALSE(RtpPacketView::parse(packet));
}

TEST(RtpPacketView, PaddingIsTakenOffThePayload) {
  const Bytes packet = bare({0x11, 0x00, 0x02}, 0xa0);
  const auto view = RtpPacketView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->padding_size(), 2U);
  EXPECT_EQ(view->payload().size(), 1U);
  EXPECT_FALSE(view->is_padding_only());
}

TEST(RtpPacketView, PaddingMayBeAllThereIs) {
  const Bytes packet = bare({0x00, 0x00, 0x03}, 0xa0);
  const auto view = RtpPacketView::parse(packet);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->is_padding_only());
}

TEST(RtpPacketView, RefusesPaddingOfZeroOrBeyondThePayload) {
  EXPECT_FALSE(RtpPacketView::parse(bare({0x00, 0x00, 0x04}, 0xa0)));
  EXPECT_FALSE(RtpPacketView::parse(bare({0x00, 0x00, 0x00}, 0xa0)));
  EXPECT_FALSE(RtpPacketView::parse(bare({}, 0xa0)));
}

TEST(RtpPacketView, PaddingMayNotReachIntoTheExtension) {
  Bytes packet = bare({0xbe, 0xde, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01}, 0xb0);
  EXPECT_FALSE(RtpPacketView::parse(packet));
  packet.push_back(0x01);
  EXPECT_TRUE(RtpPacketView::parse(packet));
}

TEST(RtpPacketView, RefusesAnExtensionBeyondTheEnd) {
  EXPECT_FALSE(RtpPacketView::parse(bare({0xbe, 0xde, 0x00}, 0x90)));
  EXPECT_FALSE(RtpPacketView::parse(bare({0xbe, 0xde, 0x00, 0x01, 0x00, 0x00, 0x00}, 0x90)));
  EXPECT_FALSE(RtpPacketView::parse(bare({0xbe, 0xde, 0xff, 0xff}, 0x90)));
  EXPECT_TRUE(RtpPacketView::parse(bare({0xbe, 0xde, 0x00, 0x00}, 0x90)));
}

TEST(WriteRtpHeader, WritesTheFixedHeaderAlone) {
  Bytes out(64);
  out.resize(write_rtp_header(out,
                              {.marker = true,
                               .payload_type = 96,
                               .sequence_number = 0xffff,
                               .timestamp = 0x01020304,
                               .ssrc = Ssrc(0xa0a1a2a3)},
                              {}, {}));
  EXPECT_EQ(out, (Bytes{0x80, 0xe0, 0xff, 0xff, 1, 2, 3, 4, 0xa0, 0xa1, 0xa2, 0xa3}));
}

TEST(WriteRtpHeader, WritesCsrcAndExtensionsAndTellsOffsetsInThePacket) {
  ExtensionMap map;
  ASSERT_TRUE(map.add(3, ExtensionKind::kTransportSequence));
  ASSERT_TRUE(map.add(2, ExtensionKind::kAbsSendTime));
  HeaderExtensions extensions;
  extensions.transport_sequence = 0;
  extensions.abs_send_time = 0;
  Bytes out(64);
  ExtensionOffsets offsets;
  out.resize(write_rtp_header(out, {.payload_type = 111, .ssrc = Ssrc(1), .csrc = Ssrc(0x0a0b0c0d), .padding = true},
                              extensions, map, &offsets));
  patch_transport_sequence(out, offsets, 0xfffe);
  patch_abs_send_time(out, offsets, 0x010203);
  EXPECT_EQ(out, (Bytes{
                     0xb1, 0x6f, 0,    0,    0, 0, 0, 0, 0, 0, 0, 1,  // padding, extension, one CSRC
                     0x0a, 0x0b, 0x0c, 0x0d,                          // CSRC
                     0xbe, 0xde, 0x00, 0x02,                          // one-byte form, two words
                     0x31, 0xff, 0xfe,                                // transport-wide sequence number
                     0x22, 0x01, 0x02, 0x03,                          // abs-send-time
                     0x00,                                            // padding of the block
                 }));
}

TEST(WriteRtpHeader, ExtensionsThatAreNotWrittenLeaveNoOffsets) {
  HeaderExtensions extensions;
  extensions.transport_sequence = 0;
  ExtensionOffsets offsets{9, 9};
  std::array<uint8_t, 32> out{};
  EXPECT_EQ(write_rtp_header(out, {}, extensions, {}, &offsets), 12U);
  EXPECT_EQ(offsets.transport_sequence, 0);
  EXPECT_EQ(offsets.abs_send_time, 0);
  patch_transport_sequence(out, offsets, 0xffff);
  EXPECT_EQ(out[0], 0x80);
}

TEST(WriteRtpHeader, ABufferOneByteTooSmallGetsNothing) {
  std::array<uint8_t, 24> out{};
  ExtensionMap map;
  ASSERT_TRUE(map.add(4, ExtensionKind::kMid));
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("abc");
  const MutableBytes all(out);
  EXPECT_EQ(write_rtp_header(all.first(11), {}, {}, map), 0U);
  EXPECT_EQ(write_rtp_header(all.first(12), {}, {}, map), 12U);
  EXPECT_EQ(write_rtp_header(all.first(15), {.csrc = Ssrc(1)}, {}, map), 0U);
  EXPECT_EQ(write_rtp_header(all.first(23), {.csrc = Ssrc(1)}, extensions, map), 0U);
  EXPECT_EQ(write_rtp_header(all, {.csrc = Ssrc(1)}, extensions, map), 24U);
}

TEST(Classify, FollowsTheFirstByte) {
  const auto by_first = [](uint8_t first) { return classify(Bytes{first, 0x60}); };
  EXPECT_EQ(by_first(0), PacketClass::kStun);
  EXPECT_EQ(by_first(3), PacketClass::kStun);
  EXPECT_EQ(by_first(4), PacketClass::kOther);
  EXPECT_EQ(by_first(16), PacketClass::kOther);  // ZRTP
  EXPECT_EQ(by_first(19), PacketClass::kOther);
  EXPECT_EQ(by_first(20), PacketClass::kDtls);
  EXPECT_EQ(by_first(63), PacketClass::kDtls);
  EXPECT_EQ(by_first(64), PacketClass::kOther);  // TURN channel
  EXPECT_EQ(by_first(127), PacketClass::kOther);
  EXPECT_EQ(by_first(128), PacketClass::kRtp);
  EXPECT_EQ(by_first(191), PacketClass::kRtp);
  EXPECT_EQ(by_first(192), PacketClass::kOther);
  EXPECT_EQ(by_first(255), PacketClass::kOther);
}

TEST(Classify, TellsRtcpByTheSecondByte) {
  const auto by_second = [](uint8_t second) { return classify(Bytes{0x80, second}); };
  EXPECT_EQ(by_second(191), PacketClass::kRtp);
  EXPECT_EQ(by_second(192), PacketClass::kRtcp);
  EXPECT_EQ(by_second(223), PacketClass::kRtcp);
  EXPECT_EQ(by_second(224), PacketClass::kRtp);  // payload type 96 with marker
  EXPECT_EQ(by_second(111), PacketClass::kRtp);
}

TEST(Classify, RuntsAreNothing) {
  EXPECT_EQ(classify({}), PacketClass::kOther);
  EXPECT_EQ(classify(Bytes{0x80}), PacketClass::kOther);
}

}  // namespace
}  // namespace eir
