// Transport-wide feedback: the arrivals that were read are written again, over as many messages as that takes, and must
// read the same.
#include <algorithm>
#include <array>
#include <vector>

#include "lib/rtp/rtcp_transport_cc.h"
#include "tests/fuzz/rtcp_input.h"

namespace {

using namespace eir;

// Not before 2^24 reference units, so that negative reference times and deltas stay ahead of zero.
constexpr Timestamp kOrigin = Timestamp((int64_t{1} << 24) * TransportCc::kReferenceUnit);

std::vector<Timestamp> arrivals_of(const TransportCc& message) {
  std::vector<Timestamp> arrivals;
  Timestamp now = kOrigin + message.reference_time * TransportCc::kReferenceUnit;
  message.for_each([&](const PacketStatus& status) {
    fuzz::require(status.sequence_number == static_cast<uint16_t>(message.base_sequence_number + arrivals.size()));
    fuzz::require(status.received || status.delta == Duration{});
    now += status.delta;
    arrivals.push_back(status.received ? now : kNever);
  });
  fuzz::require(arrivals.size() == message.packet_count);
  // Each packet that came has a delta of a byte at least.
  const auto lost = static_cast<size_t>(std::count(arrivals.begin(), arrivals.end(), kNever));
  fuzz::require(arrivals.size() - lost <= message.deltas.size());
  return arrivals;
}

void read(const RtcpBlock& block) {
  const auto message = TransportCc::parse(block);
  if (!message) return;
  const std::vector<Timestamp> arrivals = arrivals_of(*message);
  std::vector<Timestamp> again;
  while (again.size() < arrivals.size()) {
    std::array<uint8_t, 400> buffer{};
    ByteWriter writer(buffer);
    TransportCcRecord record{.ssrcs = message->ssrcs, .arrivals = std::span(arrivals).subspan(again.size())};
    record.base_sequence_number = static_cast<uint16_t>(message->base_sequence_number + again.size());
    const size_t packets = write_transport_cc(writer, record);
    if (packets == 0) break;
    const auto written = TransportCc::parse(fuzz::only_block(writer.written()));
    fuzz::require(written && written->packet_count == packets && written->ssrcs == message->ssrcs);
    for (const Timestamp arrival : arrivals_of(*written)) again.push_back(arrival);
  }
  for (size_t i = 0; i < arrivals.size(); ++i) {
    // Reference times wrap; what is beyond the last packet that came is not written.
    constexpr Duration kWrap = (int64_t{1} << 24) * TransportCc::kReferenceUnit;
    const bool came = i < again.size() && again[i] != kNever;
    fuzz::require(came == (arrivals[i] != kNever));
    if (came) fuzz::require((again[i] - arrivals[i]) % kWrap == Duration{});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1500) return 0;
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kTransportFeedback, kFmtTransportCc, read);
  return 0;
}
