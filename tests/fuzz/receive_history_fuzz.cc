// One received stream and one slot behind it: packets, padding, retransmissions, reports, expiry, NACKs and switches as
// the input says, in virtual time. Buffers stay within their caps and nothing is sent twice under one number.
#include <array>
#include <cstdint>
#include <set>

#include "lib/base/check.h"
#include "lib/media/forwarder.h"
#include "lib/media/receive_stream.h"
#include "tests/support/packets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  ByteReader input({data, size});
  constexpr size_t kPackets = 2 * PacketHistory::kVideoPackets + 8;
  PacketPool pool(kPackets);
  ReceiveStream first({.ssrc = Ssrc(1), .codec = Codec::kVp8, .payload_type = 96, .nack = true});
  ReceiveStream second({.ssrc = Ssrc(2), .codec = Codec::kVp8, .payload_type = 96, .nack = true});
  PublisherClock clock;
  Forwarder forwarder(MediaKind::kVideo, 1, 0);
  Ring<EgressEntry> out(64);
  Timestamp now(1s);
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  std::set<int64_t> sent;
  while (input.remaining() >= 3) {
    const uint8_t verb = input.u8();
    const uint16_t value = input.u16();
    ReceiveStream& stream = (verb & 0x80) != 0 ? second : first;
    now += std::chrono::milliseconds(verb >> 4 & 7);
    switch (verb & 15) {
      case 0:
        forwarder.set_target(now, TrackId(1 + (verb >> 7)), &stream, &clock);
        break;
      case 1:
        sequence = value;
        break;
      case 2:
        stream.expire(now);
        break;
      case 3:
        forwarder.revoke(TrackId(1 + value % 2));
        break;
      case 4:
        forwarder.forget(&stream);
        break;
      case 5:
        stream.make_report(now);
        break;
      case 6: {
        const SenderInfo info{.sender = stream.ssrc(), .ntp = NtpTime{uint64_t{value} << 32}, .rtp_timestamp = value};
        clock.handle_sender_report(now, info.ntp);
        stream.handle_sender_report(now, info);
        break;
      }
      case 7: {
        const auto again = forwarder.rewrite(forwarder.unwrap_out(value));
        if (again) EIR_CHECK(again->sequence == value);
        break;
      }
      case 8:
        receive(now, pool, stream, {.sequence = sequence++, .payload = {}});
        break;
      case 9: {
        // A retransmission: original number, then what the input has.
        std::vector<uint8_t> payload = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
        const ByteView rest = input.bytes(std::min<size_t>(input.remaining(), verb >> 4));
        payload.insert(payload.end(), rest.begin(), rest.end());
        PacketPtr packet = pool.allocate();
        EIR_CHECK(packet->assign(TestRtp{.payload = payload}.bytes()));
        const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
        stream.handle_rtx(now, std::move(packet), *view, {});
        break;
      }
      case 10:
        sequence = static_cast<uint16_t>(sequence - value % 64);
        break;
      case 11:
        now += std::chrono::milliseconds(value);
        break;
      default:
        if (value % 4 == 0) timestamp += 3000;
        receive(
            now, pool, stream,
            {.sequence = sequence++,
             .timestamp = timestamp,
             .payload = TestVp8{.start = value % 3 != 0, .key_frame = value % 8 == 1, .picture_id = value}.payload()});
    }
    forwarder.pull(now, out);
    while (!out.empty()) {
      const EgressEntry entry = out.pop();
      EIR_CHECK(sent.insert(entry.out_sequence).second);
      static_cast<void>(forwarder.rewrite(entry.out_sequence));
    }
    EIR_CHECK(first.nacks().missing() <= NackTracker::kMissingMax);
    EIR_CHECK(pool.in_use() <= kPackets);
  }
  return 0;
}
