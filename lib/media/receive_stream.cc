#include "lib/media/receive_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/rtp/h264.h"
#include "lib/rtp/rtx.h"

namespace eir {
namespace {

// RFC 3550 appendix A.1 takes two packets in a row beyond a jump of MAX_DROPOUT = 3000 for a restarted sender.
constexpr int64_t kJumpMax = 3000;

PacketHistory::Limits history_limits(Codec codec) {
  if (kind_of(codec) == MediaKind::kVideo) return {};
  return {.packets = PacketHistory::kAudioPackets, .bytes = PacketHistory::kAudioBytes};
}

// How long after `former` a packet was sent; the 24 bits of 1/2^18 s go round in 64 s, so the gap of the arrivals says
// how often they did.
Duration abs_send_gap(uint32_t former, uint32_t newer, Duration arrival_gap) {
  constexpr Duration kCircle = 64s;
  const Duration within = int64_t{(newer - former) & 0xffffff} * kCircle / (1 << 24);
  // Rounded to the nearest, 0 included: a whole circle is added and taken so that nothing is negative.
  const int64_t circles = (arrival_gap - within + kCircle + kCircle / 2) / kCircle - 1;
  return within + circles * kCircle;
}

}  // namespace

ReceiveStream::ReceiveStream(const Config& config)
    : config_(config), history_(history_limits(config.codec)), clock_(clock_rate_of(config.codec)) {}

ReceiveStream::Outcome ReceiveStream::handle_packet(Timestamp now, PacketPtr packet, const RtpPacketView& view,
                                                    const HeaderExtensions& extensions) {
  const Parts parts{.sequence = view.sequence_number(),
                    .payload_offset = static_cast<uint16_t>(view.header_size()),
                    .payload_size = static_cast<uint16_t>(view.payload().size()),
                    .recovered = false};
  return store(now, std::move(packet), view, extensions, parts);
}

ReceiveStream::Outcome ReceiveStream::handle_rtx(Timestamp now, PacketPtr packet, const RtpPacketView& view,
                                                 const HeaderExtensions& extensions) {
  const std::optional<RtxPayload> rtx = parse_rtx(view);
  if (!rtx) {
    // Chromium probes with RTX packets of padding alone: no original, no harm.
    if (view.is_padding_only()) return Outcome::kPadding;
    ++counters_.malformed;
    return Outcome::kMalformed;
  }
  const Parts parts{.sequence = rtx->original_sequence_number,
                    .payload_offset = static_cast<uint16_t>(view.header_size() + kRtxHeaderSize),
                    .payload_size = static_cast<uint16_t>(rtx->payload.size()),
                    .recovered = true};
  // A retransmission of a number we never came near is of no use and must not move the unwrapper.
  if (!sequence_.newest() || std::abs(sequence_.peek(parts.sequence) - *sequence_.newest()) > kJumpMax) {
    ++counters_.too_old;
    return Outcome::kTooOld;
  }
  return store(now, std::move(packet), view, extensions, parts);
}

int64_t ReceiveStream::unwrap(uint16_t sequence) {
  const std::optional<int64_t> newest = sequence_.newest();
  if (!newest || std::abs(sequence_.peek(sequence) - *newest) <= kJumpMax) {
    jumped_to_.reset();
    return sequence_.unwrap(sequence);
  }
  // Believed when the next packet follows it: the sender started a new numbering. A single stray is an old packet.
  if (jumped_to_ != static_cast<uint16_t>(sequence - 1)) {
    jumped_to_ = sequence;
    return -1;
  }
  jumped_to_.reset();
  ++counters_.restarts;
  first_sequence_.reset();
  // Nor do its timestamps follow from what was reported of the old ones.
  clock_.forget_report();
  newest_.reset();
  transit_.reset();
  received_ = expected_prior_ = received_prior_ = 0;
  return sequence_.restart(sequence);
}

ReceiveStream::Outcome ReceiveStream::store(Timestamp now, PacketPtr packet, const RtpPacketView& view,
                                            const HeaderExtensions& extensions, const Parts& parts) {
  const int64_t sequence = unwrap(parts.sequence);
  StoredPacket described;
  const bool is_padding = parts.payload_size == 0;
  const bool is_newest = sequence > history_.newest();
  described.marker = view.marker();
  described.extensions = extensions;
  if (!is_padding && !describe(packet->bytes().subspan(parts.payload_offset, parts.payload_size), described)) {
    ++counters_.malformed;
    return Outcome::kMalformed;
  }
  StoredPacket* const stored = sequence < 0 ? nullptr : history_.insert(now, sequence);
  if (stored == nullptr) {
    const bool known = sequence >= 0 && history_.contains(sequence);
    ++(known ? counters_.duplicates : counters_.too_old);
    return known ? Outcome::kDuplicate : Outcome::kTooOld;
  }
  nacks_.handle_packet(now, sequence);
  if (!first_sequence_) first_sequence_ = sequence;
  first_sequence_ = std::min(*first_sequence_, sequence);
  ++received_;
  if (is_padding) {
    ++counters_.padding;
    return Outcome::kPadding;
  }
  stored->timestamp = view.timestamp();
  stored->marker = view.marker();
  stored->payload_offset = parts.payload_offset;
  stored->payload_size = parts.payload_size;
  stored->info = described.info;
  stored->extensions = extensions;
  if (is_newest && !parts.recovered) stored->pause = find_pause(now, stored->timestamp, extensions);
  history_.keep(*stored, std::move(packet));
  ++counters_.packets;
  counters_.bytes += parts.payload_size;
  // A picture of several spatial layers is one.
  meter_.count(stored->info.temporal_layer, parts.payload_size,
               stored->info.frame_start && stored->info.spatial_layer == 0);
  last_media_ = now;
  if (parts.recovered) {
    ++counters_.recovered;
  } else {
    update_jitter(now, stored->timestamp);
  }
  if (stored->info.key_frame && stored->info.frame_start) ++counters_.key_frames;
  if (stored->info.width != 0) {
    width_ = stored->info.width;
    height_ = stored->info.height;
  }
  return Outcome::kStored;
}

bool ReceiveStream::describe(ByteView payload, StoredPacket& stored) {
  const std::optional<PayloadInfo> info = parse_payload_info(config_.codec, payload, stored.marker);
  const ByteView descriptor_bytes = stored.extensions.dependency_descriptor;
  // End-to-end encrypted payloads need not parse; then the descriptor alone decides.
  if (!info && descriptor_bytes.empty()) return false;
  stored.info = info.value_or(PayloadInfo{});
  if (config_.codec == Codec::kH264 && info) parameter_sets_.handle_payload(payload);
  if (descriptor_bytes.empty()) return true;

  if (structures_ == nullptr) structures_ = std::make_unique<Structures>();
  const std::optional<DependencyDescriptor> descriptor = parse_dependency_descriptor(
      descriptor_bytes, structures_->is_known ? &structures_->current : nullptr, &structures_->fresh);
  if (!descriptor) return info.has_value();
  if (descriptor->has_structure) {
    structures_->current = structures_->fresh;
    structures_->is_known = true;
  }
  apply_dependency_descriptor(*descriptor, structures_->current, stored.info);
  return true;
}

void ReceiveStream::handle_sender_report(Timestamp now, const SenderInfo& info) {
  clock_.handle_sender_report(info.ntp, info.rtp_timestamp);
  last_sr_ = info.ntp.compact();
  last_sr_arrival_ = now;
}

size_t ReceiveStream::collect_nacks(Timestamp now, Duration rtt, std::span<uint16_t> out) {
  return config_.nack ? nacks_.collect(now, rtt, out) : 0;
}

Duration ReceiveStream::find_pause(Timestamp now, uint32_t timestamp, const HeaderExtensions& extensions) {
  if (kind_of(config_.codec) != MediaKind::kAudio) return {};
  const std::optional<Newest> former =
      std::exchange(newest_, Newest{.arrival = now, .timestamp = timestamp, .abs_send_time = extensions.abs_send_time});
  if (!former) return {};
  Duration gap = now - former->arrival;
  if (gap < kPauseMin) return {};
  if (former->abs_send_time && extensions.abs_send_time) {
    gap = abs_send_gap(*former->abs_send_time, *extensions.abs_send_time, gap);
  }
  const Duration pause = gap - ticks_to_duration(wrapped_difference(timestamp, former->timestamp), clock_.clock_rate());
  if (pause < kPauseMin) return {};
  ++counters_.pauses;
  clock_.forget_report();
  transit_.reset();
  return pause;
}

void ReceiveStream::update_jitter(Timestamp now, uint32_t timestamp) {
  // RFC 3550 section 6.4.1; transit is kept as time, so that the wrap of the RTP timestamp shows as one wild sample at
  // most.
  const Duration transit = now.time_since_epoch() - ticks_to_duration(timestamp, clock_.clock_rate());
  if (transit_) {
    const double d = std::abs(to_seconds(transit - *transit_)) * clock_.clock_rate();
    if (d < 10.0 * clock_.clock_rate()) jitter_ += (d - jitter_) / 16.0;
  }
  transit_ = transit;
}

ReportBlock ReceiveStream::make_report(Timestamp now) {
  ReportBlock block{.source = config_.ssrc};
  if (!first_sequence_) return block;
  const int64_t newest = *sequence_.newest();
  const auto expected = static_cast<uint64_t>(newest - *first_sequence_ + 1);
  const uint64_t expected_interval = expected - std::min(expected, expected_prior_);
  const uint64_t received_interval = received_ - received_prior_;
  expected_prior_ = expected;
  received_prior_ = received_;
  if (expected_interval > received_interval) {
    block.fraction_lost = static_cast<uint8_t>(
        std::min<uint64_t>(255, (expected_interval - received_interval) * 256 / expected_interval));
  }
  const int64_t lost = static_cast<int64_t>(expected) - static_cast<int64_t>(received_);
  block.cumulative_lost = static_cast<int32_t>(std::clamp<int64_t>(lost, -0x800000, 0x7fffff));
  // The unwrapper starts one circle up; cycles count from 0.
  block.extended_highest_sequence = static_cast<uint32_t>(newest - SequenceUnwrapper<uint16_t>::kCircle);
  block.jitter = static_cast<uint32_t>(jitter_);
  if (last_sr_ != 0) {
    block.last_sr = last_sr_;
    block.delay_since_last_sr = to_compact_ntp_interval(now - last_sr_arrival_);
  }
  return block;
}

}  // namespace eir
