// covers: lib/media/receive_stream.cc lib/media/packet_history.cc lib/media/forwarder.cc
//
// Two received streams (VP8, Opus or H.264) and one slot behind them: packets, padding, retransmissions, reports,
// expiry, NACKs, revocations, temporal limits and switches as the input says, in virtual time. Buffers stay within
// their caps, a packet is stored once and as it came, no number is used for two packets, a repetition is what was sent
// first, a switch begins with a key frame, and nothing revoked is sent again.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/sequence.h"
#include "lib/media/forwarder.h"
#include "lib/media/receive_stream.h"
#include "tests/support/packets.h"

namespace eir {
namespace {

constexpr std::array kCodecs = {Codec::kVp8, Codec::kOpus, Codec::kH264};

// One for all runs: an empty history costs less than fresh memory.
PacketPool& pool() {
  static PacketPool pool(2 * PacketHistory::kVideoPackets + 8);
  return pool;
}

class World {
 public:
  explicit World(ByteView data) : input_(data), codec_(kCodecs[input_.u8() % kCodecs.size()]) {}

  void run() {
    while (input_.remaining() >= 3) {
      const uint8_t verb = input_.u8();
      const uint16_t value = input_.u16();
      now_ += std::chrono::milliseconds(verb >> 4 & 7);
      Received& received = (verb & 0x80) != 0 ? second_ : first_;
      if (!control(verb, value, received)) packet(verb, value, received);
      pull();
    }
  }

 private:
  struct Received {
    Received(uint32_t id, Codec codec)
        : track(id), stream({.ssrc = Ssrc(id), .codec = codec, .payload_type = 96, .nack = true}) {}
    TrackId track;
    ReceiveStream stream;
    std::map<int64_t, Timestamp> stored;
  };
  struct Sent {
    Timestamp arrival;
    TrackId track;
    std::vector<uint8_t> payload;
    uint32_t timestamp = 0;
    uint16_t picture_id = 0;
    bool is_media = false;
    bool is_gone = false;
  };

  bool control(uint8_t verb, uint16_t value, Received& received) {
    ReceiveStream& stream = received.stream;
    switch (verb & 15) {
      case 0:
        forwarder_.set_target(now_, received.track, value % 16 == 15 ? nullptr : &stream, &clock_);
        return true;
      case 1:
        sequence_ = value;
        return true;
      case 2:
        expire(stream);
        return true;
      case 3:
        forwarder_.revoke(received.track);
        forget_sent(received.track, false);
        return true;
      case 4:
        forwarder_.forget(&stream);
        forget_sent(received.track, true);
        return true;
      case 5:
        report(value, stream);
        return true;
      case 6:
        ask_sender(stream);
        return true;
      case 7:
        repeat(forwarder_.unwrap_out(value));
        return true;
      case 10:
        sequence_ = static_cast<uint16_t>(sequence_ - value % 64);
        return true;
      case 13:
        forwarder_.set_temporal_limit(value & 3, value >> 2 & 3);
        return true;
      case 11:
        now_ += std::chrono::milliseconds(value);
        return true;
      default:
        return false;
    }
  }

  void packet(uint8_t verb, uint16_t value, Received& received) {
    TestRtp rtp{.sequence = sequence_, .timestamp = timestamp_, .marker = value % 5 == 0, .payload = {}};
    switch (verb & 15) {
      case 8:  // padding alone
        break;
      case 9:
        return retransmission(verb, value, received.stream);
      case 12: {  // whatever the input has
        const ByteView rest = input_.bytes(std::min<size_t>(input_.remaining(), value % 64));
        rtp.payload.assign(rest.begin(), rest.end());
        break;
      }
      default:
        if (value % 4 == 0) timestamp_ += 3000;
        rtp.timestamp = timestamp_;
        rtp.payload = payload(value);
        break;
    }
    ++sequence_;
    receive(rtp, (verb & 15) == 12 && value >= 0x8000, received);
  }

  std::vector<uint8_t> payload(uint16_t value) const {
    const auto low = static_cast<uint8_t>(value);
    if (codec_ == Codec::kOpus) return {0x78, low};
    if (codec_ == Codec::kVp8) {
      return TestVp8{.start = value % 3 != 0,
                     .key_frame = value % 8 == 1,
                     .picture_id = value,
                     .temporal_layer = static_cast<uint8_t>(value % 8 == 1 ? 0 : value >> 8 & 3),
                     .sync = (value & 0x400) != 0}
          .payload();
    }
    switch (value % 8) {
      case 0:  // SPS of 320x240 and PPS
        return {0x78, 0, 7, 0x67, 0x42, 0xc0, 0x1f, 0xda, 0x05, 0x07, 0, 2, 0x68, low};
      case 1:  // IDR
        return {0x65, 0x88, low};
      case 2:  // IDR in parts
        return {0x7c, static_cast<uint8_t>(low % 2 == 0 ? 0x85 : 0x05), low};
      case 3:
        return {0x68, low};
      default:
        return {0x41, 0x9a, low};
    }
  }

  void receive(const TestRtp& rtp, bool with_descriptor, Received& received) {
    ReceiveStream& stream = received.stream;
    PacketPtr packet = pool().allocate();
    EIR_CHECK(packet->assign(rtp.bytes()));
    const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
    HeaderExtensions extensions;
    if (with_descriptor) extensions.dependency_descriptor = view->payload();
    if (stream.handle_packet(now_, std::move(packet), *view, extensions) != ReceiveStream::Outcome::kStored) return;
    const StoredPacket* const stored = stream.history().arrival(stream.history().arrivals() - 1);
    EIR_CHECK(stored != nullptr && static_cast<uint16_t>(stored->sequence) == rtp.sequence);
    EIR_CHECK(stored->timestamp == rtp.timestamp && std::ranges::equal(stored->payload(), rtp.payload));
    const auto [it, is_new] = received.stored.try_emplace(stored->sequence, now_);
    EIR_CHECK(is_new || now_ - it->second >= PacketHistory::kAgeMax || stream.history().dropped_early() > 0);
    EIR_CHECK(stream.history().bytes() <= PacketHistory::kVideoBytes);
    it->second = now_;
  }

  // The original number, then whatever the input has.
  void retransmission(uint8_t verb, uint16_t value, ReceiveStream& stream) {
    std::vector<uint8_t> bytes = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
    const ByteView rest = input_.bytes(std::min<size_t>(input_.remaining(), verb >> 4 & 7));
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    if ((verb & 0x10) != 0) {
      const std::vector<uint8_t> media = payload(value);
      bytes.insert(bytes.end(), media.begin(), media.end());
    }
    if (verb >> 4 == 2) bytes.clear();  // a probe
    PacketPtr packet = pool().allocate();
    EIR_CHECK(packet->assign(TestRtp{.timestamp = timestamp_, .payload = bytes}.bytes()));
    const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
    stream.handle_rtx(now_, std::move(packet), *view, {});
  }

  void expire(ReceiveStream& stream) {
    stream.expire(now_);
    const PacketHistory& history = stream.history();
    for (uint64_t n = history.oldest_arrival(); n < history.arrivals(); ++n) {
      const StoredPacket* const stored = history.arrival(n);
      EIR_CHECK(stored == nullptr || now_ - stored->arrival < PacketHistory::kAgeMax);
    }
  }

  void report(uint16_t value, ReceiveStream& stream) {
    const ReportBlock block = stream.make_report(now_);
    EIR_CHECK(block.source == stream.ssrc());
    static_cast<void>(forwarder_.report_timestamp(now_));
    const SenderInfo info{.sender = stream.ssrc(), .ntp = NtpTime{uint64_t{value} << 32}, .rtp_timestamp = value};
    clock_.handle_sender_report(now_, info.ntp);
    stream.handle_sender_report(now_, info);
  }

  // What is here is not asked for.
  void ask_sender(ReceiveStream& stream) const {
    std::array<uint16_t, 32> asked{};
    const size_t count = stream.collect_nacks(now_, 50ms, asked);
    const int64_t newest = stream.history().newest();
    for (const uint16_t number : std::span(asked).first(count)) {
      EIR_CHECK(!stream.history().contains(newest + wrapped_difference(number, static_cast<uint16_t>(newest))));
    }
  }

  void forget_sent(TrackId track, bool only_media) {
    for (auto& [out_sequence, sent] : sent_) {
      if (sent.track == track && (sent.is_media || !only_media)) sent.is_gone = true;
    }
  }

  void repeat(int64_t out_sequence) const {
    const auto again = forwarder_.rewrite(out_sequence);
    const auto it = sent_.find(out_sequence);
    if (!again || it == sent_.end()) return;
    const Sent& sent = it->second;
    EIR_CHECK(!sent.is_gone && again->sequence == static_cast<uint16_t>(out_sequence));
    // What came once more after its expiry is new to the history.
    if (again->stored != nullptr && again->stored->arrival != sent.arrival) {
      EIR_CHECK(again->stored->arrival - sent.arrival >= PacketHistory::kAgeMax || has_dropped_early());
      return;
    }
    EIR_CHECK(again->track == sent.track && std::ranges::equal(again->payload, sent.payload));
    EIR_CHECK(again->timestamp == sent.timestamp && again->picture_id == sent.picture_id);
  }

  bool has_dropped_early() const {
    return first_.stream.history().dropped_early() + second_.stream.history().dropped_early() > 0;
  }

  void pull() {
    const int64_t next = forwarder_.next_out();
    forwarder_.pull(now_, out_);
    const bool is_whole = out_.size() < out_.capacity();
    std::optional<RewrittenPacket> first;
    int64_t lowest = INT64_MAX;
    while (!out_.empty()) {
      const EgressEntry entry = out_.pop();
      const auto [it, is_new] = sent_.try_emplace(entry.out_sequence);
      if (!is_new) {
        repeat(entry.out_sequence);
        continue;
      }
      const auto packet = forwarder_.rewrite(entry.out_sequence);
      // What left as padding is never media when asked for again.
      EIR_CHECK(!packet || entry.kind != EgressEntry::Kind::kPadding);
      if (!packet) continue;
      it->second = {.arrival = packet->stored != nullptr ? packet->stored->arrival : now_,
                    .track = packet->track,
                    .payload = {packet->payload.begin(), packet->payload.end()},
                    .timestamp = packet->timestamp,
                    .picture_id = packet->picture_id,
                    .is_media = entry.kind == EgressEntry::Kind::kMedia};
      // What is below fills a gap of an earlier epoch.
      if (packet->stored == nullptr || entry.out_sequence < next || entry.out_sequence > lowest) continue;
      lowest = entry.out_sequence;
      first = packet;
    }
    if (forwarder_.take_switched() && is_whole && codec_ != Codec::kOpus) {
      EIR_CHECK(first && (first->stored->info.has_parameter_sets ||
                          (first->stored->info.key_frame && first->stored->info.frame_start)));
    }
    EIR_CHECK(pool().in_use() <= first_.stream.history().capacity() + second_.stream.history().capacity());
  }

  ByteReader input_;
  Codec codec_;
  Received first_{1, codec_};
  Received second_{2, codec_};
  PublisherClock clock_;
  ForwardCounters counters_;
  Forwarder forwarder_{kind_of(codec_), 1, 0, counters_};
  Ring<EgressEntry> out_{64};
  Timestamp now_{1s};
  uint16_t sequence_ = 0;
  uint32_t timestamp_ = 0;
  std::map<int64_t, Sent> sent_;
};

}  // namespace
}  // namespace eir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  eir::World(eir::ByteView{data, size}).run();
  EIR_CHECK(eir::pool().in_use() == 0);
  return 0;
}
