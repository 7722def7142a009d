#include "lib/media/send_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "lib/base/time.h"
#include "lib/rtp/rtp_packet.h"

namespace eir {
namespace {

constexpr Timestamp kNow{Duration(12345s + 678ms)};
constexpr uint8_t kPayloadType = 96;
constexpr Ssrc kSsrc{0x11223344};

ExtensionMap layout(std::initializer_list<std::pair<uint8_t, ExtensionKind>> ids, bool allow_mixed = false) {
  ExtensionMap map;
  for (const auto& [id, kind] : ids) EXPECT_TRUE(map.add(id, kind));
  map.allow_mixed = allow_mixed;
  return map;
}

SendStream stream_with(const ExtensionMap& map) {
  SendStream::Config config{.ssrc = kSsrc, .rtx_ssrc = Ssrc(0x55667788), .payload_types = {}, .extensions = map};
  config.payload_types[static_cast<size_t>(Codec::kVp8)] = {.media = kPayloadType, .rtx = uint8_t{97}};
  return SendStream(config);
}

RewrittenPacket packet_of(ByteView payload, const StoredPacket* stored) {
  return {.payload = payload,
          .stored = stored,
          .codec = Codec::kVp8,
          .track = TrackId(0xa1b2c3d4),
          .sequence = 0xfffe,
          .timestamp = 0x89abcdef,
          .marker = true};
}

const std::array<ExtensionMap, 5>& layouts() {
  static const std::array<ExtensionMap, 5> kAll = {
      layout({}),
      layout({{5, ExtensionKind::kTransportSequence}}),
      layout(
          {{3, ExtensionKind::kTransportSequence}, {2, ExtensionKind::kAbsSendTime}, {1, ExtensionKind::kAudioLevel}}),
      layout({{20, ExtensionKind::kTransportSequence}, {2, ExtensionKind::kAbsSendTime}}, true),
      layout({{20, ExtensionKind::kTransportSequence}, {21, ExtensionKind::kAbsSendTime}}),
  };
  return kAll;
}

TEST(SendStream, HeaderWithoutThePublishersExtensionsIsThatOfTheGeneralWriter) {
  const std::vector<uint8_t> payload(1100, 0x5a);
  for (const ExtensionMap& map : layouts()) {
    SendStream stream = stream_with(map);
    const StoredPacket stored{};
    for (const StoredPacket* origin : {static_cast<const StoredPacket*>(nullptr), &stored}) {
      std::array<uint8_t, 1500> out{};
      const size_t size = stream.write(packet_of(payload, origin), {.now = kNow, .transport_sequence = 0x0102}, out);
      HeaderExtensions own;
      own.transport_sequence = 0x0102;
      own.abs_send_time = to_abs_send_time(kNow);
      std::array<uint8_t, 100> expected{};
      const RtpHeader header{.marker = true,
                             .payload_type = kPayloadType,
                             .sequence_number = 0xfffe,
                             .timestamp = 0x89abcdef,
                             .ssrc = kSsrc,
                             .csrc = Ssrc(0xa1b2c3d4)};
      const size_t header_size = write_rtp_header(expected, header, own, map);
      ASSERT_EQ(size, header_size + payload.size());
      EXPECT_EQ(std::vector<uint8_t>(out.begin(), out.begin() + static_cast<ptrdiff_t>(header_size)),
                std::vector<uint8_t>(expected.begin(), expected.begin() + static_cast<ptrdiff_t>(header_size)));
      EXPECT_EQ(std::vector<uint8_t>(out.begin() + static_cast<ptrdiff_t>(header_size),
                                     out.begin() + static_cast<ptrdiff_t>(size)),
                payload);
    }
  }
}

TEST(SendStream, PublishersExtensionsGoOnBesideItsOwn) {
  StoredPacket stored{};
  stored.extensions.audio_level = AudioLevel{.voice = true, .level = 40};
  SendStream stream = stream_with(layouts()[2]);
  std::array<uint8_t, 1500> out{};
  const std::vector<uint8_t> payload(80, 1);
  const size_t size = stream.write(packet_of(payload, &stored), {.now = kNow, .transport_sequence = 7}, out);
  const auto read = RtpPacketView::parse(ByteView(out).first(size));
  ASSERT_TRUE(read.has_value());
  HeaderExtensions extensions;
  ASSERT_TRUE(parse_header_extensions(read->extension_profile(), read->extension_block(), layouts()[2], extensions));
  EXPECT_EQ(extensions.audio_level, (AudioLevel{.voice = true, .level = 40}));
  EXPECT_EQ(extensions.transport_sequence, 7);
  EXPECT_EQ(extensions.abs_send_time, to_abs_send_time(kNow));
}

TEST(SendStream, LittleRoomIsWrittenOrRefusedAsAnyOther) {
  SendStream stream = stream_with(layouts()[1]);
  const std::vector<uint8_t> payload(4, 9);
  // 12 fixed, 4 of the CSRC, 8 of the extension block, 4 of payload.
  for (size_t room = 0; room <= 60; ++room) {
    std::vector<uint8_t> out(room);
    EXPECT_EQ(stream.write(packet_of(payload, nullptr), {.now = kNow}, out), room < 28 ? 0U : 28U) << room;
  }
}

TEST(SendStream, PaddingOfAProbeIsInTheStreamOfRetransmissionsWithoutAGap) {
  const ExtensionMap map = layout({{5, ExtensionKind::kTransportSequence}});
  SendStream stream = stream_with(map);
  std::array<uint8_t, 1500> out{};
  for (uint16_t i = 0; i < 3; ++i) {
    const size_t size = stream.write_probe_padding({.now = kNow, .transport_sequence = uint16_t(0x0102 + i)}, out);
    const auto packet = RtpPacketView::parse(ByteView(out).first(size));
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(packet->ssrc(), Ssrc(0x55667788));
    EXPECT_EQ(packet->payload_type(), 97);
    EXPECT_EQ(packet->sequence_number(), i);
    EXPECT_TRUE(packet->payload().empty());
    EXPECT_EQ(out[size - 1], 224);  // RFC 3550 section 5.1: how much of it is padding
  }
  EXPECT_EQ(stream.counters().probes, 3U);
  EXPECT_EQ(stream.counters().packets, 0U);
}

TEST(SendStream, WithoutRetransmissionsThereIsNoPaddingOfAProbe) {
  SendStream::Config config{.ssrc = kSsrc, .rtx_ssrc = Ssrc(0x55667788), .payload_types = {}, .extensions = {}};
  config.payload_types[static_cast<size_t>(Codec::kVp8)] = {.media = kPayloadType, .rtx = std::nullopt};
  SendStream stream(config);
  std::array<uint8_t, 1500> out{};
  EXPECT_EQ(stream.write_probe_padding({.now = kNow}, out), 0U);
}

}  // namespace
}  // namespace eir
