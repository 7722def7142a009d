#include "lib/media/temporal_filter.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/base/random.h"
#include "lib/base/sequence.h"
#include "lib/media/forwarder.h"
#include "lib/media/receive_stream.h"
#include "tests/support/packets.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(1000s + d); }

// One slot and one source of VP8 in three temporal layers, a picture each 33 ms.
class TemporalTest : public testing::Test {
 protected:
  TemporalTest() { forwarder_.set_target(at(0ms), TrackId(7), &stream_, &clock_); }

  PacketPool pool_{8192};
  ReceiveStream stream_{{.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  PublisherClock clock_;
  ForwardCounters counters_;
  Forwarder forwarder_{MediaKind::kVideo, 1000, 5000, counters_};
  Ring<EgressEntry> out_{256};

  void put(uint16_t sequence, const TestVp8& vp8, uint32_t picture) {
    ASSERT_EQ(receive(at(picture * 33ms), pool_, stream_,
                      {.sequence = sequence, .timestamp = 90'000 + picture * 3000, .payload = vp8.payload()}),
              ReceiveStream::Outcome::kStored);
  }
  // A picture of one packet.
  void put_picture(uint16_t n, uint8_t temporal_layer, bool sync = false) {
    put(static_cast<uint16_t>(100 + n),
        {.key_frame = n == 0, .picture_id = n, .tl0_pic_idx = 0, .temporal_layer = temporal_layer, .sync = sync}, n);
  }
  struct Seen {
    int64_t out_sequence;
    EgressEntry::Kind kind;
    std::optional<RewrittenPacket> packet;
  };
  std::vector<Seen> pull() {
    forwarder_.pull(at(10s), out_);
    std::vector<Seen> all;
    while (!out_.empty()) {
      const EgressEntry entry = out_.pop();
      all.push_back({entry.out_sequence, entry.kind, forwarder_.rewrite(entry.out_sequence)});
    }
    return all;
  }
  // The numbers of the incoming pictures that came through.
  std::vector<int> pictures() {
    std::vector<int> all;
    for (const Seen& seen : pull()) {
      if (seen.packet) all.push_back(static_cast<int>(seen.packet->stored->timestamp - 90'000) / 3000);
    }
    return all;
  }
};

using Pictures = std::vector<int>;

TEST_F(TemporalTest, PicturesAboveTheLimitLeaveNoGapInNumbersAndPictureIds) {
  forwarder_.set_temporal_limit(1);
  const std::array<uint8_t, 8> layers = {0, 2, 1, 2, 0, 2, 1, 2};
  for (uint16_t n = 0; n < layers.size(); ++n) put_picture(n, layers[n]);
  const std::vector<Seen> seen = pull();
  ASSERT_EQ(seen.size(), 4U);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].out_sequence, 1000 + static_cast<int64_t>(i));
    ASSERT_TRUE(seen[i].packet);
    EXPECT_EQ(seen[i].packet->picture_id, i);
    EXPECT_EQ(seen[i].packet->timestamp, 5000 + i * 6000);
  }
  EXPECT_EQ(counters_.above_limit, 4U);
}

TEST_F(TemporalTest, WithoutALimitAllIsSent) {
  for (uint16_t n = 0; n < 8; ++n) put_picture(n, static_cast<uint8_t>(n % 4));
  EXPECT_EQ(pictures().size(), 8U);
}

TEST_F(TemporalTest, TheLimitFallsAtOnceButNotWithinAPicture) {
  put(100, {.key_frame = true, .picture_id = 0}, 0);
  put(101, {.start = true, .picture_id = 1, .temporal_layer = 2}, 1);
  EXPECT_EQ(pictures(), (Pictures{0, 1}));
  forwarder_.set_temporal_limit(0);
  put(102, {.start = false, .picture_id = 1, .temporal_layer = 2}, 1);
  put(103, {.start = true, .picture_id = 2, .temporal_layer = 1}, 2);
  put(104, {.start = false, .picture_id = 2, .temporal_layer = 1}, 2);
  put(105, {.picture_id = 3}, 3);
  const std::vector<Seen> seen = pull();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].packet->stored->sequence & 0xffff, 102);
  EXPECT_EQ(seen[1].packet->stored->sequence & 0xffff, 105);
  EXPECT_EQ(seen[1].packet->sequence, 1003);
  EXPECT_EQ(seen[1].packet->picture_id, 2);
}

TEST_F(TemporalTest, TheLimitRisesLayerByLayerWhereVp8SaysSo) {
  forwarder_.set_temporal_limit(0);
  put_picture(0, 0);
  put_picture(1, 2);
  EXPECT_EQ(pictures(), Pictures{0});
  forwarder_.set_temporal_limit(2);
  put_picture(2, 1);        // refers to a former one of its layer
  put_picture(3, 2, true);  // could be followed, but not those of layer 1 after it
  put_picture(4, 0);
  put_picture(5, 1, true);
  put_picture(6, 2);
  put_picture(7, 1);
  put_picture(8, 2, true);
  put_picture(9, 2);
  EXPECT_EQ(pictures(), (Pictures{4, 5, 7, 8, 9}));
}

TEST_F(TemporalTest, AKeyFrameLiftsTheLimitAtOnce) {
  forwarder_.set_temporal_limit(0);
  put_picture(0, 0);
  pull();
  forwarder_.set_temporal_limit(2);
  put_picture(1, 2);
  put(102, {.key_frame = true, .picture_id = 2}, 2);
  put_picture(3, 2);
  EXPECT_EQ(pictures(), (Pictures{2, 3}));
}

TEST_F(TemporalTest, ALatePacketOfAPictureLeftOutIsPaddingAndStaysSo) {
  forwarder_.set_temporal_limit(0);
  put_picture(0, 0);
  put(102, {.start = false, .picture_id = 1, .temporal_layer = 1}, 1);  // 101 began the picture and is missing
  put(103, {.picture_id = 2}, 2);
  std::vector<Seen> seen = pull();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].packet->sequence, 1002);  // 1001 is kept for 101
  EXPECT_EQ(seen[1].packet->picture_id, 1);
  put(101, {.start = true, .picture_id = 1, .temporal_layer = 1}, 1);
  seen = pull();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].kind, EgressEntry::Kind::kPadding);
  EXPECT_EQ(seen[0].out_sequence, 1001);
  EXPECT_FALSE(forwarder_.rewrite(1001));
  EXPECT_TRUE(forwarder_.rewrite(1002));
}

TEST_F(TemporalTest, APictureThatWasLostAsAWholeIsSentWhenItComes) {
  forwarder_.set_temporal_limit(0);
  put_picture(0, 0);
  put_picture(2, 0);
  EXPECT_EQ(pull()[1].packet->picture_id, 2);
  put_picture(1, 1);
  const std::vector<Seen> seen = pull();
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_TRUE(seen[0].packet);
  EXPECT_EQ(seen[0].packet->sequence, 1001);
  EXPECT_EQ(seen[0].packet->picture_id, 1);
}

TEST_F(TemporalTest, UntilASwitchTheFormerSourceKeepsItsOwnLimit) {
  ReceiveStream other({.ssrc = Ssrc(2), .codec = Codec::kVp8, .payload_type = 96, .nack = true});
  put_picture(0, 0);
  pull();
  forwarder_.set_target(at(10s), TrackId(7), &other, &clock_);
  forwarder_.set_temporal_limit(0, 1);
  put_picture(1, 2);
  put_picture(2, 1);
  EXPECT_EQ(pictures(), Pictures{2});
  const auto receive_other = [&](uint16_t sequence, const TestVp8& vp8) {
    receive(at(10s), pool_, other, {.sequence = sequence, .timestamp = sequence * 3000U, .payload = vp8.payload()});
  };
  receive_other(1, {.key_frame = true});
  receive_other(2, {.temporal_layer = 1});
  receive_other(3, {});
  EXPECT_EQ(pull().size(), 2U);
}

TEST(TemporalFilter, Vp9AndDescriptorsRiseBehindAPictureThatTheReceiverHas) {
  TemporalFilter filter;
  filter.set_limit(0);
  filter.begin();
  filter.set_limit(2);
  uint32_t timestamp = 0;
  const auto judge = [&](uint8_t layer, bool is_switch_point) {
    StoredPacket stored;
    stored.timestamp = ++timestamp;
    stored.info.temporal_layer = layer;
    stored.info.layer_switch_point = is_switch_point;
    return filter.judge(Codec::kVp9, stored, 0) == TemporalFilter::Verdict::kSend;
  };
  EXPECT_FALSE(judge(2, false));
  EXPECT_FALSE(judge(1, true));  // it may itself refer to one that was not sent
  EXPECT_TRUE(judge(0, false));
  EXPECT_FALSE(judge(1, false));
  EXPECT_TRUE(judge(0, true));
  EXPECT_TRUE(judge(2, false));
  EXPECT_TRUE(judge(1, false));
}

// VP9 names the pictures that it refers to by their ids: they stay as they are.
TEST(ForwarderOfVp9, PictureIdsAreNotClosedUp) {
  PacketPool pool(64);
  ReceiveStream stream({.ssrc = Ssrc(1), .codec = Codec::kVp9, .payload_type = 98, .nack = true});
  PublisherClock clock;
  ForwardCounters counters;
  Forwarder forwarder(MediaKind::kVideo, 1000, 5000, counters);
  forwarder.set_target(at(0s), TrackId(7), &stream, &clock);
  forwarder.set_temporal_limit(0);
  // I=1 P L=1 F=0 B=1 E=1; 7 bits of picture id; TID, U, SID, D; TL0PICIDX (RFC 9628 section 4.2).
  const auto put = [&](uint16_t n, uint8_t layer) {
    const uint8_t flags = n == 0 ? 0xac : 0xec;
    receive(at(n * 33ms), pool, stream,
            {.sequence = n,
             .timestamp = n * 3000U,
             .payload = {flags, static_cast<uint8_t>(n), static_cast<uint8_t>(layer << 5), 0, 0xaa}});
  };
  put(0, 0);
  put(1, 1);
  put(2, 0);
  Ring<EgressEntry> out(16);
  forwarder.pull(at(1s), out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(forwarder.rewrite(1000)->picture_id, 0);
  EXPECT_EQ(forwarder.rewrite(1001)->picture_id, 2);
}

// A receiver that takes every packet and decodes as VP8 with temporal layers is decoded: a picture refers to the last
// of each layer up to its own, one with Y only to the last of layer 0.
class Decoder {
 public:
  // False if the picture refers to one that did not come. `references` are incoming numbers.
  bool decodes(int picture, const std::array<int, 3>& references) {
    const bool has_all = std::ranges::all_of(references, [&](int each) { return each < 0 || decoded_[each]; });
    decoded_[picture] = has_all;
    return has_all;
  }

 private:
  std::map<int, bool> decoded_;
};

// A sender of pictures in libwebrtc's round, a few packets each, one now and then overtaken; a slot whose limit changes
// as it likes; and what the slot sent.
struct Story {
  static constexpr int kPictures = 400;
  using References = std::array<int, 3>;

  explicit Story(uint64_t seed) : random(seed) { forwarder.set_target(at(0s), TrackId(7), &stream, &clock); }

  void run() {
    for (int n = 0; n < kPictures; ++n) {
      if (random.chance(0.1)) forwarder.set_temporal_limit(static_cast<uint8_t>(random.below(3)));
      send_picture(n);
      forwarder.pull(at(n * 33ms), out);
      while (!out.empty()) {
        const EgressEntry entry = out.pop();
        const auto packet = forwarder.rewrite(entry.out_sequence);
        ASSERT_EQ(packet.has_value(), entry.kind == EgressEntry::Kind::kMedia);
        ASSERT_TRUE(sent.emplace(entry.out_sequence, packet.value_or(RewrittenPacket{})).second);
      }
    }
  }

  void send_picture(int n) {
    const auto layer = static_cast<uint8_t>(n % 4 == 0 ? 0 : n % 4 == 2 ? 1 : 2);
    const bool sync = layer > 0 && n % 8 < 3;
    References refers = {n == 0 ? -1 : last[0], -1, -1};
    for (size_t t = 1; t <= layer && !sync; ++t) refers[t] = last[t];
    references[n] = refers;
    last[layer] = n;
    const size_t size = 1 + random.below(3);
    packets_of[n] = size;
    for (size_t i = 0; i < size; ++i) {
      const TestVp8 vp8{.start = i == 0,
                        .key_frame = n == 0,
                        .picture_id = static_cast<uint16_t>(n),
                        .temporal_layer = layer,
                        .sync = sync};
      const TestRtp rtp{.sequence = sequence++,
                        .timestamp = static_cast<uint32_t>(n) * 3000,
                        .marker = i + 1 == size,
                        .payload = vp8.payload()};
      // Overtaken within its picture or by the next one's beginning.
      if (n > 0 && held.empty() && random.chance(0.1)) {
        held.push_back(rtp);
        if (size == 1) came_late.insert(n);
        continue;
      }
      receive(at(n * 33ms), pool, stream, rtp);
      for (const TestRtp& late : held) receive(at(n * 33ms), pool, stream, late);
      held.clear();
    }
  }

  SeededRandom random;
  PacketPool pool{4096};
  ReceiveStream stream{{.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  PublisherClock clock;
  ForwardCounters counters;
  Forwarder forwarder{MediaKind::kVideo, 1000, 0, counters};
  Ring<EgressEntry> out{256};
  uint16_t sequence = 0;
  References last = {0, -1, -1};
  std::vector<TestRtp> held;
  std::map<int, References> references;
  std::map<int, size_t> packets_of;
  std::set<int> came_late;  // as a whole
  std::map<int64_t, RewrittenPacket> sent;
};

// No gap in numbers or picture ids, pictures whole, all decodable.
TEST(ForwarderOfTemporalLayers, WhateverTheLimitDoesTheReceiverSeesAWholeStream) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Story story(seed);
    ASSERT_NO_FATAL_FAILURE(story.run());
    ASSERT_GT(story.counters.above_limit, 0U);
    Decoder decoder;
    int64_t next = 1000;
    int picture_id = -1;
    std::map<int, size_t> got;
    for (const auto& [out_sequence, packet] : story.sent) {
      ASSERT_EQ(out_sequence, next++);
      if (packet.stored == nullptr) continue;
      const int n = static_cast<int>(packet.timestamp / 3000);
      if (got[n]++ == 0) {
        ASSERT_EQ(packet.picture_id, picture_id + 1) << "picture " << n;
        ASSERT_TRUE(decoder.decodes(n, story.references[n]) || story.came_late.contains(n)) << "picture " << n;
      } else {
        ASSERT_EQ(packet.picture_id, picture_id) << "picture " << n;
      }
      picture_id = packet.picture_id;
    }
    got.erase(Story::kPictures - 1);  // its end may still be held
    for (const auto& [n, count] : got) ASSERT_EQ(count, story.packets_of[n]) << "picture " << n;
  }
}

}  // namespace
}  // namespace eir
