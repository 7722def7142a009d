#include "lib/media/h264_parameter_sets.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

const std::vector<uint8_t> kSps = {0x67, 0x42, 0xe0, 0x1f, 0xda};
const std::vector<uint8_t> kPps = {0x68, 0xce, 0x38};

std::vector<uint8_t> stap_a(const H264ParameterSets& sets) {
  std::vector<uint8_t> out(H264ParameterSets::kStapABytesMax);
  out.resize(sets.write_stap_a(out));
  return out;
}

TEST(H264ParameterSets, SeparatePacketsBecomeOneStapA) {
  H264ParameterSets sets;
  sets.handle_payload(kSps);
  EXPECT_FALSE(sets.has_both());
  EXPECT_TRUE(stap_a(sets).empty());
  sets.handle_payload(kPps);
  EXPECT_TRUE(sets.has_both());
  const std::vector<uint8_t> expected = {0x78,                                   // NRI 3, STAP-A
                                         0,    5, 0x67, 0x42, 0xe0, 0x1f, 0xda,  // SPS
                                         0,    3, 0x68, 0xce, 0x38};             // PPS
  EXPECT_EQ(stap_a(sets), expected);
}

TEST(H264ParameterSets, AStapAIsKeptWithoutItsOtherUnits) {
  H264ParameterSets sets;
  sets.handle_payload(std::vector<uint8_t>{0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88});
  EXPECT_EQ(stap_a(sets), (std::vector<uint8_t>{0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce}));
}

TEST(H264ParameterSets, TheLastOfEachCounts) {
  H264ParameterSets sets;
  sets.handle_payload(kSps);
  sets.handle_payload(kPps);
  sets.handle_payload(std::vector<uint8_t>{0x67, 0x64});
  EXPECT_EQ(stap_a(sets), (std::vector<uint8_t>{0x78, 0, 2, 0x67, 0x64, 0, 3, 0x68, 0xce, 0x38}));
}

TEST(H264ParameterSets, SlicesAndFragmentsChangeNothing) {
  H264ParameterSets sets;
  sets.handle_payload(kSps);
  sets.handle_payload(kPps);
  const auto before = stap_a(sets);
  sets.handle_payload(std::vector<uint8_t>{0x65, 0x88});
  sets.handle_payload(std::vector<uint8_t>{0x7c, 0x87, 0x42});  // the start of a fragmented SPS
  sets.handle_payload({});
  EXPECT_EQ(stap_a(sets), before);
}

TEST(H264ParameterSets, TheLongestFitsAndOneByteMoreIsCounted) {
  H264ParameterSets sets;
  std::vector<uint8_t> sps(H264ParameterSets::kParameterSetBytesMax, 0x11);
  sps[0] = 0x67;
  std::vector<uint8_t> pps(H264ParameterSets::kParameterSetBytesMax, 0x22);
  pps[0] = 0x68;
  sets.handle_payload(sps);
  sets.handle_payload(pps);
  EXPECT_EQ(stap_a(sets).size(), H264ParameterSets::kStapABytesMax);
  EXPECT_EQ(sets.too_long(), 0U);
  sps.push_back(0x11);
  sets.handle_payload(sps);
  EXPECT_EQ(sets.too_long(), 1U);
  EXPECT_FALSE(sets.has_both());  // the old one describes a stream that is over
}

TEST(H264ParameterSets, NothingIsWrittenIntoTooSmallABuffer) {
  H264ParameterSets sets;
  sets.handle_payload(kSps);
  sets.handle_payload(kPps);
  std::vector<uint8_t> exact(13);
  EXPECT_EQ(sets.write_stap_a(exact), 13U);
  EXPECT_EQ(sets.write_stap_a(MutableBytes(exact).first(12)), 0U);
}

}  // namespace
}  // namespace eir
