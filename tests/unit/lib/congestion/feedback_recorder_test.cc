#include "lib/congestion/feedback_recorder.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "lib/base/random.h"
#include "lib/rtp/rtcp_transport_cc.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }
constexpr FeedbackSsrcs kSsrcs{.sender = Ssrc(1), .media = Ssrc(2)};

// Reads all feedback that is due and adds it to `seen`: number → received.
int read_due(FeedbackRecorder& recorder, Timestamp now, std::map<uint16_t, bool>& seen) {
  int messages = 0;
  while (true) {
    std::array<uint8_t, 1200> buffer{};
    ByteWriter writer(buffer);
    if (!recorder.write_feedback(now, kSsrcs, writer)) return messages;
    ++messages;
    RtcpIterator blocks(writer.written());
    const auto block = blocks.next();
    const auto feedback = TransportCc::parse(*block);
    EXPECT_TRUE(feedback);
    feedback->for_each([&](const PacketStatus& status) { seen[status.sequence_number] = status.received; });
  }
}

TEST(FeedbackRecorder, SaysNothingBeforeTheInterval) {
  FeedbackRecorder recorder;
  EXPECT_EQ(recorder.next_timeout(), kNever);
  recorder.handle_packet(at(0ms), 7);
  EXPECT_EQ(recorder.next_timeout(), at(50ms));
  std::map<uint16_t, bool> seen;
  EXPECT_EQ(read_due(recorder, at(49ms), seen), 0);
  EXPECT_EQ(read_due(recorder, at(50ms), seen), 1);
  EXPECT_EQ(seen, (std::map<uint16_t, bool>{{7, true}}));
  EXPECT_EQ(recorder.next_timeout(), kNever);
}

TEST(FeedbackRecorder, ReportsLossAcrossTheWrap) {
  FeedbackRecorder recorder;
  recorder.handle_packet(at(0ms), 65534);
  recorder.handle_packet(at(1ms), 1);
  std::map<uint16_t, bool> seen;
  EXPECT_EQ(read_due(recorder, at(60ms), seen), 1);
  EXPECT_EQ(seen, (std::map<uint16_t, bool>{{65534, true}, {65535, false}, {0, false}, {1, true}}));
}

TEST(FeedbackRecorder, ALatePacketIsCountedAndNotReportedTwice) {
  FeedbackRecorder recorder;
  recorder.handle_packet(at(0ms), 1);
  recorder.handle_packet(at(0ms), 3);
  std::map<uint16_t, bool> seen;
  read_due(recorder, at(50ms), seen);
  recorder.handle_packet(at(55ms), 2);
  EXPECT_EQ(recorder.counters().late, 1U);
  EXPECT_EQ(read_due(recorder, at(500ms), seen), 0);
}

TEST(FeedbackRecorder, AJumpBeginsAnew) {
  FeedbackRecorder recorder;
  recorder.handle_packet(at(0ms), 1);
  recorder.handle_packet(at(0ms), 10'000);
  EXPECT_EQ(recorder.counters().jumps, 1U);
  std::map<uint16_t, bool> seen;
  read_due(recorder, at(50ms), seen);
  EXPECT_EQ(seen, (std::map<uint16_t, bool>{{10'000, true}}));
}

TEST(FeedbackRecorder, PropertyEveryPacketIsReportedOnce) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    FeedbackRecorder recorder;
    std::map<uint16_t, bool> sent;
    std::map<uint16_t, bool> seen;
    Timestamp now = at(0ms);
    for (uint16_t number = 60'000; number != 10'000; ++number) {
      now += Duration(static_cast<int64_t>(random.below(3'000'000)));
      const bool arrives = number == 60'000 || number == 9'999 || !random.chance(0.1);
      if (arrives) recorder.handle_packet(now, number);
      sent[number] = arrives;
      if (now >= recorder.next_timeout()) EXPECT_GE(read_due(recorder, now, seen), 1);
    }
    read_due(recorder, now + 1s, seen);
    EXPECT_EQ(seen, sent);
  }
}

}  // namespace
}  // namespace eir
