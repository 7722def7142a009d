#include "lib/rtp/rtcp_feedback.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace eir {
namespace {

using Bytes = std::vector<uint8_t>;
using Numbers = std::vector<uint16_t>;

constexpr FeedbackSsrcs kSsrcs{.sender = Ssrc(0x11), .media = Ssrc(0x22)};

const Bytes kNack = {
    0x81, 0xcd, 0x00, 0x04,  // RTPFB, NACK, five words
    0x00, 0x00, 0x00, 0x11,  // sender
    0x00, 0x00, 0x00, 0x22,  // media
    0xff, 0xfe, 0x80, 0x01,  // 65534; 65535 and 14 behind the wrap
    0x00, 0x0f, 0x00, 0x00,  // 15, one beyond the reach of the first
};
const Numbers kNackNumbers = {0xfffe, 0xffff, 0x000e, 0x000f};

RtcpBlock only_block(const Bytes& packet) {
  RtcpIterator packets(packet);
  const auto block = packets.next();
  EXPECT_TRUE(block && !packets.next() && !packets.failed());
  return block.value_or(RtcpBlock{});
}

Numbers numbers_of(const Nack& nack) {
  Numbers numbers;
  nack.for_each([&](uint16_t number) { numbers.push_back(number); });
  return numbers;
}

TEST(Nack, NamesThePacketAndTheSixteenAfterItAcrossTheWrap) {
  const auto nack = Nack::parse(only_block(kNack));
  ASSERT_TRUE(nack);
  EXPECT_EQ(nack->ssrcs, kSsrcs);
  ASSERT_EQ(nack->items.size(), 2U);
  EXPECT_EQ(nack->items[0], (NackItem{0xfffe, 0x8001}));
  EXPECT_EQ(numbers_of(*nack), kNackNumbers);
}

TEST(Nack, RefusesAMessageWithoutItems) {
  EXPECT_FALSE(Nack::parse(only_block({0x81, 0xcd, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2})));
  EXPECT_FALSE(Nack::parse(only_block({0x81, 0xcd, 0x00, 0x01, 0, 0, 0, 1})));
  EXPECT_FALSE(Nack::parse(only_block({0x82, 0xcd, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0})));
  EXPECT_FALSE(Nack::parse(only_block({0x81, 0xce, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0})));
}

TEST(WriteNack, PacksSeventeenNumbersIntoOneItem) {
  Bytes buffer(100);
  ByteWriter writer(buffer);
  EXPECT_EQ(write_nack(writer, kSsrcs, kNackNumbers), 4U);
  buffer.resize(writer.size());
  EXPECT_EQ(buffer, kNack);
}

TEST(WriteNack, ARepeatedNumberStartsANewItem) {
  Bytes buffer(100);
  ByteWriter writer(buffer);
  EXPECT_EQ(write_nack(writer, kSsrcs, Numbers{5, 5}), 2U);
  EXPECT_EQ(writer.size(), 20U);
}

TEST(WriteNack, GoesOnInTheNextMessage) {
  const std::span<const uint16_t> numbers(kNackNumbers);
  Bytes first(19);
  ByteWriter writer(first);
  ASSERT_EQ(write_nack(writer, kSsrcs, numbers), 3U);
  first.resize(writer.size());
  EXPECT_EQ(numbers_of(*Nack::parse(only_block(first))), (Numbers{0xfffe, 0xffff, 0x000e}));
  Bytes second(16);
  ByteWriter rest(second);
  ASSERT_EQ(write_nack(rest, kSsrcs, numbers.subspan(3)), 1U);
  EXPECT_EQ(numbers_of(*Nack::parse(only_block(second))), (Numbers{0x000f}));
}

TEST(WriteNack, NothingFitsFifteenBytesAndNothingComesOfNothing) {
  Bytes buffer(15);
  ByteWriter writer(buffer);
  EXPECT_EQ(write_nack(writer, kSsrcs, kNackNumbers), 0U);
  Bytes large(100);
  ByteWriter idle(large);
  EXPECT_EQ(write_nack(idle, kSsrcs, {}), 0U);
  EXPECT_EQ(idle.size(), 0U);
  ByteWriter tiny(MutableBytes(large).first(11));
  EXPECT_EQ(write_nack(tiny, kSsrcs, kNackNumbers), 0U);
}

TEST(WriteNack, EveryNumberOfALongListIsNamedOnce) {
  Numbers numbers;
  numbers.reserve(1000);
  for (uint32_t i = 0; i < 1000; ++i) numbers.push_back(static_cast<uint16_t>(65000 + 3 * i));
  Numbers read;
  for (size_t at = 0; at < numbers.size();) {
    Bytes buffer(100);
    ByteWriter writer(buffer);
    const size_t named = write_nack(writer, kSsrcs, std::span(numbers).subspan(at));
    ASSERT_GT(named, 0U);
    buffer.resize(writer.size());
    for (const uint16_t number : numbers_of(*Nack::parse(only_block(buffer)))) read.push_back(number);
    at += named;
  }
  EXPECT_EQ(read, numbers);
}

TEST(Pli, ReadsAndWrites) {
  const Bytes packet = {0x81, 0xce, 0x00, 0x02, 0, 0, 0, 0x11, 0, 0, 0, 0x22};
  const auto pli = Pli::parse(only_block(packet));
  ASSERT_TRUE(pli);
  EXPECT_EQ(pli->ssrcs, kSsrcs);
  Bytes buffer(12);
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_pli(writer, kSsrcs));
  EXPECT_EQ(buffer, packet);
  EXPECT_FALSE(write_pli(writer, kSsrcs));
  EXPECT_FALSE(Pli::parse(only_block({0x81, 0xce, 0x00, 0x01, 0, 0, 0, 1})));
  EXPECT_FALSE(Pli::parse(only_block({0x84, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2})));
}

TEST(Fir, ReadsAndWritesEachEntry) {
  const Bytes packet = {
      0x84, 0xce, 0x00, 0x06,                 // PSFB, FIR, seven words
      0x00, 0x00, 0x00, 0x11,                 // sender
      0x00, 0x00, 0x00, 0x00,                 // media: unused
      0x00, 0x00, 0x00, 0x22, 0xff, 0, 0, 0,  // source, request 255
      0x00, 0x00, 0x00, 0x33, 0x00, 0, 0, 0,  // source, request 0
  };
  const auto fir = Fir::parse(only_block(packet));
  ASSERT_TRUE(fir);
  EXPECT_EQ(fir->sender, Ssrc(0x11));
  const std::array<FirEntry, 2> entries = {FirEntry{Ssrc(0x22), 255}, FirEntry{Ssrc(0x33), 0}};
  ASSERT_EQ(fir->entries.size(), 2U);
  EXPECT_EQ(fir->entries[0], entries[0]);
  EXPECT_EQ(fir->entries[1], entries[1]);
  Bytes buffer(28);
  ByteWriter writer(buffer);
  ASSERT_TRUE(write_fir(writer, Ssrc(0x11), entries));
  EXPECT_EQ(buffer, packet);
}

TEST(Fir, NeedsAnEntry) {
  EXPECT_FALSE(Fir::parse(only_block({0x84, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 0})));
  EXPECT_FALSE(Fir::parse(only_block({0x84, 0xce, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2})));
  Bytes buffer(28);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_fir(writer, Ssrc(1), {}));
}

TEST(Remb, ReadsAndWritesARate) {
  const Bytes packet = {
      0x8f, 0xce, 0x00, 0x05,  // PSFB, application, six words
      0x00, 0x00, 0x00, 0x11,  // sender
      0x00, 0x00, 0x00, 0x00,  // media: unused
      'R',  'E',  'M',  'B',   //
      0x01, 0x0b, 0xd0, 0x90,  // one source; exponent 2, mantissa 250000
      0x00, 0x00, 0x00, 0x22,  // source
  };
  const auto remb = Remb::parse(only_block(packet));
  ASSERT_TRUE(remb);
  EXPECT_EQ(remb->sender, Ssrc(0x11));
  EXPECT_EQ(remb->bitrate, DataRate::kbps(1000));
  ASSERT_EQ(remb->sources.size(), 1U);
  EXPECT_EQ(remb->sources[0], Ssrc(0x22));
  Bytes buffer(24);
  ByteWriter writer(buffer);
  const Ssrc source(0x22);
  ASSERT_TRUE(write_remb(writer, Ssrc(0x11), DataRate::kbps(1000), {&source, 1}));
  EXPECT_EQ(buffer, packet);
}

Bytes remb_of(uint32_t exponent_and_mantissa, uint8_t sources = 0) {
  Bytes packet = {0x8f, 0xce, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', sources, 0, 0, 0};
  store_u24(&packet[17], exponent_and_mantissa);
  return packet;
}

TEST(Remb, RatesBeyond63BitsAreRefused) {
  EXPECT_EQ(Remb::parse(only_block(remb_of(62U << 18 | 1)))->bitrate.bps(), int64_t{1} << 62);
  EXPECT_FALSE(Remb::parse(only_block(remb_of(63U << 18 | 1))));
  EXPECT_TRUE(Remb::parse(only_block(remb_of(45U << 18 | 0x3ffff))));
  EXPECT_FALSE(Remb::parse(only_block(remb_of(46U << 18 | 0x3ffff))));
  EXPECT_EQ(Remb::parse(only_block(remb_of(63U << 18)))->bitrate.bps(), 0);
}

TEST(Remb, RefusesOtherNamesAndASourceTooFew) {
  EXPECT_FALSE(Remb::parse(only_block(remb_of(1, 1))));
  Bytes other = remb_of(1);
  other[15] = 'C';
  EXPECT_FALSE(Remb::parse(only_block(other)));
}

TEST(Remb, RoundsDownTo18BitsAndKeepsSmallRates) {
  const std::vector<std::pair<int64_t, int64_t>> given_and_read = {
      {0, 0}, {262143, 262143}, {262144, 262144}, {262145, 262144}, {INT64_MAX, int64_t{0x3ffff} << 45}};
  for (const auto& [given, read] : given_and_read) {
    Bytes buffer(20);
    ByteWriter writer(buffer);
    ASSERT_TRUE(write_remb(writer, Ssrc(1), DataRate::bps(given), {}));
    EXPECT_EQ(Remb::parse(only_block(buffer))->bitrate.bps(), read);
  }
  Bytes buffer(20);
  ByteWriter writer(buffer);
  EXPECT_FALSE(write_remb(writer, Ssrc(1), DataRate::bps(-1), {}));
}

}  // namespace
}  // namespace eir
