#include "lib/client/client_receiver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/client/frame_payload.h"
#include "lib/media/clock_mapping.h"
#include "lib/rtp/payload_info.h"
#include "lib/rtp/rtx.h"

namespace eir {

ClientReceiver::ClientReceiver(MediaKind kind, std::string mid, ReceiverOptions options)
    : kind_(kind), mid_(std::move(mid)), options_(options) {
  options_.decrypt_one_in = std::max(1U, options_.decrypt_one_in);
  stats_.csrcs.reserve(4);
}

void ClientReceiver::apply(const sdp::AnsweredMedia& answered) {
  is_agreed_ = answered.accepted && answered.client_receives && !answered.sources.empty() && !answered.codecs.empty();
  if (!is_agreed_) return;
  ssrc_ = answered.sources.front().ssrc;
  rtx_ssrc_ = answered.sources.front().rtx_ssrc;
  codecs_ = answered.codecs;
  extensions_ = answered.extensions;
  stream_id_ = answered.stream_id;
  cname_ = answered.cname;
  clock_rate_ = clock_rate_of(codecs_.front().codec);
}

const sdp::NegotiatedCodec* ClientReceiver::codec_of(uint8_t payload_type) const {
  const auto meaning = sdp::find_payload_type(codecs_, payload_type);
  return meaning ? meaning->codec : nullptr;
}

void ClientReceiver::handle_header(Timestamp now, const RtpPacketView& packet) {
  if (!note_arrival(now, unwrapper_.unwrap(packet.sequence_number()), false)) return;
  ++stats_.header_only;
  stats_.bytes += packet.bytes().size();
  note_source(packet.csrc_count() > 0 ? packet.csrc(0).value : 0);
}

void ClientReceiver::handle_media(Timestamp now, const RtpPacketView& packet, size_t datagram_bytes) {
  const int64_t sequence = unwrapper_.unwrap(packet.sequence_number());
  note_jitter(now, packet.timestamp());
  if (!note_arrival(now, sequence, false)) return;
  stats_.bytes += datagram_bytes;
  handle_payload(now, packet,
                 {.sequence = sequence, .payload = packet.payload(), .payload_type = packet.payload_type()});
}

void ClientReceiver::handle_rtx(Timestamp now, const RtpPacketView& packet, size_t datagram_bytes) {
  if (packet.payload().empty()) {
    ++stats_.rtx_padding;
    return;
  }
  ++stats_.rtx_packets;
  const auto rtx = parse_rtx(packet);
  const auto meaning = sdp::find_payload_type(codecs_, packet.payload_type());
  if (!rtx || !meaning || !meaning->is_rtx || newest_ < 0) return;
  const int64_t sequence = unwrapper_.peek(rtx->original_sequence_number);
  if (!note_arrival(now, sequence, true)) return;
  stats_.bytes += datagram_bytes;
  handle_payload(
      now, packet,
      {.sequence = sequence, .payload = rtx->payload, .payload_type = meaning->codec->payload_type, .is_rtx = true});
}

bool ClientReceiver::note_arrival(Timestamp now, int64_t sequence, bool is_rtx) {
  if (newest_ < 0) {
    first_ = sequence;
    newest_ = sequence - 1;
    stats_.first_packet = now;
    if (kind_ == MediaKind::kVideo && options_.nack) recovery_ = std::make_unique<Recovery>();
    if (kind_ == MediaKind::kVideo && options_.decrypt_one_in == 1) checker_ = std::make_unique<FrameChecker>();
  }
  if (sequence <= newest_ - kWindow || sequence < first_) {
    ++stats_.late;
    return false;
  }
  const size_t place = static_cast<size_t>(sequence) % kWindow;
  if (sequence <= newest_) {
    if (present_[place]) {
      ++stats_.duplicates;
      return false;
    }
    if (!is_rtx) ++stats_.reordered;
  } else {
    move_window(now, sequence);
  }
  present_[place] = true;
  ++stats_.packets;
  if (kind_ == MediaKind::kAudio && stats_.last_packet != kNever) {
    stats_.frame_gap_max = std::max(stats_.frame_gap_max, now - stats_.last_packet);
  }
  stats_.last_packet = now;
  if (recovery_) recovery_->nack.handle_packet(now, sequence);
  if (!is_rtx) return true;
  ++stats_.recovered;
  if (!recovery_) return true;
  for (const Gap& gap : recovery_->gaps) {
    if (sequence >= gap.first && sequence < gap.end) stats_.recovery.add(now - gap.since);
  }
  return true;
}

void ClientReceiver::move_window(Timestamp now, int64_t sequence) {
  if (recovery_ && sequence > newest_ + 1) {
    recovery_->gaps[recovery_->gap_count++ % Recovery::kGaps] = {newest_ + 1, sequence, now};
  }
  for (int64_t leaving = newest_ + 1; leaving <= sequence; ++leaving) {
    const size_t place = static_cast<size_t>(leaving) % kWindow;
    if (leaving - kWindow >= first_ && !present_[place]) ++stats_.lost;
    present_[place] = false;
  }
  newest_ = sequence;
}

uint64_t ClientReceiver::missing() const {
  if (newest_ < 0) return 0;
  const int64_t in_window = std::min(kWindow, newest_ - first_ + 1);
  return static_cast<uint64_t>(in_window) - present_.count();
}

void ClientReceiver::note_source(uint32_t csrc) {
  if (csrc != 0 && csrc != stats_.last_csrc) new_source_ = true;
  if (csrc != 0) stats_.last_csrc = csrc;
  for (CsrcCount& known : stats_.csrcs) {
    if (known.csrc != csrc) continue;
    ++known.packets;
    return;
  }
  if (stats_.csrcs.size() < ReceiverStats::kCsrcsMax) stats_.csrcs.push_back({.csrc = csrc, .packets = 1});
}

std::optional<uint32_t> ClientReceiver::take_new_source() {
  if (!std::exchange(new_source_, false)) return std::nullopt;
  return stats_.last_csrc;
}

void ClientReceiver::handle_payload(Timestamp now, const RtpPacketView& view, const Packet& packet) {
  PacketFacts facts;
  facts.sequence = packet.sequence;
  facts.csrc = view.csrc_count() > 0 ? view.csrc(0).value : 0;
  facts.timestamp = view.timestamp();
  facts.marker = view.marker();
  if (packet.payload.empty()) {
    ++stats_.padding;
    facts.is_padding = true;
    if (checker_) checker_->handle_packet(now, facts, stats_);
    return;
  }
  note_source(facts.csrc);
  const sdp::NegotiatedCodec* const codec = codec_of(packet.payload_type);
  if (codec == nullptr) {
    ++stats_.corrupt;
    return;
  }
  const auto info = parse_payload_info(codec->codec, packet.payload, view.marker());
  const ByteView body = stamped_body(codec->codec, packet.payload);
  const auto stamp = read_stamped(body);
  if (stamp) {
    note_stamp(now, view, *stamp);
    facts.has_stamp = true;
    facts.frame = stamp->frame;
    facts.media_index = stamp->media_index;
    facts.encoding = stamp->encoding;
  } else {
    ++(body.empty() && info ? stats_.unverifiable : stats_.corrupt);
  }
  digest(now, view, packet.payload);
  if (!info || !checker_) return;
  facts.frame_start = info->frame_start;
  facts.key_frame = info->key_frame;
  facts.temporal_layer = info->temporal_layer;
  facts.has_picture_id = info->picture_id.has_value();
  facts.picture_id = info->picture_id.value_or(0);
  facts.has_tl0 = info->tl0_pic_idx.has_value();
  facts.tl0_pic_idx = info->tl0_pic_idx.value_or(0);
  facts.width = info->width;
  facts.height = info->height;
  checker_->handle_packet(now, facts, stats_);
}

void ClientReceiver::note_stamp(Timestamp now, const RtpPacketView& view, const PayloadStamp& stamp) {
  ++stats_.verified;
  stats_.latency.add(now - stamp.capture);
  stats_.last_capture = stamp.capture;
  stats_.last_timestamp = view.timestamp();
  const uint32_t csrc = view.csrc_count() > 0 ? view.csrc(0).value : 0;
  for (CsrcCount& known : stats_.csrcs) {
    if (known.csrc == csrc) known.sender_tag = stamp.tag;
  }
}

// RFC 3550 section 6.4.1 and appendix A.8.
void ClientReceiver::note_jitter(Timestamp now, uint32_t timestamp) {
  constexpr double kGain = 1.0 / 16.0;
  const int64_t arrival = duration_to_ticks(now.time_since_epoch(), clock_rate_);
  const int64_t transit = static_cast<int32_t>(static_cast<uint32_t>(arrival) - timestamp);
  if (transit_) {
    const auto step = static_cast<int32_t>(static_cast<uint32_t>(transit) - static_cast<uint32_t>(*transit_));
    jitter_ += (std::abs(static_cast<double>(step)) - jitter_) * kGain;
  }
  transit_ = transit;
}

void ClientReceiver::handle_sender_report(Timestamp now, const SenderInfo& report) {
  ++stats_.sender_reports;
  stats_.report_ntp = report.ntp;
  stats_.report_timestamp = report.rtp_timestamp;
  stats_.report_arrival = now;
}

void ClientReceiver::handle_timeout(Timestamp now) {
  if (checker_) checker_->handle_timeout(now, stats_);
}

Timestamp ClientReceiver::next_timeout() const {
  Timestamp next = pli_wanted_ ? Timestamp::min() : kNever;
  if (recovery_) next = std::min(next, recovery_->nack.next_timeout());
  if (!checker_) return next;
  next = std::min(next, checker_->next_timeout());
  if (!options_.key_frame_requests || checker_->broken_since() == kNever) return next;
  Timestamp ask = checker_->broken_since() + kKeyFramePatience;
  if (last_pli_ != Timestamp::min()) ask = std::max(ask, last_pli_ + kKeyFrameRequestInterval);
  return std::min(next, ask);
}

size_t ClientReceiver::collect_nacks(Timestamp now, Duration round_trip, std::span<uint16_t> out) {
  if (!recovery_) return 0;
  const size_t count = recovery_->nack.collect(now, round_trip, out);
  stats_.nacked += count;
  return count;
}

bool ClientReceiver::take_key_frame_request(Timestamp now) {
  bool wanted = std::exchange(pli_wanted_, false);
  if (!wanted && options_.key_frame_requests && checker_ && checker_->broken_since() != kNever) {
    wanted = now - checker_->broken_since() >= kKeyFramePatience &&
             (last_pli_ == Timestamp::min() || now - last_pli_ >= kKeyFrameRequestInterval);
    if (wanted) last_pli_ = now;
  }
  if (wanted) ++stats_.plis_sent;
  return wanted;
}

// RFC 3550 section 6.4.1 and appendix A.3.
std::optional<ReportBlock> ClientReceiver::make_report(Timestamp now) {
  if (newest_ < 0) return std::nullopt;
  constexpr int64_t kUnwrapBase = 1 << 16;  // SequenceUnwrapper begins one circle up
  const auto expected = static_cast<uint64_t>(newest_ - first_ + 1);
  const uint64_t expected_since = expected - reported_expected_;
  const uint64_t received_since = stats_.packets - reported_packets_;
  reported_expected_ = expected;
  reported_packets_ = stats_.packets;
  ReportBlock block;
  block.source = ssrc_;
  if (expected_since > received_since) {
    block.fraction_lost = static_cast<uint8_t>((expected_since - received_since) * 255 / expected_since);
  }
  block.cumulative_lost = static_cast<int32_t>(expected - stats_.packets);
  block.extended_highest_sequence = static_cast<uint32_t>(newest_ - kUnwrapBase);
  block.jitter = static_cast<uint32_t>(jitter_);
  if (stats_.sender_reports > 0) {
    block.last_sr = stats_.report_ntp.compact();
    block.delay_since_last_sr = to_compact_ntp_interval(now - stats_.report_arrival);
  }
  return block;
}

// The stamp stands within the first bytes, and what follows it follows from it.
void ClientReceiver::digest(Timestamp now, const RtpPacketView& view, ByteView payload) {
  constexpr size_t kBytes = 48;
  constexpr uint64_t kPrime = 0x100000001b3;
  const auto mix = [](uint64_t& sum, uint64_t value) { sum = (sum ^ value) * kPrime; };
  mix(digest_, static_cast<uint64_t>(now.time_since_epoch().count()));
  mix(digest_, uint64_t{view.sequence_number()} << 32 | view.timestamp());
  mix(payload_digest_, payload.size());
  for (const uint8_t byte : payload.first(std::min(payload.size(), kBytes))) mix(payload_digest_, byte);
  mix(digest_, payload_digest_);
}

}  // namespace eir
