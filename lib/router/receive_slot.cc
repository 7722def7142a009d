#include "lib/router/receive_slot.h"

#include <algorithm>
#include <array>

#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/published_track.h"
#include "lib/rtp/rtcp_reports.h"

namespace eir {
namespace {

SendStream::Config send_config(const sdp::MediaDescription& media) {
  SendStream::Config config{
      .ssrc = media.slot->ssrc, .rtx_ssrc = media.slot->rtx_ssrc, .extensions = media.send_extensions};
  for (const sdp::NegotiatedCodec& codec : media.codecs) {
    SendStream::PayloadTypes& types = config.payload_types[static_cast<size_t>(codec.codec)];
    // The client's order is its preference: the first line of a codec counts.
    if (!types.media) types = {.media = codec.payload_type, .rtx = codec.rtx_payload_type};
  }
  return config;
}

// Whether going from one to the other makes the line lighter.
bool is_larger(const ReceiveStream* from, const ReceiveStream* to) {
  return from != nullptr && uint64_t{from->width()} * from->height() > uint64_t{to->width()} * to->height();
}

}  // namespace

// The first sequence number stays below 2^15, so that the first packets may be lost without the receiver taking the
// wrong rollover count (RFC 3711 section 3.3.1).
ReceiveSlot::ReceiveSlot(RouterShared& shared, ClientSession& session, const sdp::MediaDescription& media)
    : shared_(shared),
      session_(session),
      mid_(media.mid),
      kind_(media.kind == sdp::SectionKind::kAudio ? MediaKind::kAudio : MediaKind::kVideo),
      identity_(*media.slot),
      transmit_kind_(kind_ == MediaKind::kAudio ? TransmitKind::kAudio : TransmitKind::kVideo),
      forwarder_(kind_, static_cast<uint16_t>(1 + shared.random.below(0x7fff)), shared.random.u32(),
                 shared.counters.forward),
      send_(send_config(media)),
      queue_(kQueueMax) {}

ReceiveSlot::~ReceiveSlot() {
  shared_.counters.drop_slot_ended += queue_.size();
  forwarder_.set_target({}, {}, nullptr, nullptr);
  if (track_ != nullptr) track_->unsubscribe(*this);
}

bool ReceiveSlot::can_show(const PublishedTrack& track) const {
  return track.kind() == kind_ && send_.can_send(track.codec());
}

void ReceiveSlot::assign(Timestamp now, PublishedTrack* track) {
  if (track == track_) return;
  if (track_ != nullptr) track_->unsubscribe(*this);
  track_ = track;
  is_reassigned_ = true;
  is_withheld_ = false;
  assigned_at_ = now;
  can_send_since_ = kNever;
  if (track_ != nullptr) track_->subscribe(*this);
  aim(now);
}

bool ReceiveSlot::may_send() const {
  if (track_ == nullptr || is_paused_ || !can_show(*track_) || track_->best() == nullptr) return false;
  // Before the transport is there a key frame would be asked for too early, and then be missing.
  return session_.transport().is_connected() && !track_->session().participant().is_muted(track_->right());
}

void ReceiveSlot::aim(Timestamp now) {
  if (!may_send()) {
    can_send_since_ = kNever;
    is_withheld_ = false;
    forwarder_.set_target(now, {}, nullptr, nullptr);
    return;
  }
  can_send_since_ = std::min(can_send_since_, now);
  if (kind_ == MediaKind::kVideo) return session_.divide_soon();
  forwarder_.set_target(now, track_->id(), track_->best(), &track_->clock());
  if (forwarder_.wants_key_frame()) mark_dirty();
}

bool ReceiveSlot::grant(Timestamp now, ReceiveStream* layer, uint8_t temporal_limit, bool is_thin) {
  const bool was_withheld = std::exchange(is_withheld_, layer == nullptr);
  if (layer == nullptr) {
    forwarder_.set_target(now, {}, nullptr, nullptr);
    return !was_withheld;
  }
  forwarder_.set_target(now, track_->id(), layer, &track_->clock());
  const bool waits = forwarder_.wants_key_frame();
  // Until a smaller layer's key frame comes, a line that is too thin for the larger one gets as little of it as there
  // is. Where only the wish became smaller it goes on as it was, and nobody sees the change.
  const bool falls = waits && is_thin && is_larger(forwarder_.current_source(), layer);
  forwarder_.set_temporal_limit(temporal_limit, falls ? 0 : temporal_limit_);
  temporal_limit_ = temporal_limit;
  if (waits) {
    mark_dirty();
    ask_for_key_frame(now, falls);
  }
  return was_withheld;
}

void ReceiveSlot::ask_for_key_frame(Timestamp now, bool falls) {
  // A larger layer of what is shown already can wait for other receivers' wishes; a new source cannot, nor can a line
  // that is too thin for the larger one.
  if (forwarder_.current_track() == track_->id() && !falls) {
    track_->key_frames().request_layer_up(now);
  } else {
    track_->key_frames().request(now);
  }
  track_->session().arm();
}

void ReceiveSlot::end(Timestamp now, const PublishedTrack& track) {
  if (track_ == &track) assign(now, nullptr);
  forwarder_.stop(track.id());
}

void ReceiveSlot::revoke(Timestamp now, TrackId track) {
  forwarder_.revoke(track);
  if (track_ != nullptr && track_->id() == track) assign(now, nullptr);
}

void ReceiveSlot::set_paused(Timestamp now, bool paused) {
  if (paused == is_paused_) return;
  is_paused_ = paused;
  aim(now);
}

void ReceiveSlot::report_soon(Timestamp now) {
  if (report_due_ == kNever) return;
  report_due_ = now;
  session_.arm();
}

void ReceiveSlot::mark_dirty() {
  is_dirty_ = true;
  session_.mark_dirty();
}

SendStream::Release ReceiveSlot::release_of(Timestamp now) {
  return {.now = now,
          // A number that no packet carries would look lost.
          .transport_sequence = send_.carries_transport_sequence() ? session_.next_transport_sequence() : uint16_t{0},
          .publisher_clock = track_ != nullptr ? &track_->clock() : nullptr};
}

bool ReceiveSlot::protect_and_commit(size_t size, MutableBytes buffer, const SendStream::Release& release,
                                     const Path& path, TransmitQueue& out) {
  if (!srtp_->protect_rtp(buffer, size)) return false;
  out.commit(path, size, transmit_kind_);
  session_.send_control().note_sent(
      release.now, send_.carries_transport_sequence() ? std::optional(release.transport_sequence) : std::nullopt, size,
      kind_ == MediaKind::kAudio);
  return true;
}

ReceiveSlot::Released ReceiveSlot::release(Timestamp now, const EgressEntry& entry, const Path& path,
                                           TransmitQueue& out) {
  const MutableBytes buffer = out.reserve(transmit_kind_);
  if (buffer.empty()) return Released::kNoRoom;
  size_t size = 0;
  std::optional<RewrittenPacket> packet;
  if (entry.kind != EgressEntry::Kind::kPadding && !(packet = forwarder_.rewrite(entry.out_sequence))) {
    ++shared_.counters.drop_revoked;
    return Released::kDropped;
  }
  const SendStream::Release release = release_of(now);
  size = packet ? send_.write(*packet, release, buffer)
                : send_.write_padding(static_cast<uint16_t>(entry.out_sequence), release, buffer);
  if (size == 0 || !protect_and_commit(size, buffer, release, path, out)) {
    ++shared_.counters.drop_unsendable;
    return Released::kDropped;
  }
  send_.note_sent(entry.out_sequence);
  ++shared_.counters.rtp_out;
  shared_.counters.rtp_out_bytes += size;
  if (forwarder_.take_switched() || report_due_ == kNever) {
    report_due_ = now;
    session_.arm();
    session_.note_media_started(now, *this);
  }
  return Released::kSent;
}

bool ReceiveSlot::has_keys() {
  if (!srtp_) srtp_ = session_.transport().make_send_session(std::array{send_.config().ssrc, send_.config().rtx_ssrc});
  return srtp_.has_value();
}

bool ReceiveSlot::flush(Timestamp now, const Path& path, TransmitQueue& out) {
  if (!srtp_ && !has_keys()) return true;
  const SendControl& control = session_.send_control();
  const bool is_paced = kind_ == MediaKind::kVideo && control.is_paced();
  const size_t most = is_paced ? kPacedAhead : kQueueMax;
  forwarder_.pull(now, queue_, most);
  while (!queue_.empty()) {
    if (is_paced && !control.may_send(now)) return true;
    const Released result = release(now, queue_.front(), path, out);
    if (result == Released::kNoRoom) {
      if (!out.is_blocked()) return false;
      ++(kind_ == MediaKind::kAudio ? shared_.counters.drop_queue_full_audio : shared_.counters.drop_queue_full_video);
      send_.note_sent(queue_.front().out_sequence);
    }
    queue_.pop();
    if (queue_.empty()) forwarder_.pull(now, queue_, most);
  }
  is_dirty_ = false;
  // The source began anew or was overrun: only a key frame helps.
  if (track_ != nullptr && forwarder_.wants_key_frame() && track_->key_frames().next_timeout() == kNever) {
    ask_for_key_frame(now, false);
  }
  return true;
}

bool ReceiveSlot::send_probe(Timestamp now, const Path& path, TransmitQueue& out) {
  if (kind_ != MediaKind::kVideo || !has_keys()) return false;
  std::optional<RewrittenPacket> largest;
  for (int64_t back = 1; back <= kProbeLookBack; ++back) {
    const std::optional<RewrittenPacket> packet = forwarder_.rewrite(forwarder_.next_out() - back);
    if (packet && (!largest || packet->payload.size() > largest->payload.size())) largest = packet;
  }
  const MutableBytes buffer = out.reserve(transmit_kind_);
  if (buffer.empty()) return false;
  const SendStream::Release release = release_of(now);
  // A picture that is held back for longer than the history reaches has none left.
  const size_t size =
      largest ? send_.write_probe(*largest, release, buffer) : send_.write_probe_padding(release, buffer);
  if (size == 0 || !protect_and_commit(size, buffer, release, path, out)) return false;
  ++shared_.counters.probe_out;
  shared_.counters.probe_out_bytes += size;
  return true;
}

void ReceiveSlot::handle_nack(Timestamp now, uint16_t sequence, const Path& path, TransmitQueue& out) {
  ++shared_.counters.nacks_in;
  if (!srtp_) return;
  const std::optional<RewrittenPacket> packet = forwarder_.rewrite(forwarder_.unwrap_out(sequence));
  if (!packet) return;
  const MutableBytes buffer = out.reserve(transmit_kind_);
  if (buffer.empty()) return;
  const SendStream::Release release = release_of(now);
  const size_t size = send_.write_retransmission(*packet, release, buffer);
  if (size != 0 && protect_and_commit(size, buffer, release, path, out)) ++shared_.counters.rtx_out;
}

void ReceiveSlot::handle_report(Timestamp now, const ReportBlock& block) {
  shared_.counters.downstream_lost += static_cast<uint64_t>(send_.handle_report(now, block));
  session_.send_control().handle_report(now, send_.fraction_lost(), send_.round_trip());
}

void ReceiveSlot::handle_key_frame_request(Timestamp now) {
  ++shared_.counters.key_frame_requests_in;
  if (track_ == nullptr || kind_ != MediaKind::kVideo) return;
  track_->key_frames().request(now);
  track_->session().arm();
}

size_t ReceiveSlot::write_report(Timestamp now, std::string_view cname, MutableBytes out) {
  if (now < report_due_ || !srtp_) return 0;
  report_due_ = now + kReportInterval;
  const std::optional<SenderInfo> info = send_.make_sender_info(now, forwarder_.report_timestamp(now));
  if (!info) return 0;
  ByteWriter writer(out.first(out.size() - SrtpSession::kRtcpOverheadMax));
  if (!write_sender_report(writer, *info, {}) || !write_sdes_cname(writer, info->sender, cname)) return 0;
  size_t size = writer.size();
  return srtp_->protect_rtcp(out, size) ? size : 0;
}

bool ReceiveSlot::watch(Timestamp now) {
  PairWatch::Sample sample;
  if (is_live() && !is_withheld_) {
    // A screen or second camera that sends nothing has been stopped: nothing is wrong.
    const bool may_rest = track_->label() != TrackLabel::kMicrophone && track_->label() != TrackLabel::kCamera;
    const uint64_t feedback = session_.send_control().estimator().counters().feedback;
    const bool reports_alone = kind_ == MediaKind::kAudio && feedback == 0;
    sample = {.is_expected = !may_rest || !track_->is_silent(now),
              .arrived = track_->arrived(),
              .sent = send_.counters().packets,
              .acknowledged = send_.packets_reported() + feedback,
              .acknowledged_within = reports_alone ? PairWatch::kReportsOfSoundWithin : PairWatch::kSilentAfter};
  }
  return watch_.update(now, sample);
}

SlotInfo ReceiveSlot::describe(Timestamp now) const {
  SlotInfo info{.mid = mid_, .kind = kind_};
  if (track_ == nullptr) return info;
  info.track = track_->id();
  info.source = track_->session().participant().id();
  info.label = track_->label();
  if (!send_.can_send(track_->codec())) {
    info.state = SlotState::kCodecUnsupported;
  } else if (track_->session().participant().is_muted(track_->right())) {
    info.state = SlotState::kMuted;
  } else if (is_paused_ || is_withheld_) {
    info.state = SlotState::kPaused;
  } else {
    info.state = track_->is_silent(now) ? SlotState::kSilent : SlotState::kLive;
  }
  return info;
}

}  // namespace eir
