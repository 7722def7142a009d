#include "bench/ivf.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir::bench {
namespace {

std::vector<uint8_t> file_of_two_frames() {
  return {'D',  'K',  'I',  'F', 0,    0, 32,   0,              // signature, version, header size
          'V',  'P',  '8',  '0', 0x80, 2, 0x68, 1,              // codec, 640, 360
          30,   0,    0,    0,   1,    0, 0,    0,              // rate, scale
          2,    0,    0,    0,   0,    0, 0,    0,              // frames, unused
          3,    0,    0,    0,   0,    0, 0,    0, 0, 0, 0, 0,  // size, time
          0x10, 0x02, 0x00,                                     // a key frame's tag
          1,    0,    0,    0,   1,    0, 0,    0, 0, 0, 0, 0,  // size, time
          0x11};                                                // another frame's tag
}

TEST(IvfFile, ReadsHeaderAndFrames) {
  const std::vector<uint8_t> bytes = file_of_two_frames();
  const auto file = IvfFile::parse(bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->codec, "VP80");
  EXPECT_EQ(file->width, 640);
  EXPECT_EQ(file->height, 360);
  EXPECT_EQ(file->rate, 30U);
  EXPECT_EQ(file->scale, 1U);
  ASSERT_EQ(file->frames.size(), 2U);
  EXPECT_EQ(file->frames[0].bytes.size(), 3U);
  EXPECT_EQ(file->frames[1].pts, 1U);
  EXPECT_TRUE(is_vp8_key_frame(file->frames[0].bytes));
  EXPECT_FALSE(is_vp8_key_frame(file->frames[1].bytes));
}

TEST(IvfFile, EveryCutWithinAFrameIsRefused) {
  const std::vector<uint8_t> bytes = file_of_two_frames();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const bool is_whole = size == 32 || size == 47;  // after the header, after the first frame
    EXPECT_EQ(IvfFile::parse(ByteView(bytes).first(size)).has_value(), is_whole) << size;
  }
}

TEST(IvfFile, AnEmptyFrameIsRefused) {
  std::vector<uint8_t> bytes = file_of_two_frames();
  bytes.pop_back();
  bytes[47] = 0;  // the second frame's size, now true to the file
  EXPECT_FALSE(IvfFile::parse(bytes));
}

TEST(IvfFile, AFrameRateOfZeroIsRefused) {
  std::vector<uint8_t> bytes = file_of_two_frames();
  bytes[16] = 0;
  EXPECT_FALSE(IvfFile::parse(bytes));
}

}  // namespace
}  // namespace eir::bench
