#include "lib/media/send_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/check.h"
#include "lib/rtp/dependency_descriptor.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/rtp/rtx.h"

namespace eir {
namespace {

constexpr size_t kDescriptorMax = 255;  // length field of a two-byte header extension

// What of a publisher's extensions goes on to a receiver. The mid, rids, sequence number and send time are of the other
// leg; a capture time is carried over to Eir's clock, because that is the clock of the slot's sender reports.
HeaderExtensions extensions_for_receiver(const HeaderExtensions& in, const SendStream::Release& release) {
  HeaderExtensions out;
  out.audio_level = in.audio_level;
  out.video_orientation = in.video_orientation;
  out.playout_delay = in.playout_delay;
  out.video_content_type = in.video_content_type;
  out.dependency_descriptor = in.dependency_descriptor;
  if (in.abs_capture_time && release.publisher_clock != nullptr) {
    if (const auto eir = release.publisher_clock->to_eir(NtpTime{in.abs_capture_time->ntp})) {
      out.abs_capture_time = AbsCaptureTime{.ntp = to_ntp(*eir).value, .clock_offset = std::nullopt};
    }
  }
  return out;
}

// Whether extensions_for_receiver() would have nothing to say.
bool is_plain(const HeaderExtensions& in) {
  return !in.audio_level && !in.video_orientation && !in.playout_delay && !in.video_content_type &&
         !in.abs_capture_time && in.dependency_descriptor.empty();
}

// What Eir adds to every packet at its release.
void add_own(HeaderExtensions& extensions, const SendStream::Release& release) {
  extensions.transport_sequence = release.transport_sequence;
  extensions.abs_send_time = to_abs_send_time(release.now);
}

}  // namespace

SendStream::SendStream(const Config& config) : config_(config) {
  HeaderExtensions own;
  add_own(own, {});
  constexpr Ssrc kAnyCsrc{1};  // has its place, as 0 has not
  plain_.size = write_rtp_header(plain_.bytes, {.csrc = kAnyCsrc}, own, config_.extensions, &plain_.places);
  EIR_CHECK(plain_.size != 0);
}

// As write_header() writes it, for a tenth of the instructions.
size_t SendStream::write_plain_header(const RewrittenPacket& packet, const Shape& shape, const Release& release,
                                      MutableBytes out) const {
  std::memcpy(out.data(), plain_.bytes.data(), PlainHeader::kMax);
  out[1] = static_cast<uint8_t>((packet.marker ? kRtpMarkerBit : 0) | shape.payload_type);
  store_u16(&out[2], shape.sequence);
  store_u32(&out[4], packet.timestamp);
  store_u32(&out[8], shape.ssrc.value);
  store_u32(&out[RtpPacketView::kFixedHeaderSize], packet.track.value);
  patch_transport_sequence(out, plain_.places, release.transport_sequence);
  patch_abs_send_time(out, plain_.places, to_abs_send_time(release.now));
  return plain_.size;
}

size_t SendStream::write_header(const RewrittenPacket& packet, const Shape& shape, const Release& release,
                                MutableBytes out) const {
  HeaderExtensions extensions;
  std::array<uint8_t, kDescriptorMax> descriptor;
  if (packet.stored != nullptr) {
    extensions = extensions_for_receiver(packet.stored->extensions, release);
    const ByteView original = extensions.dependency_descriptor;
    if (packet.frame_number_offset != 0 && original.size() >= 3 && original.size() <= descriptor.size()) {
      std::memcpy(descriptor.data(), original.data(), original.size());
      const MutableBytes copy = MutableBytes(descriptor).first(original.size());
      patch_frame_number(copy, static_cast<uint16_t>(load_u16(&original[1]) + packet.frame_number_offset));
      extensions.dependency_descriptor = copy;
    }
  }
  add_own(extensions, release);
  const RtpHeader header{.marker = packet.marker,
                         .payload_type = shape.payload_type,
                         .sequence_number = shape.sequence,
                         .timestamp = packet.timestamp,
                         .ssrc = shape.ssrc,
                         .csrc = Ssrc(packet.track.value)};
  return write_rtp_header(out, header, extensions, config_.extensions);
}

size_t SendStream::write_as(const RewrittenPacket& packet, const Shape& shape, const Release& release,
                            MutableBytes out) const {
  const bool has_plain_header = (packet.stored == nullptr || is_plain(packet.stored->extensions)) &&
                                packet.track.value != 0 && out.size() >= PlainHeader::kMax;
  const size_t header_size =
      has_plain_header ? write_plain_header(packet, shape, release, out) : write_header(packet, shape, release, out);
  if (header_size == 0) return 0;
  MutableBytes rest = out.subspan(header_size);
  size_t osn_size = 0;
  if (shape.original_sequence) {
    osn_size = write_rtx(rest, *shape.original_sequence);
    if (osn_size == 0) return 0;
    rest = rest.subspan(osn_size);
  }
  if (packet.payload.size() > rest.size()) return 0;
  std::memcpy(rest.data(), packet.payload.data(), packet.payload.size());
  if (packet.stored != nullptr) {
    patch_picture_ids(rest.first(packet.payload.size()), packet.stored->info, packet.picture_id, packet.tl0_pic_idx);
  }
  return header_size + osn_size + packet.payload.size();
}

size_t SendStream::write(const RewrittenPacket& packet, const Release& release, MutableBytes out) {
  const std::optional<uint8_t> payload_type = config_.payload_types[static_cast<size_t>(packet.codec)].media;
  if (!payload_type) return 0;
  const Shape shape{.payload_type = *payload_type, .ssrc = config_.ssrc, .sequence = packet.sequence};
  const size_t size = write_as(packet, shape, release, out);
  if (size == 0) return 0;
  ++counters_.packets;
  counters_.bytes += packet.payload.size();
  if (size > kDatagramBytes) ++counters_.oversized;
  retransmission_credit_ = std::min(retransmission_credit_ + static_cast<int64_t>(size / 2), kRetransmissionBurst);
  last_timestamp_ = packet.timestamp;
  last_payload_type_ = *payload_type;
  return size;
}

size_t SendStream::write_padding(uint16_t sequence, const Release& release, MutableBytes out) {
  HeaderExtensions extensions;
  add_own(extensions, release);
  const RtpHeader header{.payload_type = last_payload_type_,
                         .sequence_number = sequence,
                         .timestamp = last_timestamp_,
                         .ssrc = config_.ssrc,
                         .padding = true};
  const size_t header_size = write_rtp_header(out, header, extensions, config_.extensions);
  constexpr size_t kPadding = 4;  // the least that keeps the packet a multiple of four
  if (header_size == 0 || out.size() < header_size + kPadding) return 0;
  store_u32(&out[header_size], kPadding);
  ++counters_.packets;
  return header_size + kPadding;
}

size_t SendStream::write_probe(const RewrittenPacket& packet, const Release& release, MutableBytes out) {
  const PayloadTypes& types = config_.payload_types[static_cast<size_t>(packet.codec)];
  if (!types.rtx || !config_.rtx_ssrc) return 0;
  const Shape shape{.payload_type = *types.rtx,
                    .ssrc = config_.rtx_ssrc,
                    .sequence = rtx_sequence_,
                    .original_sequence = packet.sequence};
  const size_t size = write_as(packet, shape, release, out);
  if (size == 0) return 0;
  ++rtx_sequence_;
  ++counters_.probes;
  return size;
}

size_t SendStream::write_probe_padding(const Release& release, MutableBytes out) {
  const auto types = std::find_if(config_.payload_types.begin(), config_.payload_types.end(),
                                  [](const PayloadTypes& each) { return each.rtx.has_value(); });
  if (types == config_.payload_types.end() || !config_.rtx_ssrc) return 0;
  HeaderExtensions extensions;
  add_own(extensions, release);
  const RtpHeader header{.payload_type = *types->rtx,
                         .sequence_number = rtx_sequence_,
                         .timestamp = last_timestamp_,
                         .ssrc = config_.rtx_ssrc,
                         .padding = true};
  const size_t header_size = write_rtp_header(out, header, extensions, config_.extensions);
  if (header_size == 0 || out.size() < header_size + kProbePadding) return 0;
  const MutableBytes padding = out.subspan(header_size, kProbePadding);
  std::fill(padding.begin(), padding.end(), uint8_t{0});
  padding.back() = static_cast<uint8_t>(kProbePadding);
  ++rtx_sequence_;
  ++counters_.probes;
  return header_size + kProbePadding;
}

size_t SendStream::write_retransmission(const RewrittenPacket& packet, const Release& release, MutableBytes out) {
  const PayloadTypes& types = config_.payload_types[static_cast<size_t>(packet.codec)];
  const auto cost = static_cast<int64_t>(packet.payload.size() + kRtpHeaderSizeMax);
  if (!types.media || retransmission_credit_ < cost) {
    ++counters_.nacks_refused;
    return 0;
  }
  Shape shape{.payload_type = *types.media, .ssrc = config_.ssrc, .sequence = packet.sequence};
  if (types.rtx && config_.rtx_ssrc) {
    shape = {.payload_type = *types.rtx,
             .ssrc = config_.rtx_ssrc,
             .sequence = rtx_sequence_,
             .original_sequence = packet.sequence};
  }
  const size_t size = write_as(packet, shape, release, out);
  if (size == 0) return 0;
  if (shape.original_sequence) ++rtx_sequence_;
  retransmission_credit_ -= static_cast<int64_t>(size);
  ++counters_.retransmissions;
  counters_.retransmitted_bytes += size;
  return size;
}

std::optional<SenderInfo> SendStream::make_sender_info(Timestamp now, std::optional<uint32_t> rtp_timestamp) const {
  if (counters_.packets == 0 || !rtp_timestamp) return std::nullopt;
  return SenderInfo{.sender = config_.ssrc,
                    .ntp = to_ntp(now),
                    .rtp_timestamp = *rtp_timestamp,
                    .packet_count = static_cast<uint32_t>(counters_.packets),
                    .octet_count = static_cast<uint32_t>(counters_.bytes)};
}

// The receiver's own fraction is of an interval that it alone knows; the cumulative numbers of two reports say the
// same, and the open gaps can be taken from them.
SendStream::Reported SendStream::correct(const ReportBlock& block) const {
  const int64_t highest = sent_.unwrap(static_cast<uint16_t>(block.extended_highest_sequence));
  const int64_t open = sent_.open_up_to(highest).value_or(0);
  return {.expected = highest - sent_.first() + 1 - open, .lost = block.cumulative_lost - open};
}

int64_t SendStream::handle_report(Timestamp now, const ReportBlock& block) {
  ++counters_.reports;
  int64_t lost = 0;
  if (!sent_.empty()) {
    const Reported former = std::exchange(reported_, correct(block));
    const int64_t expected = reported_.expected - former.expected;
    lost = std::clamp<int64_t>(reported_.lost - former.lost, 0, std::max<int64_t>(expected, 0));
    fraction_lost_ = expected > 0 ? static_cast<double>(lost) / static_cast<double>(expected) : 0.0;
  }
  handle_round_trip(now, block);
  return lost;
}

void SendStream::handle_round_trip(Timestamp now, const ReportBlock& block) {
  if (block.last_sr == 0) return;
  const uint32_t elapsed = to_ntp(now).compact() - block.last_sr - block.delay_since_last_sr;
  // A peer that claims to have held the report longer than it can have would give a negative time: not believed.
  if (elapsed < 0x80000000) round_trip_ = from_compact_ntp_interval(elapsed);
}

}  // namespace eir
