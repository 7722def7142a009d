#include "lib/rtp/header_extensions.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace eir {
namespace {

using enum ExtensionKind;
using Bytes = std::vector<uint8_t>;

// Ids as a Chromium offer has them.
ExtensionMap chromium_map() {
  ExtensionMap map;
  EXPECT_TRUE(map.add(1, kAudioLevel));
  EXPECT_TRUE(map.add(2, kAbsSendTime));
  EXPECT_TRUE(map.add(3, kTransportSequence));
  EXPECT_TRUE(map.add(4, kMid));
  EXPECT_TRUE(map.add(5, kPlayoutDelay));
  EXPECT_TRUE(map.add(6, kVideoContentType));
  EXPECT_TRUE(map.add(8, kAbsCaptureTime));
  EXPECT_TRUE(map.add(10, kRid));
  EXPECT_TRUE(map.add(11, kRepairedRid));
  EXPECT_TRUE(map.add(12, kDependencyDescriptor));
  EXPECT_TRUE(map.add(13, kVideoOrientation));
  EXPECT_TRUE(map.add(14, kVideoLayersAllocation));
  return map;
}

// The views of the result point into `block`.
HeaderExtensions parse(uint16_t profile, const Bytes& block, bool well_formed = true) {
  HeaderExtensions out;
  EXPECT_EQ(parse_header_extensions(profile, block, chromium_map(), out), well_formed);
  return out;
}

Bytes write(const HeaderExtensions& extensions, const ExtensionMap& map, ExtensionOffsets* offsets = nullptr) {
  Bytes out(600, 0xee);
  out.resize(write_header_extensions(out, extensions, map, offsets));
  EXPECT_EQ(out.size(), header_extensions_size(extensions, map));
  return out;
}

TEST(ExtensionUri, EachKindIsFoundByItsUri) {
  for (size_t i = 0; i < kExtensionKinds; ++i) {
    const auto kind = static_cast<ExtensionKind>(i);
    EXPECT_EQ(extension_from_uri(extension_uri(kind)), kind);
  }
  EXPECT_EQ(extension_uri(kMid), "urn:ietf:params:rtp-hdrext:sdes:mid");
  EXPECT_EQ(extension_uri(kVideoLayersAllocation),
            "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00");
  EXPECT_FALSE(extension_from_uri("urn:ietf:params:rtp-hdrext:toffset"));
  EXPECT_FALSE(extension_from_uri(""));
}

TEST(ExtensionMap, RefusesReservedIdsAndSecondMeanings) {
  ExtensionMap map;
  EXPECT_FALSE(map.add(0, kMid));
  EXPECT_FALSE(map.add(15, kMid));
  EXPECT_TRUE(map.add(16, kMid));
  EXPECT_FALSE(map.add(16, kRid));
  EXPECT_FALSE(map.add(1, kMid));
  EXPECT_TRUE(map.add(255, kRid));
  EXPECT_EQ(map.kind(16), kMid);
  EXPECT_EQ(map.id(kMid), 16);
  EXPECT_FALSE(map.has(kAudioLevel));
}

TEST(ExtensionMap, IdZeroMeansNothingThoughOthersAreNotNegotiated) { EXPECT_FALSE(ExtensionMap().kind(0)); }

TEST(ShortText, SixteenCharactersFitAndSeventeenGiveNothing) {
  EXPECT_EQ(ShortText::of("0123456789abcdef").view(), "0123456789abcdef");
  EXPECT_TRUE(ShortText::of("0123456789abcdefg").empty());
}

TEST(ParseHeaderExtensions, ReadsAOneByteBlock) {
  const HeaderExtensions out = parse(0xbede, {
                                                 0x10, 0x8f,              // audio level: voice, −15 dBov
                                                 0x22, 0x0a, 0x0b, 0x0c,  // abs-send-time
                                                 0x31, 0x12, 0x34,        // transport-wide sequence number
                                                 0x41, 'v',  '0',         // mid
                                                 0x00, 0x00, 0x00, 0x00,  // padding between elements
                                                 0xa0, 'h',               // rid
                                                 0xb0, 'q',               // repaired rid
                                                 0x52, 0x00, 0x10, 0x02,  // playout delay
                                                 0x60, 0x01,              // content type: screen
                                                 0xd0, 0x03,              // orientation
                                                 0xc2, 0x80, 0x00, 0x07,  // dependency descriptor
                                                 0xe0, 0x00,              // layers allocation
                                             });
  EXPECT_EQ(out.audio_level, (AudioLevel{true, 15}));
  EXPECT_EQ(out.abs_send_time, 0x0a0b0cU);
  EXPECT_EQ(out.transport_sequence, 0x1234);
  EXPECT_EQ(out.mid.view(), "v0");
  EXPECT_EQ(out.rid.view(), "h");
  EXPECT_EQ(out.repaired_rid.view(), "q");
  EXPECT_EQ(out.playout_delay, 0x001002U);
  EXPECT_EQ(out.video_content_type, 1);
  EXPECT_EQ(out.video_orientation, 3);
  ASSERT_EQ(out.dependency_descriptor.size(), 3U);
  EXPECT_EQ(out.video_layers_allocation.size(), 1U);
}

TEST(ParseHeaderExtensions, ReadsAbsCaptureTimeWithAndWithoutOffset) {
  EXPECT_EQ(parse(0xbede, {0x87, 1, 2, 3, 4, 5, 6, 7, 8}).abs_capture_time,
            (AbsCaptureTime{0x0102030405060708, std::nullopt}));
  const Bytes with_offset = {0x8f, 1,    2,    3,    4,    5,    6,    7,   8,  //
                             0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};
  EXPECT_EQ(parse(0xbede, with_offset).abs_capture_time, (AbsCaptureTime{0x0102030405060708, -2}));
}

TEST(ParseHeaderExtensions, ReadsATwoByteBlockWhateverItsAppbits) {
  const Bytes block = {
      0x04, 0x01, 'a',                                                             // mid
      0x00,                                                                        // padding
      0x0a, 0x00,                                                                  // rid, empty
      0x0c, 0x11, 0,    1,    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,  // dependency descriptor of 17
      0x03, 0x02, 0xff, 0xff,                                                      // transport-wide sequence number
  };
  for (const uint16_t profile : {0x1000, 0x100f}) {
    const HeaderExtensions out = parse(profile, block);
    EXPECT_EQ(out.mid.view(), "a");
    EXPECT_TRUE(out.rid.empty());
    ASSERT_EQ(out.dependency_descriptor.size(), 17U);
    EXPECT_EQ(out.dependency_descriptor[16], 16);
    EXPECT_EQ(out.transport_sequence, 0xffff);
  }
}

TEST(ParseHeaderExtensions, Id15EndsAOneByteBlock) {
  const HeaderExtensions out = parse(0xbede, {0x40, 'a', 0xf0, 0x00, 0xa0, 'h'});
  EXPECT_EQ(out.mid.view(), "a");
  EXPECT_TRUE(out.rid.empty());
}

TEST(ParseHeaderExtensions, Id0WithALengthEndsAOneByteBlock) {
  const HeaderExtensions out = parse(0xbede, {0x40, 'a', 0x03, 0x00, 0xa0, 'h'});
  EXPECT_EQ(out.mid.view(), "a");
  EXPECT_TRUE(out.rid.empty());
}

TEST(ParseHeaderExtensions, Id15IsAnUnknownElementOfATwoByteBlock) {
  EXPECT_EQ(parse(0x1000, {0x0f, 0x01, 0x00, 0x04, 0x01, 'a'}).mid.view(), "a");
}

TEST(ParseHeaderExtensions, UnknownIdsAreSkipped) {
  const HeaderExtensions out = parse(0xbede, {0x71, 0xff, 0xff, 0x40, 'a'});
  EXPECT_EQ(out.mid.view(), "a");
}

TEST(ParseHeaderExtensions, AnotherProfileHoldsNothing) {
  EXPECT_TRUE(parse(0xabac, {0x40, 'a'}).mid.empty());
  EXPECT_TRUE(parse(0x1010, {0x04, 0x01, 'a'}).mid.empty());
}

TEST(ParseHeaderExtensions, AnElementBeyondTheEndIsMalformed) {
  EXPECT_EQ(parse(0xbede, {0x40, 'a', 0x31, 0x12}, false).mid.view(), "a");
  parse(0xbede, {0x40}, false);
  parse(0x1000, {0x04}, false);
  parse(0x1000, {0x04, 0x02, 'a'}, false);
}

TEST(ParseHeaderExtensions, AnEmptyBlockIsWellFormed) {
  EXPECT_TRUE(parse(0xbede, {}).mid.empty());
  EXPECT_TRUE(parse(0x1000, {0x00, 0x00}).mid.empty());
}

TEST(ParseHeaderExtensions, ValuesOfAnImpossibleSizeAreSkipped) {
  const HeaderExtensions out = parse(0xbede, {
                                                 0x11, 0x8f, 0x00,  // audio level of 2 bytes
                                                 0x21, 0x0a, 0x0b,  // abs-send-time of 2
                                                 0x30, 0x12,        // transport-wide sequence number of 1
                                                 0x51, 0x00, 0x10,  // playout delay of 2
                                                 0x61, 0x01, 0x01,  // content type of 2
                                                 0x86, 1,    2,    3, 4, 5, 6, 7,  // abs-capture-time of 7
                                                 0xd1, 0x03, 0x03,                 // orientation of 2
                                             });
  EXPECT_FALSE(out.audio_level || out.abs_send_time || out.transport_sequence || out.playout_delay);
  EXPECT_FALSE(out.video_content_type || out.abs_capture_time || out.video_orientation);
}

TEST(ParseHeaderExtensions, TextLosesItsPaddingAndMustBePrintable) {
  EXPECT_EQ(parse(0xbede, {0x42, 'a', 0, 0}).mid.view(), "a");
  EXPECT_TRUE(parse(0xbede, {0x42, 'a', 0, 'b'}).mid.empty());
  EXPECT_TRUE(parse(0xbede, {0x41, 'a', ' '}).mid.empty());
  EXPECT_TRUE(parse(0xbede, {0x41, 'a', 0x80}).mid.empty());
  Bytes long_mid(2 + 17, 'a');
  long_mid[0] = 0x04;
  long_mid[1] = 17;
  EXPECT_TRUE(parse(0x1000, long_mid).mid.empty());
}

TEST(WriteHeaderExtensions, WritesNothingWithoutValuesOrWithoutIds) {
  EXPECT_TRUE(write({}, chromium_map()).empty());
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("a");
  extensions.audio_level = AudioLevel{};
  extensions.transport_sequence = 1;
  ExtensionOffsets offsets{1, 1};
  EXPECT_TRUE(write(extensions, ExtensionMap(), &offsets).empty());
  EXPECT_EQ(offsets.transport_sequence, 0);
}

TEST(WriteHeaderExtensions, WritesTheOneByteFormAndTellsItsOffsets) {
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("v0");
  extensions.transport_sequence = 0x1234;
  extensions.abs_send_time = 0x0a0b0c;
  ExtensionOffsets offsets;
  Bytes written = write(extensions, chromium_map(), &offsets);
  EXPECT_EQ(written, (Bytes{
                         0xbe, 0xde, 0x00, 0x03,  // one-byte form, three words
                         0x31, 0x12, 0x34,        // transport-wide sequence number
                         0x22, 0x0a, 0x0b, 0x0c,  // abs-send-time
                         0x41, 'v', '0',          // mid
                         0x00, 0x00,              // padding
                     }));
  EXPECT_EQ(offsets.transport_sequence, 5);
  EXPECT_EQ(offsets.abs_send_time, 8);
  patch_transport_sequence(written, offsets, 0xfffe);
  patch_abs_send_time(written, offsets, 0x010203);
  EXPECT_EQ((Bytes(written.begin() + 4, written.begin() + 11)), (Bytes{0x31, 0xff, 0xfe, 0x22, 0x01, 0x02, 0x03}));
}

TEST(WriteHeaderExtensions, SixteenBytesStillFitTheOneByteForm) {
  const Bytes descriptor(16, 0x77);
  HeaderExtensions extensions;
  extensions.dependency_descriptor = descriptor;
  ExtensionMap map = chromium_map();
  map.allow_mixed = true;
  const Bytes written = write(extensions, map);
  ASSERT_EQ(written.size(), 24U);  // 4 + 1 + 16, padded
  EXPECT_EQ(written[0], 0xbe);
  EXPECT_EQ(written[4], 0xcf);
}

TEST(WriteHeaderExtensions, SeventeenBytesNeedTheTwoByteForm) {
  const Bytes descriptor(17, 0x77);
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("a");
  extensions.transport_sequence = 7;
  extensions.dependency_descriptor = descriptor;
  ExtensionMap map = chromium_map();
  map.allow_mixed = true;
  ExtensionOffsets offsets;
  const Bytes written = write(extensions, map, &offsets);
  ASSERT_EQ(written.size(), 32U);  // 4 + (2+2) + (2+1) + (2+17), padded
  EXPECT_EQ((Bytes(written.begin(), written.begin() + 14)), (Bytes{0x10, 0x00, 0x00, 0x07,  // seven words
                                                                   0x03, 0x02, 0x00, 0x07,  // sequence number
                                                                   0x04, 0x01, 'a',         // mid
                                                                   0x0c, 0x11, 0x77}));     // descriptor
  EXPECT_EQ(offsets.transport_sequence, 6);
}

TEST(WriteHeaderExtensions, WithoutMixingTheLongOneStaysOut) {
  const Bytes descriptor(17, 0x77);
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("a");
  extensions.dependency_descriptor = descriptor;
  EXPECT_EQ(write(extensions, chromium_map()), (Bytes{0xbe, 0xde, 0x00, 0x01, 0x40, 'a', 0x00, 0x00}));
  extensions.mid = {};
  EXPECT_TRUE(write(extensions, chromium_map()).empty());
}

TEST(WriteHeaderExtensions, AnIdAbove14NeedsTheTwoByteForm) {
  ExtensionMap map;
  ASSERT_TRUE(map.add(16, kVideoOrientation));
  HeaderExtensions extensions;
  extensions.video_orientation = 1;
  EXPECT_TRUE(write(extensions, map).empty());
  map.allow_mixed = true;
  EXPECT_EQ(write(extensions, map), (Bytes{0x10, 0x00, 0x00, 0x01, 0x10, 0x01, 0x01, 0x00}));
}

TEST(WriteHeaderExtensions, NoElementExceeds255Bytes) {
  const Bytes descriptor(256, 0x77);
  HeaderExtensions extensions;
  extensions.dependency_descriptor = descriptor;
  ExtensionMap map = chromium_map();
  map.allow_mixed = true;
  EXPECT_TRUE(write(extensions, map).empty());
  extensions.dependency_descriptor = ByteView(descriptor).first(255);
  EXPECT_EQ(write(extensions, map).size(), 264U);  // 4 + 2 + 255, padded
}

TEST(WriteHeaderExtensions, ABufferOneByteTooSmallGetsNothing) {
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("abc");
  std::array<uint8_t, 8> buffer{};
  EXPECT_EQ(write_header_extensions(MutableBytes(buffer).first(7), extensions, chromium_map()), 0U);
  EXPECT_EQ(buffer[0], 0);
  EXPECT_EQ(write_header_extensions(buffer, extensions, chromium_map()), 8U);
}

TEST(WriteHeaderExtensions, WritesEachScalarInItsLayout) {
  HeaderExtensions extensions;
  extensions.rid = ShortText::of("h");
  extensions.repaired_rid = ShortText::of("q");
  extensions.audio_level = AudioLevel{true, 127};
  extensions.abs_capture_time = AbsCaptureTime{0x0102030405060708, -2};
  extensions.video_orientation = 2;
  extensions.playout_delay = 0x123456;
  extensions.video_content_type = 1;
  EXPECT_EQ(write(extensions, chromium_map()), (Bytes{
                                                   0xbe, 0xde, 0x00, 0x08,                             // eight words
                                                   0xa0, 'h',                                          // rid
                                                   0xb0, 'q',                                          // repaired rid
                                                   0x10, 0xff,                                         // audio level
                                                   0x8f, 1,    2,    3,    4,    5,    6,    7,    8,  // capture time
                                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,  // its clock offset
                                                   0xd0, 0x02,                                      // orientation
                                                   0x52, 0x12, 0x34, 0x56,                          // playout delay
                                                   0x60, 0x01,                                      // content type
                                                   0x00,                                            // padding
                                               }));
}

TEST(AbsSendTime, CountsInQuartersOfAMillionAndWrapsAfter64Seconds) {
  EXPECT_EQ(to_abs_send_time(Timestamp(0s)), 0U);
  EXPECT_EQ(to_abs_send_time(Timestamp(1s)), 1U << 18);
  EXPECT_EQ(to_abs_send_time(Timestamp(500ms)), 1U << 17);
  EXPECT_EQ(to_abs_send_time(Timestamp(64s)), 0U);
  EXPECT_EQ(to_abs_send_time(Timestamp(std::chrono::hours(24 * 365) + 1s)), 1U << 18);  // 31536000 = 492750 × 64
  EXPECT_EQ(to_abs_send_time(Timestamp(64s - 1ns)), 0xffffffU);
}

}  // namespace
}  // namespace eir
