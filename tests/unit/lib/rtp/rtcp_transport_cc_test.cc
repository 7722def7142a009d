#include "lib/rtp/rtcp_transport_cc.h"

#include <gtest/gtest.h>

#include <vector>

#include "lib/base/random.h"

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

RtcpBlock only_block(const Bytes& packet) {
  RtcpIterator packets(packet);
  const auto block = packets.next();
  EXPECT_TRUE(block && !packets.next() && !packets.failed());
  return block.value_or(RtcpBlock{});
}

std::vector<PacketStatus> statuses_of(const TransportCc& message) {
  std::vector<PacketStatus> statuses;
  message.for_each([&](const PacketStatus& status) { statuses.push_back(status); });
  return statuses;
}

// A message about `count` packets from sequence number 10 on, reference time 192 ms; `tail` is chunks, deltas, padding.
Bytes message_of(uint16_t count, const Bytes& tail) {
  Bytes packet = {0x8f, 0xcd, 0x00, 0x00, 0, 0, 0, 0x11, 0, 0, 0, 0x22, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x03, 0x07};
  packet.insert(packet.end(), tail.begin(), tail.end());
  EXPECT_EQ(packet.size() % 4, 0U);
  store_u16(&packet[2], static_cast<uint16_t>(packet.size() / 4 - 1));
  store_u16(&packet[14], count);
  return packet;
}

struct Written {
  size_t packets = 0;
  Bytes bytes;
};
Written write(std::span<const Timestamp> arrivals, size_t room = 1500, uint16_t base = 10) {
  Bytes buffer(room, 0xee);
  ByteWriter writer(buffer);
  Written written;
  written.packets = write_transport_cc(writer, {.ssrcs = {.sender = Ssrc(0x11), .media = Ssrc(0x22)},
                                                .base_sequence_number = base,
                                                .arrivals = arrivals,
                                                .feedback_count = 7});
  buffer.resize(writer.size());
  written.bytes = buffer;
  return written;
}

// The chunks and deltas of what was written.
Bytes tail_of(const Written& written) { return {written.bytes.begin() + 20, written.bytes.end()}; }

constexpr Timestamp at(Duration d) { return Timestamp(d); }

TEST(TransportCc, ReadsATwoBitVectorWithSmallLargeAndNegativeDeltas) {
  const Bytes packet = message_of(5, {
                                         0xd2, 0x40,  // two-bit symbols: small, lost, large, small, lost
                                         0x04,        // 1 ms
                                         0xff, 0xf8,  // −2 ms
                                         0xff,        // 63.75 ms
                                         0x00, 0x00,  // padding
                                     });
  const auto message = TransportCc::parse(only_block(packet));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->ssrcs, (FeedbackSsrcs{Ssrc(0x11), Ssrc(0x22)}));
  EXPECT_EQ(message->base_sequence_number, 10);
  EXPECT_EQ(message->packet_count, 5);
  EXPECT_EQ(message->reference_time, 3);
  EXPECT_EQ(message->feedback_count, 7);
  EXPECT_EQ(statuses_of(*message),
            (std::vector<PacketStatus>{{10, true, 1ms}, {11, false, {}}, {12, true, -2ms}, {13, true, 63750us}, {14}}));
}

TEST(TransportCc, ReadsOneBitVectorsAndRunsAcrossTheWrap) {
  Bytes packet = message_of(19, {
                                    0xaa, 0xaa,                     // one-bit symbols: 14, every other came
                                    0x20, 0x03,                     // three small deltas
                                    0x00, 0x02,                     // two lost
                                    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,  // deltas
                                });
  store_u16(&packet[12], 0xfff8);
  const auto message = TransportCc::parse(only_block(packet));
  ASSERT_TRUE(message);
  const auto statuses = statuses_of(*message);
  ASSERT_EQ(statuses.size(), 19U);
  EXPECT_EQ(statuses[0], (PacketStatus{0xfff8, true, 250us}));
  EXPECT_EQ(statuses[1], (PacketStatus{0xfff9, false, {}}));
  EXPECT_EQ(statuses[12], (PacketStatus{0x0004, true, 1750us}));
  EXPECT_EQ(statuses[13], (PacketStatus{0x0005, false, {}}));
  EXPECT_EQ(statuses[14], (PacketStatus{0x0006, true, 2ms}));
  EXPECT_EQ(statuses[16], (PacketStatus{0x0008, true, 2500us}));
  EXPECT_EQ(statuses[18], (PacketStatus{0x000a, false, {}}));
}

TEST(TransportCc, TheReferenceTimeIsSigned) {
  Bytes packet = message_of(1, {0x20, 0x01, 0x00, 0x00});
  store_u24(&packet[16], 0xffffff);
  EXPECT_EQ(TransportCc::parse(only_block(packet))->reference_time, -1);
  store_u24(&packet[16], 0x800000);
  EXPECT_EQ(TransportCc::parse(only_block(packet))->reference_time, -0x800000);
}

TEST(TransportCc, RefusesMissingChunksAndMissingDeltas) {
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(1, {}))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(3, {0x00, 0x01, 0x00, 0x01}))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(1, {0x00, 0x00, 0x00, 0x00}))));  // runs of nothing
  EXPECT_TRUE(TransportCc::parse(only_block(message_of(2, {0x20, 0x02, 0x01, 0x01}))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(3, {0x20, 0x03, 0x01, 0x01}))));
  EXPECT_TRUE(TransportCc::parse(only_block(message_of(1, {0x40, 0x01, 0x01, 0x01}))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(2, {0x40, 0x02, 0x01, 0x01}))));
}

TEST(TransportCc, RefusesReservedSymbolsThatCount) {
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(1, {0x60, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01}))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(2, {0xcc, 0x00, 0x01, 0x01}))));
  // Beyond the packet count the symbols of a vector mean nothing.
  EXPECT_TRUE(TransportCc::parse(only_block(message_of(1, {0xcc, 0x00, 0x01, 0x01}))));
}

TEST(TransportCc, RefusesNoPacketsAndMoreThanHalfTheCircle) {
  const Bytes runs = {0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x00, 0x00};
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(0, runs))));
  EXPECT_TRUE(TransportCc::parse(only_block(message_of(0x8000, runs))));
  EXPECT_FALSE(TransportCc::parse(only_block(message_of(0x8001, runs))));
}

TEST(TransportCc, RefusesARuntAndOtherMessages) {
  Bytes packet = message_of(1, {0x20, 0x01, 0x00, 0x00});
  packet[0] = 0x81;
  EXPECT_FALSE(TransportCc::parse(only_block(packet)));
  EXPECT_FALSE(TransportCc::parse(only_block({0x8f, 0xcd, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1})));
}

TEST(WriteTransportCc, WritesATwoBitVectorAndLeavesTrailingLossForLater) {
  const std::vector<Timestamp> arrivals = {at(193ms), kNever, at(191ms), at(254750us), kNever};
  const Written written = write(arrivals);
  EXPECT_EQ(written.packets, 4U);
  EXPECT_EQ(written.bytes, message_of(4, {0xd2, 0x40, 0x04, 0xff, 0xf8, 0xff, 0x00, 0x00}));
}

TEST(WriteTransportCc, WritesARun) {
  std::vector<Timestamp> arrivals;
  arrivals.reserve(20);
  for (int i = 0; i < 20; ++i) arrivals.push_back(at(192ms + i * 1ms));
  const Written written = write(arrivals);
  EXPECT_EQ(written.packets, 20U);
  EXPECT_EQ(written.bytes, message_of(20, {0x20, 0x14,                          // run of 20 small deltas
                                           0,    4,    4, 4, 4, 4, 4, 4, 4, 4,  // ten deltas
                                           4,    4,    4, 4, 4, 4, 4, 4, 4, 4,  // ten more
                                           0,    0}));                          // padding
}

TEST(WriteTransportCc, WritesAOneBitVector) {
  std::vector<Timestamp> arrivals;
  arrivals.reserve(13);
  for (int i = 0; i < 13; ++i) arrivals.push_back(i % 2 == 0 ? at(192ms) : kNever);
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xaa, 0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));  // 7 deltas, 3 of padding
}

TEST(WriteTransportCc, ALargeDeltaEndsAHalfFilledOneBitVector) {
  std::vector<Timestamp> arrivals;
  arrivals.reserve(9);
  for (int i = 0; i < 8; ++i) arrivals.push_back(i % 2 == 0 ? at(192ms) : kNever);
  arrivals.push_back(at(256ms));  // 256 ticks
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xd1, 0x11, 0xc8, 0x00, 0, 0, 0, 0, 0x01, 0x00, 0, 0}));
}

TEST(WriteTransportCc, RunsAreAsLongAsTheirThirteenBitsAndNotLonger) {
  std::vector<Timestamp> arrivals(1 + 13 + 8191, kNever);
  arrivals.front() = at(192ms);
  arrivals.back() = at(193ms);
  // A one-bit vector takes the first 14; then 8190 lost and one that came.
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xa0, 0x00, 0x1f, 0xfe, 0x20, 0x01, 0, 4}));
  arrivals.insert(arrivals.begin() + 1, 2, kNever);
  // Now 8192 lost after the vector: a full run, and one more in a two-bit vector with the last.
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xa0, 0x00, 0x1f, 0xff, 0xc4, 0x00, 0, 4}));
}

TEST(WriteTransportCc, TheLargestDeltasFitAndOneTickMoreStartsANewMessage) {
  std::vector<Timestamp> arrivals = {at(192ms), at(192ms + 32767 * 250us)};
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xd8, 0x00, 0x00, 0x7f, 0xff, 0, 0, 0}));
  arrivals[1] += 250us;
  EXPECT_EQ(write(arrivals).packets, 1U);
  arrivals = {at(9s), at(9s - 32 * 250us - 32768 * 250us)};  // 9 s are 40 ms, 160 ticks, after 140 × 64 ms
  EXPECT_EQ(write(arrivals).packets, 1U);
  arrivals[1] += 32 * 250us;
  EXPECT_EQ(tail_of(write(arrivals)), (Bytes{0xd8, 0x00, 0xa0, 0x80, 0x00, 0, 0, 0}));
}

TEST(WriteTransportCc, TheReferenceTimeWrapsAt24Bits) {
  const std::vector<Timestamp> arrivals = {at((int64_t{1} << 24) * 64ms + 5 * 64ms + 1ms)};
  const Written written = write(arrivals);
  const auto message = TransportCc::parse(only_block(written.bytes));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->reference_time, 5);
  EXPECT_EQ(statuses_of(*message)[0].delta, 1ms);
}

TEST(WriteTransportCc, NothingCameNothingIsWritten) {
  EXPECT_EQ(write({}).packets, 0U);
  const std::vector<Timestamp> lost(3, kNever);
  const Written written = write(lost);
  EXPECT_EQ(written.packets, 0U);
  EXPECT_TRUE(written.bytes.empty());
}

TEST(WriteTransportCc, NeverExceeds1200BytesNorTheBuffer) {
  const std::vector<Timestamp> arrivals(2000, at(192ms));
  const Written full = write(arrivals);
  EXPECT_EQ(full.bytes.size(), 1200U);
  EXPECT_EQ(full.packets, 1178U);  // 1200 − 20 − one run
  const Written small = write(arrivals, 31);
  EXPECT_EQ(small.bytes.size(), 28U);
  EXPECT_EQ(small.packets, 6U);  // 28 − 20 − one run
  EXPECT_EQ(write(arrivals, 24).packets, 2U);
  EXPECT_EQ(write(arrivals, 23).packets, 0U);
  EXPECT_EQ(write(arrivals, 3).packets, 0U);
}

// Whatever came when: the messages together say exactly that, in ticks of 250 µs.
void expect_round_trip(uint64_t seed) {
  SCOPED_TRACE(seed);
  SeededRandom random(seed);
  const double loss = random.unit();
  const uint64_t spread_us = uint64_t{1} << random.below(25);
  std::vector<Timestamp> arrivals;
  Timestamp now = at(Duration(random.below(1'000'000'000'000)));
  for (uint64_t i = 0, n = 1 + random.below(2000); i < n; ++i) {
    now += std::chrono::microseconds(random.below(spread_us));
    const auto early = std::chrono::microseconds(random.chance(0.05) ? random.below(spread_us) : 0);
    arrivals.push_back(random.chance(loss) ? kNever : now - early);
  }
  arrivals.back() = now;

  size_t done = 0;
  while (done < arrivals.size()) {
    const auto base = static_cast<uint16_t>(65000 + done);
    const Written written = write(std::span(arrivals).subspan(done), 40 + random.below(1400), base);
    ASSERT_GT(written.packets, 0U);
    ASSERT_LE(written.bytes.size(), kTransportCcBytesMax);
    const auto message = TransportCc::parse(only_block(written.bytes));
    ASSERT_TRUE(message);
    ASSERT_EQ(message->packet_count, written.packets);
    Duration time = message->reference_time * TransportCc::kReferenceUnit;
    for (const PacketStatus& status : statuses_of(*message)) {
      const Timestamp arrival = arrivals[done];
      ASSERT_EQ(status.sequence_number, static_cast<uint16_t>(65000 + done));
      ASSERT_EQ(status.received, arrival != kNever);
      time += status.delta;
      if (status.received) {
        ASSERT_EQ(time / 250us, arrival.time_since_epoch() / 250us);
      }
      ++done;
    }
  }
}

TEST(WriteTransportCc, MessagesSayExactlyWhatCame) {
  for (uint64_t seed = 1; seed <= 200; ++seed) expect_round_trip(seed);
}

}  // namespace
}  // namespace eir
