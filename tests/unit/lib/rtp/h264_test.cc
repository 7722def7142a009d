#include "lib/rtp/h264.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

constexpr std::array<uint8_t, 9> kSps = {0x67, 0x42, 0xe0, 0x1f, 0xda, 0x02, 0x80, 0xf6, 0x40};  // 640×480
constexpr std::array<uint8_t, 4> kPps = {0x68, 0xce, 0x38, 0x80};
constexpr std::array<uint8_t, 3> kIdr = {0x65, 0x88, 0x80};  // first_mb_in_slice 0

// SPS, PPS and IDR together.
constexpr std::array<uint8_t, 23> kKeyFrame = {
    0x78,                                                              // NRI 3, STAP-A
    0x00, 0x09, 0x67, 0x42, 0xe0, 0x1f, 0xda, 0x02, 0x80, 0xf6, 0x40,  // SPS
    0x00, 0x04, 0x68, 0xce, 0x38, 0x80,                                // PPS
    0x00, 0x03, 0x65, 0x88, 0x80,                                      // IDR
};

TEST(H264, AStapAOfParameterSetsAndIdrIsAWholeKeyFrame) {
  const auto payload = parse_h264_payload(kKeyFrame);
  ASSERT_TRUE(payload);
  EXPECT_TRUE(payload->contains_sps);
  EXPECT_TRUE(payload->contains_pps);
  EXPECT_TRUE(payload->contains_idr);
  EXPECT_TRUE(payload->frame_start);
  EXPECT_FALSE(payload->discardable);
  const auto info = parse_h264(kKeyFrame, true);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->key_frame);
  EXPECT_TRUE(info->has_parameter_sets);
  EXPECT_TRUE(info->frame_start);
  EXPECT_TRUE(info->frame_end);
  EXPECT_EQ(info->width, 640);
  EXPECT_EQ(info->height, 480);
  EXPECT_FALSE(info->picture_id);
}

TEST(H264, EveryCutOfAStapAWithinAUnitIsMalformed) {
  for (size_t size = 0; size < kKeyFrame.size(); ++size) {
    const bool is_between_units = size == 12 || size == 18;
    EXPECT_EQ(parse_h264(ByteView(kKeyFrame).first(size), false).has_value(), is_between_units) << size;
  }
}

TEST(H264, SingleNalUnitsAreTold) {
  const auto idr = parse_h264(kIdr, false);
  ASSERT_TRUE(idr);
  EXPECT_TRUE(idr->key_frame);
  EXPECT_TRUE(idr->frame_start);
  EXPECT_FALSE(idr->has_parameter_sets);
  EXPECT_FALSE(idr->frame_end);

  const auto sps = parse_h264(kSps, false);
  ASSERT_TRUE(sps);
  EXPECT_TRUE(sps->key_frame);  // a switch starts here
  EXPECT_TRUE(sps->frame_start);
  EXPECT_FALSE(sps->has_parameter_sets);  // the PPS is elsewhere
  EXPECT_FALSE(sps->discardable);
  EXPECT_EQ(sps->width, 640);

  const auto pps = parse_h264(kPps, false);
  ASSERT_TRUE(pps);
  EXPECT_FALSE(pps->key_frame);
}

TEST(H264, SlicesTellWhetherTheyBeginAPictureAndAreReferredTo) {
  constexpr std::array<uint8_t, 2> kFirst = {0x41, 0x9a};         // NRI 2, first_mb_in_slice 0
  constexpr std::array<uint8_t, 2> kSecond = {0x41, 0x4a};        // first_mb_in_slice 1 (010)
  constexpr std::array<uint8_t, 2> kUnreferenced = {0x01, 0x9a};  // NRI 0
  EXPECT_TRUE(parse_h264(kFirst, false)->frame_start);
  EXPECT_FALSE(parse_h264(kFirst, false)->discardable);
  EXPECT_FALSE(parse_h264(kFirst, false)->key_frame);
  EXPECT_FALSE(parse_h264(kSecond, false)->frame_start);
  EXPECT_TRUE(parse_h264(kUnreferenced, false)->discardable);
}

TEST(H264, SeiIsNotDiscardableThoughNothingRefersToIt) {
  constexpr std::array<uint8_t, 3> kSei = {0x06, 0x05, 0x80};
  const auto info = parse_h264(kSei, false);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->discardable);
  EXPECT_TRUE(info->frame_start);
}

TEST(H264, FragmentsCountAsTheirNalUnit) {
  constexpr std::array<uint8_t, 3> kStart = {0x7c, 0x85, 0x88};    // FU-A, S=1, IDR, first_mb_in_slice 0
  constexpr std::array<uint8_t, 3> kLaterMb = {0x7c, 0x85, 0x48};  // S=1, first_mb_in_slice 1
  constexpr std::array<uint8_t, 3> kMiddle = {0x7c, 0x05, 0x88};   // S=0 E=0
  constexpr std::array<uint8_t, 3> kEnd = {0x1c, 0x41, 0x88};      // NRI 0, E=1, slice
  EXPECT_TRUE(parse_h264(kStart, false)->frame_start);
  EXPECT_TRUE(parse_h264(kStart, false)->key_frame);
  EXPECT_FALSE(parse_h264(kLaterMb, false)->frame_start);
  EXPECT_FALSE(parse_h264(kMiddle, false)->frame_start);
  EXPECT_TRUE(parse_h264(kMiddle, false)->key_frame);
  EXPECT_FALSE(parse_h264(kEnd, true)->key_frame);
  EXPECT_TRUE(parse_h264(kEnd, true)->discardable);
  EXPECT_TRUE(parse_h264(kEnd, true)->frame_end);
  EXPECT_FALSE(parse_h264(ByteView(kStart).first(2), false));  // no byte of the fragment
  EXPECT_FALSE(parse_h264(ByteView(kStart).first(1), false));
}

TEST(H264, OnlyThePacketTypesOfModesZeroAndOneAreTaken) {
  for (unsigned type = 0; type < 32; ++type) {
    const std::array<uint8_t, 5> packet = {static_cast<uint8_t>(0x60 | type), 0x00, 0x02, 0x41, 0x9a};
    const bool is_single = type >= 1 && type <= 23;
    const bool is_stap_a = type == 24;                                                 // holds the slice 41 9a
    EXPECT_EQ(parse_h264(packet, false).has_value(), is_single || is_stap_a) << type;  // as FU-A: type 0 within
  }
}

TEST(H264, AggregatesAndFragmentsDoNotNest) {
  constexpr std::array<uint8_t, 5> kStapInStap = {0x78, 0x00, 0x02, 0x78, 0x00};
  constexpr std::array<uint8_t, 5> kFuInStap = {0x78, 0x00, 0x02, 0x7c, 0x85};
  constexpr std::array<uint8_t, 3> kFuInFu = {0x7c, 0x9c, 0x00};
  constexpr std::array<uint8_t, 3> kEmptyUnit = {0x78, 0x00, 0x00};
  EXPECT_FALSE(parse_h264(kStapInStap, false));
  EXPECT_FALSE(parse_h264(kFuInStap, false));
  EXPECT_FALSE(parse_h264(kFuInFu, false));
  EXPECT_FALSE(parse_h264(kEmptyUnit, false));
}

TEST(H264, NalUnitsOfAPacketAreVisitedInOrder) {
  std::vector<NalType> types;
  std::vector<size_t> sizes;
  EXPECT_TRUE(for_each_nal(kKeyFrame, [&](NalType type, ByteView nal) {
    types.push_back(type);
    sizes.push_back(nal.size());
  }));
  EXPECT_EQ(types, (std::vector<NalType>{NalType::kSps, NalType::kPps, NalType::kIdr}));
  EXPECT_EQ(sizes, (std::vector<size_t>{9, 4, 3}));
}

TEST(H264, AFragmentHasNoWholeNalUnits) {
  constexpr std::array<uint8_t, 3> kFragment = {0x7c, 0x87, 0x42};
  int visits = 0;
  EXPECT_TRUE(for_each_nal(kFragment, [&visits](NalType, ByteView) { ++visits; }));
  EXPECT_EQ(visits, 0);
}

TEST(H264, WrittenStapAIsTheOneOfTheRfc) {
  std::array<uint8_t, 64> out{};
  const std::array<ByteView, 3> nals = {kSps, kPps, kIdr};
  const size_t size = write_stap_a(out, nals);
  ASSERT_EQ(size, kKeyFrame.size());
  EXPECT_TRUE(std::equal(kKeyFrame.begin(), kKeyFrame.end(), out.begin()));
}

TEST(H264, StapAHeaderTakesTheHighestNriAndAnyForbiddenBit) {
  std::array<uint8_t, 16> out{};
  constexpr std::array<uint8_t, 1> kLow = {0x21};        // NRI 1
  constexpr std::array<uint8_t, 1> kForbidden = {0x86};  // F=1, NRI 0
  const std::array<ByteView, 2> nals = {kLow, kForbidden};
  ASSERT_EQ(write_stap_a(out, nals), 7U);
  EXPECT_EQ(out[0], 0xb8);  // F=1, NRI 1, 24
}

TEST(H264, AStapAThatDoesNotFitIsNotWritten) {
  std::array<uint8_t, 23> exact{};
  const std::array<ByteView, 3> nals = {kSps, kPps, kIdr};
  EXPECT_EQ(write_stap_a(exact, nals), 23U);
  EXPECT_EQ(write_stap_a(MutableBytes(exact).first(22), nals), 0U);
  EXPECT_EQ(write_stap_a(exact, {}), 0U);
  const std::array<ByteView, 1> empty_nal = {ByteView{}};
  EXPECT_EQ(write_stap_a(exact, empty_nal), 0U);
}

}  // namespace
}  // namespace eir
