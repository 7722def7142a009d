#include "lib/rtp/rtcp_reports.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;

// A sender report with one block and the CNAME after it, as browsers send them.
const Bytes kCompound = {
    0x81, 0xc8, 0x00, 0x0c,                // SR, one block, 13 words
    0x00, 0x00, 0x00, 0x11,                // sender
    0xe0, 0x01, 0x02, 0x03,                // NTP seconds
    0x80, 0x00, 0x00, 0x00,                // NTP fraction: a half
    0x00, 0x01, 0x5f, 0x90,                // RTP timestamp 90000
    0x00, 0x00, 0x00, 0x0a,                // 10 packets
    0x00, 0x00, 0x27, 0x10,                // 10000 bytes
    0x00, 0x00, 0x00, 0x22,                // source
    0x40, 0xff, 0xff, 0xfe,                // a quarter lost; cumulative −2
    0x00, 0x01, 0xff, 0xff,                // one cycle, sequence number 65535
    0x00, 0x00, 0x00, 0x5a,                // jitter 90
    0x02, 0x03, 0x80, 0x00,                // LSR
    0x00, 0x01, 0x00, 0x00,                // DLSR: 1 s
    0x81, 0xca, 0x00, 0x03,                // SDES, one chunk, 4 words
    0x00, 0x00, 0x00, 0x11,                // source
    0x01, 0x03, 'e',  'i',  'r', 0, 0, 0,  // CNAME, end
};

const SenderInfo kInfo{.sender = Ssrc(0x11),
                       .ntp = NtpTime{0xe001020380000000},
                       .rtp_timestamp = 90000,
                       .packet_count = 10,
                       .octet_count = 10000};
const ReportBlock kBlock{.source = Ssrc(0x22),
                         .fraction_lost = 64,
                         .cumulative_lost = -2,
                         .extended_highest_sequence = 0x1ffff,
                         .jitter = 90,
                         .last_sr = 0x02038000,
                         .delay_since_last_sr = 65536};

RtcpBlock only_block(const Bytes& packet) {
  RtcpIterator packets(packet);
  const auto block = packets.next();
  EXPECT_TRUE(block && !packets.next() && !packets.failed());
  return block.value_or(RtcpBlock{});
}

TEST(SenderReport, ReadsEveryField) {
  RtcpIterator packets(kCompound);
  const auto report = SenderReport::parse(*packets.next());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->info, kInfo);
  ASSERT_EQ(report->blocks.size(), 1U);
  EXPECT_EQ(report->blocks[0], kBlock);
  EXPECT_EQ(report->info.ntp.compact(), 0x02038000U);
}

TEST(SenderReport, WritesWhatItReads) {
  std::array<uint8_t, 68> buffer{};
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_sender_report(writer, kInfo, {&kBlock, 1}));
  ASSERT_TRUE(write_sdes_cname(writer, Ssrc(0x11), "eir"));
  EXPECT_EQ((Bytes(buffer.begin(), buffer.end())), kCompound);
}

TEST(SenderReport, RefusesACountBeyondItsBodyAndOtherTypes) {
  const Bytes one_missing = {0x81, 0xc8, 0x00, 0x06, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
                             0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(SenderReport::parse(only_block(one_missing)));
  const Bytes runt = {0x80, 0xc8, 0x00, 0x05, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(SenderReport::parse(only_block(runt)));
  const Bytes receiver = {0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1};
  EXPECT_FALSE(SenderReport::parse(only_block(receiver)));
}

TEST(ReceiverReport, ReadsBlocksAndIgnoresProfileExtensions) {
  Bytes packet = {0x81, 0xc9, 0x00, 0x08, 0x00, 0x00, 0x00, 0x11};
  packet.insert(packet.end(), kCompound.begin() + 28, kCompound.begin() + 52);
  packet.insert(packet.end(), {0xde, 0xad, 0xbe, 0xef});
  const auto report = ReceiverReport::parse(only_block(packet));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender, Ssrc(0x11));
  ASSERT_EQ(report->blocks.size(), 1U);
  EXPECT_EQ(report->blocks[0], kBlock);
}

TEST(ReceiverReport, MayBeEmpty) {
  std::array<uint8_t, 8> buffer{};
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_receiver_report(writer, Ssrc(0x01020304), {}));
  const Bytes written(buffer.begin(), buffer.end());
  EXPECT_EQ(written, (Bytes{0x80, 0xc9, 0x00, 0x01, 1, 2, 3, 4}));
  const auto report = ReceiverReport::parse(only_block(written));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->blocks.empty());
}

TEST(ReceiverReport, RefusesOneBlockTooFew) {
  const Bytes packet = {0x81, 0xc9, 0x00, 0x01, 0, 0, 0, 1};
  EXPECT_FALSE(ReceiverReport::parse(only_block(packet)));
  const Bytes empty = {0x80, 0xc9, 0x00, 0x00};
  EXPECT_FALSE(ReceiverReport::parse(only_block(empty)));
}

TEST(ReceiverReport, HoldsThirtyOneBlocksAndNotOneMore) {
  const std::vector<ReportBlock> blocks(32, kBlock);
  Bytes buffer(1000);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_receiver_report(writer, Ssrc(1), blocks));
  EXPECT_EQ(writer.size(), 0U);
  ASSERT_TRUE(write_receiver_report(writer, Ssrc(1), std::span(blocks).first(31)));
  buffer.resize(writer.size());
  EXPECT_EQ(buffer.size(), 752U);  // 8 + 31 × 24
  EXPECT_EQ(ReceiverReport::parse(only_block(buffer))->blocks.size(), 31U);
}

TEST(ReportBlock, CumulativeLossKeepsItsSignAndItsLimits) {
  const std::vector<std::pair<int32_t, int32_t>> given_and_read = {{0, 0},
                                                                   {-1, -1},
                                                                   {0x7fffff, 0x7fffff},
                                                                   {0x800000, 0x7fffff},
                                                                   {-0x800000, -0x800000},
                                                                   {-0x800001, -0x800000},
                                                                   {INT32_MAX, 0x7fffff},
                                                                   {INT32_MIN, -0x800000}};
  for (const auto& [given, read] : given_and_read) {
    ReportBlock block = kBlock;
    block.cumulative_lost = given;
    Bytes buffer(32);
    ByteWriter writer(buffer);
    ASSERT_TRUE(write_receiver_report(writer, Ssrc(1), {&block, 1}));
    EXPECT_EQ(ReceiverReport::parse(only_block(buffer))->blocks[0].cumulative_lost, read) << given;
    EXPECT_EQ(ReceiverReport::parse(only_block(buffer))->blocks[0].fraction_lost, 64);
  }
}

TEST(Reports, ABufferOneByteTooSmallGetsNothing) {
  Bytes buffer(51);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_sender_report(writer, kInfo, {&kBlock, 1}));
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_TRUE(write_sender_report(writer, kInfo, {}));
  EXPECT_EQ(writer.size(), 28U);
}

TEST(SdesReader, ReadsTheCnameOfEachChunk) {
  const Bytes packet = {
      0x82, 0xca, 0x00, 0x08,                         // two chunks
      0,    0,    0,    1,                            // source
      0x02, 0x02, 'h',  'i',                          // NAME, skipped
      0x01, 0x05, 'a',  '@',  'b', '.',  'c',  0x00,  // CNAME, end: exactly at the boundary
      0,    0,    0,    2,                            // source
      0x01, 0x00, 0x06, 0x01, 'x', 0x00, 0x00, 0x00,  // empty CNAME, TOOL, end
      0,    0,    0,    0,                            // left over
  };
  SdesReader chunks(only_block(packet));
  const auto first = chunks.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->source, Ssrc(1));
  EXPECT_EQ(first->cname, "a@b.c");
  const auto second = chunks.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->source, Ssrc(2));
  EXPECT_EQ(second->cname, "");
  EXPECT_FALSE(chunks.next());
  EXPECT_FALSE(chunks.failed());
}

TEST(SdesReader, StopsAtAChunkBeyondTheEnd) {
  const std::vector<Bytes> packets = {
      {0x81, 0xca, 0x00, 0x00},                              // no chunk
      {0x81, 0xca, 0x00, 0x01, 0, 0, 0, 1},                  // no end
      {0x81, 0xca, 0x00, 0x02, 0, 0, 0, 1, 1, 2, 'a', 'b'},  // no end after the item
      {0x81, 0xca, 0x00, 0x02, 0, 0, 0, 1, 1, 3, 'a', 'b'},  // item too long
  };
  for (const Bytes& packet : packets) {
    SdesReader chunks(only_block(packet));
    EXPECT_FALSE(chunks.next());
    EXPECT_TRUE(chunks.failed());
    EXPECT_FALSE(chunks.next());
  }
}

TEST(SdesReader, HasNoChunksForOtherTypes) {
  const Bytes packet = {0x81, 0xcb, 0x00, 0x01, 0, 0, 0, 1};
  SdesReader chunks(only_block(packet));
  EXPECT_FALSE(chunks.next());
  EXPECT_FALSE(chunks.failed());
}

TEST(WriteSdesCname, AlwaysEndsInAZeroByte) {
  const std::vector<std::pair<size_t, size_t>> cname_and_packet = {{0, 12}, {1, 12}, {2, 16},
                                                                   {5, 16}, {6, 20}, {255, 268}};
  for (const auto& [cname_size, packet_size] : cname_and_packet) {
    const std::string cname(cname_size, 'x');
    Bytes buffer(300, 0xee);
    ByteWriter writer(buffer);
    ASSERT_TRUE(write_sdes_cname(writer, Ssrc(7), cname));
    EXPECT_EQ(writer.size(), packet_size);
    buffer.resize(writer.size());
    EXPECT_EQ(buffer.back(), 0);
    SdesReader chunks(only_block(buffer));
    EXPECT_EQ(chunks.next()->cname, cname);
  }
}

TEST(WriteSdesCname, RefusesWhatDoesNotFit) {
  Bytes buffer(300);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_sdes_cname(writer, Ssrc(7), std::string(256, 'x')));
  ByteWriter small(MutableBytes(buffer).first(15));
  EXPECT_FALSE(write_sdes_cname(small, Ssrc(7), "eir"));
  EXPECT_EQ(small.size(), 0U);
}

TEST(Bye, ReadsSourcesAndReason) {
  const Bytes packet = {0x82, 0xcb, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 3, 'b', 'y', 'e'};
  const auto bye = Bye::parse(only_block(packet));
  ASSERT_TRUE(bye);
  ASSERT_EQ(bye->sources.size(), 2U);
  EXPECT_EQ(bye->sources[1], Ssrc(2));
  EXPECT_EQ(bye->reason, "bye");
}

TEST(Bye, MayNameNobody) {
  const Bytes packet = {0x80, 0xcb, 0x00, 0x00};
  const auto bye = Bye::parse(only_block(packet));
  ASSERT_TRUE(bye);
  EXPECT_TRUE(bye->sources.empty());
  EXPECT_TRUE(bye->reason.empty());
}

TEST(Bye, RefusesSourcesOrAReasonBeyondTheEnd) {
  EXPECT_FALSE(Bye::parse(only_block({0x82, 0xcb, 0x00, 0x01, 0, 0, 0, 1})));
  EXPECT_FALSE(Bye::parse(only_block({0x81, 0xcb, 0x00, 0x02, 0, 0, 0, 1, 4, 'b', 'y', 'e'})));
  EXPECT_FALSE(Bye::parse(only_block({0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1})));
}

TEST(Bye, WritesUpToThirtyOneSources) {
  const std::vector<Ssrc> sources(32, Ssrc(0x01020304));
  Bytes buffer(200);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_bye(writer, sources));
  ASSERT_TRUE(write_bye(writer, std::span(sources).first(1)));
  EXPECT_EQ((Bytes(buffer.begin(), buffer.begin() + 8)), (Bytes{0x81, 0xcb, 0x00, 0x01, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace eir
