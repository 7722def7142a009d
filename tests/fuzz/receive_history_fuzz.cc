// covers: lib/media/receive_stream lib/media/packet_history lib/media/forwarder
// Two received streams and one slot behind them: packets, padding, retransmissions, reports, expiry, NACKs and switches
// as the input says, in virtual time. Buffers stay within their caps and nothing is sent twice under one number.
#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "lib/base/check.h"
#include "lib/media/forwarder.h"
#include "lib/media/receive_stream.h"
#include "tests/support/packets.h"

namespace eir {
namespace {

constexpr size_t kPackets = 2 * PacketHistory::kVideoPackets + 8;

class World {
 public:
  explicit World(ByteView data) : input_(data) {}

  void run() {
    while (input_.remaining() >= 3) {
      const uint8_t verb = input_.u8();
      const uint16_t value = input_.u16();
      now_ += std::chrono::milliseconds(verb >> 4 & 7);
      ReceiveStream& stream = (verb & 0x80) != 0 ? second_ : first_;
      if (!control(verb, value, stream)) packet(verb, value, stream);
      check();
    }
  }

 private:
  bool control(uint8_t verb, uint16_t value, ReceiveStream& stream) {
    switch (verb & 15) {
      case 0:
        forwarder_.set_target(now_, TrackId(1 + (verb >> 7)), &stream, &clock_);
        return true;
      case 1:
        sequence_ = value;
        return true;
      case 2:
        stream.expire(now_);
        return true;
      case 3:
        forwarder_.revoke(TrackId(1 + value % 2));
        return true;
      case 4:
        forwarder_.forget(&stream);
        return true;
      case 5:
        stream.make_report(now_);
        return true;
      case 6: {
        const SenderInfo info{.sender = stream.ssrc(), .ntp = NtpTime{uint64_t{value} << 32}, .rtp_timestamp = value};
        clock_.handle_sender_report(now_, info.ntp);
        stream.handle_sender_report(now_, info);
        return true;
      }
      case 7: {
        const auto again = forwarder_.rewrite(forwarder_.unwrap_out(value));
        if (again) EIR_CHECK(again->sequence == value);
        return true;
      }
      case 10:
        sequence_ = static_cast<uint16_t>(sequence_ - value % 64);
        return true;
      case 11:
        now_ += std::chrono::milliseconds(value);
        return true;
      default:
        return false;
    }
  }

  void packet(uint8_t verb, uint16_t value, ReceiveStream& stream) {
    switch (verb & 15) {
      case 8:
        receive(now_, pool_, stream, {.sequence = sequence_++, .payload = {}});
        return;
      case 9:
        return retransmission(verb, value, stream);
      default:
        break;
    }
    if (value % 4 == 0) timestamp_ += 3000;
    const TestVp8 vp8{.start = value % 3 != 0, .key_frame = value % 8 == 1, .picture_id = value};
    receive(now_, pool_, stream, {.sequence = sequence_++, .timestamp = timestamp_, .payload = vp8.payload()});
  }

  // The original number, then whatever the input has.
  void retransmission(uint8_t verb, uint16_t value, ReceiveStream& stream) {
    std::vector<uint8_t> payload = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
    const ByteView rest = input_.bytes(std::min<size_t>(input_.remaining(), verb >> 4));
    payload.insert(payload.end(), rest.begin(), rest.end());
    PacketPtr packet = pool_.allocate();
    EIR_CHECK(packet->assign(TestRtp{.payload = payload}.bytes()));
    const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
    stream.handle_rtx(now_, std::move(packet), *view, {});
  }

  void check() {
    forwarder_.pull(now_, out_);
    while (!out_.empty()) {
      const EgressEntry entry = out_.pop();
      EIR_CHECK(sent_.insert(entry.out_sequence).second);
      static_cast<void>(forwarder_.rewrite(entry.out_sequence));
    }
    EIR_CHECK(first_.nacks().missing() <= NackTracker::kMissingMax);
    EIR_CHECK(pool_.in_use() <= kPackets);
  }

  ByteReader input_;
  PacketPool pool_{kPackets};
  ReceiveStream first_{{.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  ReceiveStream second_{{.ssrc = Ssrc(2), .codec = Codec::kVp8, .payload_type = 96, .nack = true}};
  PublisherClock clock_;
  Forwarder forwarder_{MediaKind::kVideo, 1, 0};
  Ring<EgressEntry> out_{64};
  Timestamp now_{1s};
  uint16_t sequence_ = 0;
  uint32_t timestamp_ = 0;
  std::set<int64_t> sent_;
};

}  // namespace
}  // namespace eir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  eir::World(eir::ByteView{data, size}).run();
  return 0;
}
