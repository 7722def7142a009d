#include "lib/client/frame_checker.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

constexpr Timestamp kStart{Duration(100s)};

// A stream of VP8 frames of two packets each: frame n has the sequence numbers 2n and 2n + 1.
struct Stream {
  FrameChecker checker;
  ReceiverStats stats;
  Timestamp now = kStart;

  static PacketFacts packet(int64_t sequence, uint32_t csrc = 1) {
    const int64_t frame = sequence / 2;
    PacketFacts facts;
    facts.sequence = sequence;
    facts.csrc = csrc;
    facts.timestamp = static_cast<uint32_t>(frame * 3000);
    facts.picture_id = static_cast<uint16_t>(frame & 0x7fff);
    facts.tl0_pic_idx = static_cast<uint8_t>(frame);
    facts.has_picture_id = facts.has_tl0 = true;
    facts.frame_start = sequence % 2 == 0;
    facts.marker = sequence % 2 == 1;
    return facts;
  }
  void give(PacketFacts facts) { checker.handle_packet(now, facts, stats); }
  void frame(int64_t number, bool is_key = false, uint32_t csrc = 1) {
    PacketFacts first = packet(2 * number, csrc);
    first.key_frame = is_key;
    give(first);
    give(packet(2 * number + 1, csrc));
    now += 33ms;
  }
  uint64_t breaks() const {
    return stats.picture_id_breaks + stats.tl0_breaks + stats.timestamp_breaks + stats.changes_without_key;
  }
};

TEST(FrameChecker, WholeFramesAfterAKeyFrameAreDecodable) {
  Stream stream;
  stream.frame(100, true);
  for (int i = 101; i < 110; ++i) stream.frame(i);
  EXPECT_EQ(stream.stats.decodable, 10U);
  EXPECT_EQ(stream.stats.key_frames, 1U);
  EXPECT_EQ(stream.stats.frame_gap_max, 33ms);
  EXPECT_EQ(stream.breaks(), 0U);
  EXPECT_EQ(stream.checker.broken_since(), kNever);
}

TEST(FrameChecker, DecodableFramesAreCountedBySize) {
  Stream stream;
  const auto key_frame = [&](int64_t number, uint16_t width, uint16_t height) {
    PacketFacts first = Stream::packet(2 * number);
    first.key_frame = true;
    first.width = width;
    first.height = height;
    stream.give(first);
    stream.give(Stream::packet(2 * number + 1));
  };
  key_frame(100, 320, 180);
  for (int i = 101; i < 104; ++i) stream.frame(i);
  key_frame(104, 1280, 720);
  stream.frame(105);
  key_frame(106, 320, 180);
  EXPECT_EQ(stream.stats.decodable_of(320, 180), 5U);
  EXPECT_EQ(stream.stats.decodable_of(1280, 720), 2U);
  EXPECT_EQ(stream.stats.decodable_of(640, 360), 0U);
  EXPECT_EQ(stream.stats.decodable, 7U);
}

TEST(FrameChecker, AFreezeThatLastsIsAGapToo) {
  Stream stream;
  stream.frame(100, true);
  stream.frame(101);
  EXPECT_EQ(stream.stats.longest_gap(kStart + 40ms), 33ms);
  EXPECT_EQ(stream.stats.longest_gap(kStart + 5s), 5s - 33ms);
}

TEST(FrameChecker, NothingIsDecodableBeforeAKeyFrame) {
  Stream stream;
  stream.frame(100);
  stream.frame(101);
  EXPECT_EQ(stream.stats.decodable, 0U);
  EXPECT_EQ(stream.checker.broken_since(), kStart);
  stream.frame(102, true);
  EXPECT_EQ(stream.stats.decodable, 1U);
  EXPECT_EQ(stream.checker.broken_since(), kNever);
}

TEST(FrameChecker, ReorderedPacketsAreReadInOrder) {
  Stream stream;
  stream.frame(100, true);
  stream.give(Stream::packet(203));
  stream.give(Stream::packet(204));
  stream.give(Stream::packet(202));
  stream.give(Stream::packet(205));
  EXPECT_EQ(stream.stats.decodable, 3U);
  EXPECT_EQ(stream.breaks(), 0U);
}

TEST(FrameChecker, AGapHoldsFramesUpUntilItIsFilled) {
  Stream stream;
  stream.frame(100, true);
  stream.give(Stream::packet(203));
  stream.frame(102);
  EXPECT_EQ(stream.stats.decodable, 1U);
  stream.give(Stream::packet(202));
  EXPECT_EQ(stream.stats.decodable, 3U);
}

TEST(FrameChecker, AGapGivenUpBreaksTheChainUntilTheNextKeyFrame) {
  Stream stream;
  stream.frame(100, true);
  stream.give(Stream::packet(203));
  EXPECT_EQ(stream.checker.next_timeout(), stream.now + FrameChecker::kGapMax);
  stream.now += FrameChecker::kGapMax;
  stream.checker.handle_timeout(stream.now, stream.stats);
  EXPECT_EQ(stream.checker.broken_since(), stream.now);
  stream.frame(102);
  EXPECT_EQ(stream.stats.decodable, 1U);
  stream.frame(103, true);
  stream.frame(104);
  EXPECT_EQ(stream.stats.decodable, 3U);
  EXPECT_EQ(stream.breaks(), 0U) << "what is missing breaks no numbering";
}

TEST(FrameChecker, TheRestOfAFrameThatWasGivenUpIsNoBreak) {
  Stream stream;
  stream.frame(100, true);
  PacketFacts first = Stream::packet(202);
  PacketFacts last = Stream::packet(203);
  last.sequence = 204;  // 203 is lost, between the two
  stream.give(first);
  stream.give(last);
  stream.now += FrameChecker::kGapMax;
  stream.checker.handle_timeout(stream.now, stream.stats);
  EXPECT_EQ(stream.stats.frames, 2U);
  EXPECT_EQ(stream.stats.decodable, 1U);
  EXPECT_EQ(stream.breaks(), 0U);
}

TEST(FrameChecker, AGapOfASecondOfFramesIsGivenUpAtOnce) {
  Stream stream;
  stream.frame(100, true);
  stream.frame(131);  // 31 frames of 33 ms later
  EXPECT_EQ(stream.stats.frames, 2U);
  EXPECT_EQ(stream.checker.broken_since(), kStart + 33ms);
}

TEST(FrameChecker, MoreThanTheWindowWithoutOnePacketIsGivenUpAtOnce) {
  Stream stream;
  stream.frame(100, true);
  for (int i = 102; i < 102 + 300; ++i) stream.frame(i);
  EXPECT_NE(stream.checker.broken_since(), kNever);
  EXPECT_GT(stream.stats.frames, 250U);
}

TEST(FrameChecker, APictureIdThatDoesNotGoOnIsCounted) {
  Stream stream;
  stream.frame(100, true);
  PacketFacts wrong = Stream::packet(202);
  wrong.picture_id = 102;
  stream.give(wrong);
  EXPECT_EQ(stream.stats.picture_id_breaks, 1U);
}

TEST(FrameChecker, PictureIdsWrapAt15Bits) {
  Stream stream;
  stream.frame(0x7fff, true);
  stream.frame(0x8000);
  EXPECT_EQ(stream.breaks(), 0U);
}

TEST(FrameChecker, Tl0PicIdxGoesOnWithLayerZeroAlone) {
  Stream stream;
  stream.frame(100, true);
  PacketFacts upper = Stream::packet(202);
  upper.temporal_layer = 1;
  upper.tl0_pic_idx = 100;
  stream.give(upper);
  EXPECT_EQ(stream.stats.tl0_breaks, 0U);
  stream.give(Stream::packet(203));
  stream.frame(102);  // TL0PICIDX 102 after 100 and one upper frame
  EXPECT_EQ(stream.stats.tl0_breaks, 1U);
}

TEST(FrameChecker, ATimestampThatStandsStillOrGoesBackIsCounted) {
  Stream stream;
  stream.frame(100, true);
  PacketFacts same = Stream::packet(202);
  same.timestamp = 100 * 3000;
  stream.give(same);
  EXPECT_EQ(stream.stats.timestamp_breaks, 1U);
  PacketFacts back = Stream::packet(203);
  back.timestamp = 99 * 3000;
  stream.give(back);
  EXPECT_EQ(stream.stats.timestamp_breaks, 2U);
}

TEST(FrameChecker, ASourceMayChangeAtAKeyFrameOnly) {
  Stream good;
  good.frame(100, true);
  good.frame(101, true, 2);
  EXPECT_EQ(good.stats.source_changes, 1U);
  EXPECT_EQ(good.stats.changes_without_key, 0U);
  Stream bad;
  bad.frame(100, true);
  bad.frame(101, false, 2);
  EXPECT_EQ(bad.stats.changes_without_key, 1U);
}

TEST(FrameChecker, PaddingIsPassedOver) {
  Stream stream;
  stream.frame(100, true);
  PacketFacts padding;
  padding.sequence = 202;
  padding.is_padding = true;
  stream.give(padding);
  PacketFacts whole = Stream::packet(202);
  whole.sequence = 203;
  whole.marker = true;
  stream.give(whole);
  EXPECT_EQ(stream.stats.decodable, 2U);
  EXPECT_EQ(stream.breaks(), 0U);
}

}  // namespace
}  // namespace eir
