#include "server/channel/frame.h"

#include <gtest/gtest.h>

#include "server/channel/messages.h"

namespace eir::channel {
namespace {

using namespace std::string_literals;

TEST(Frame, HasItsLengthInNetworkOrderAndTheDescriptorBit) {
  EXPECT_EQ(make_frame("{}", false), "\x00\x00\x00\x02{}"s);
  EXPECT_EQ(make_frame("{}", true), "\x80\x00\x00\x02{}"s);
}

TEST(FrameReader, FramesComeOutHoweverTheStreamIsCut) {
  const std::string stream = make_frame("first", false) + make_frame("", false) + make_frame("third", true);
  for (size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<Frame> frames;
    for (size_t at = 0; at < stream.size(); at += piece) {
      reader.append(std::string_view(stream).substr(at, piece));
      while (auto frame = reader.next()) frames.push_back(*frame);
    }
    ASSERT_EQ(frames.size(), 3U) << piece;
    EXPECT_EQ(frames[0].json, "first");
    EXPECT_FALSE(frames[0].has_descriptor);
    EXPECT_EQ(frames[1].json, "");
    EXPECT_EQ(frames[2].json, "third");
    EXPECT_TRUE(frames[2].has_descriptor);
  }
}

TEST(FrameReader, LongestFramePassesAndOneByteMoreBreaksTheStream) {
  FrameReader reader;
  reader.append(make_frame(std::string(kMessageBytesMax, 'x'), false));
  ASSERT_TRUE(reader.next().has_value());
  reader.append("\x00\x10\x00\x01"s);  // 2^20 + 1
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_TRUE(reader.is_broken());
  reader.append(make_frame("x", false));
  EXPECT_FALSE(reader.next().has_value());
}

}  // namespace
}  // namespace eir::channel
