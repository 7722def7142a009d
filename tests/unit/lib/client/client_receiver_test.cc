#include "lib/client/client_receiver.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(10s + d); }

// A slot of which most packets are counted by their header alone.
class ClientReceiverTest : public testing::Test {
 protected:
  // SSRC 5, one CSRC, 4 bytes of payload.
  static std::vector<uint8_t> packet(uint16_t sequence, uint32_t csrc) {
    std::vector<uint8_t> bytes(20);
    bytes[0] = 0x81;
    bytes[1] = 111;
    store_u16(&bytes[2], sequence);
    store_u32(&bytes[8], 5);
    store_u32(&bytes[12], csrc);
    return bytes;
  }
  static ClientReceiver receiver(uint32_t decrypt_one_in) {
    ClientReceiver made(MediaKind::kAudio, "3", {.decrypt_one_in = decrypt_one_in});
    sdp::AnsweredMedia answered{.accepted = true, .client_receives = true};
    answered.codecs = {sdp::offered_codec(Codec::kOpus, 111)};
    answered.sources = {{Ssrc(5), std::nullopt}};
    made.apply(answered);
    return made;
  }
  // As Client does: by the header, or whole.
  static void put(ClientReceiver& receiver, uint16_t sequence, uint32_t csrc = 9) {
    const std::vector<uint8_t> bytes = packet(sequence, csrc);
    const auto view = RtpPacketView::parse(bytes);
    ASSERT_TRUE(view);
    if (receiver.wants_decrypted(sequence)) {
      receiver.handle_media(at(0ms), *view, bytes.size());
    } else {
      receiver.handle_header(at(0ms), *view);
    }
  }
};

TEST_F(ClientReceiverTest, OnePacketInSoManyIsDecrypted) {
  const ClientReceiver one_in_four = receiver(4);
  for (const uint16_t sequence : {0, 4, 1000, 65532}) EXPECT_TRUE(one_in_four.wants_decrypted(sequence)) << sequence;
  for (const uint16_t sequence : {1, 2, 3, 5, 65533, 65535}) {
    EXPECT_FALSE(one_in_four.wants_decrypted(sequence)) << sequence;
  }
}

TEST_F(ClientReceiverTest, OneAndZeroBothMeanAll) {
  for (const uint32_t all : {0U, 1U}) {
    const ClientReceiver every = receiver(all);
    for (const uint16_t sequence : {0, 1, 2, 65535}) EXPECT_TRUE(every.wants_decrypted(sequence)) << all;
  }
}

TEST_F(ClientReceiverTest, WhatIsReadByItsHeaderCountsAsTheRest) {
  ClientReceiver slot = receiver(4);
  // Eight numbers around the wrap, of which 65535 is lost and 1 comes twice and late: 65532 and 0 are decrypted.
  for (const uint16_t sequence : {65531, 65532, 65533, 65534, 0, 2, 1, 1}) put(slot, sequence);
  const ReceiverStats& stats = slot.stats();
  EXPECT_EQ(stats.packets, 7U);
  EXPECT_EQ(stats.header_only, 5U);
  EXPECT_EQ(stats.bytes, 7U * 20);
  EXPECT_EQ(stats.duplicates, 1U);
  EXPECT_EQ(stats.reordered, 1U);
  EXPECT_EQ(stats.verified + stats.corrupt + stats.unverifiable, 2U) << "the decrypted ones alone are looked into";
  EXPECT_EQ(slot.missing(), 1U);
  const auto report = slot.make_report(at(1s));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->cumulative_lost, 1);
  EXPECT_EQ(report->extended_highest_sequence, 0x10002U);
}

TEST_F(ClientReceiverTest, ASourceIsSeenInAHeaderToo) {
  ClientReceiver slot = receiver(1000);
  put(slot, 1, 9);
  EXPECT_EQ(slot.take_new_source(), 9U);
  put(slot, 2, 9);
  EXPECT_FALSE(slot.take_new_source());
  put(slot, 3, 10);
  EXPECT_EQ(slot.take_new_source(), 10U);
  ASSERT_EQ(slot.stats().csrcs.size(), 2U);
  EXPECT_EQ(slot.stats().csrcs[0].packets, 2U);
  EXPECT_EQ(slot.stats().csrcs[1].packets, 1U);
}

}  // namespace
}  // namespace eir
