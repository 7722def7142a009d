#include "lib/router/client_session.h"

#include <algorithm>

#include "lib/router/participant.h"
#include "lib/router/room.h"

namespace eir {

ClientSession::ClientSession(RouterShared& shared, Participant& participant, SessionKind kind,
                             std::unique_ptr<Transport> transport, std::string cname)
    : shared_(shared),
      participant_(participant),
      kind_(kind),
      transport_(std::move(transport)),
      cname_(std::move(cname)),
      transport_sequence_(static_cast<uint16_t>(shared.random.below(1 << 15))) {
  bindings_.reserve(kStreamsMax);
}

ClientSession::~ClientSession() {
  std::erase(shared_.dirty, this);
  // Slots unsubscribe from tracks, perhaps from own ones (echo): they go first.
  slots_.clear();
}

void ClientSession::apply(Timestamp now, const sdp::Negotiated& negotiated) {
  extensions_ = negotiated.bundle_extensions;
  rtcp_rsize_ = negotiated.rtcp_rsize;
  media_ = negotiated.media;
  const auto still_there = [&](const std::string& mid, bool as_track) {
    return std::any_of(media_.begin(), media_.end(), [&](const sdp::MediaDescription& m) {
      return m.accepted() && m.mid == mid && (as_track ? m.receives_from_client : m.sends_to_client);
    });
  };
  for (size_t i = tracks_.size(); i-- > 0;) {
    if (still_there(tracks_[i]->mid(), true)) continue;
    end_track(now, *tracks_[i]);
    tracks_.erase(tracks_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::erase_if(slots_, [&](const auto& slot) { return !still_there(slot->mid(), false); });
  for (const sdp::MediaDescription& media : media_) {
    if (!media.accepted()) continue;
    if (media.receives_from_client) {
      if (PublishedTrack* const track = find_track(media.mid)) {
        track->renegotiate(media);
      } else {
        tracks_.push_back(
            std::make_unique<PublishedTrack>(TrackId(shared_.next_track++), *this, participant_.clock(), media));
        if (has_camera(*tracks_.back())) tracks_.back()->set_label(TrackLabel::kExtraCamera);
        participant_.room().note_published(*tracks_.back());
      }
    }
    if (media.sends_to_client && find_slot(std::string_view(media.mid)) == nullptr) {
      if (control_ == nullptr) control_ = std::make_unique<SendControl>();
      slots_.push_back(std::make_unique<ReceiveSlot>(shared_, *this, media));
    }
  }
  if (reports_due_ == kNever) reports_due_ = now + kReportInterval;
  arm();
}

// A second picture of one person is a second camera until the client says that it is a screen.
bool ClientSession::has_camera(const PublishedTrack& other_than) const {
  return other_than.kind() == MediaKind::kVideo && std::any_of(tracks_.begin(), tracks_.end(), [&](const auto& track) {
           return track.get() != &other_than && track->label() == TrackLabel::kCamera;
         });
}

void ClientSession::end_track(Timestamp now, PublishedTrack& track) {
  for (PublishedTrack::Layer& layer : track.layers()) {
    if (layer.stream != nullptr) drop_bindings(layer.stream.get());
  }
  participant_.room().note_ended(now, track);
}

PublishedTrack* ClientSession::find_track(std::string_view mid) const {
  const auto it = std::find_if(tracks_.begin(), tracks_.end(), [&](const auto& t) { return t->mid() == mid; });
  return it == tracks_.end() ? nullptr : it->get();
}

ReceiveSlot* ClientSession::find_slot(std::string_view mid) const {
  const auto it = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s->mid() == mid; });
  return it == slots_.end() ? nullptr : it->get();
}

ReceiveSlot* ClientSession::find_slot(Ssrc ssrc) const {
  const auto it = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s->ssrc() == ssrc; });
  return it == slots_.end() ? nullptr : it->get();
}

bool ClientSession::uses_ssrc(Ssrc ssrc) const {
  return transport_->rtcp_ssrc() == ssrc ||
         std::any_of(slots_.begin(), slots_.end(),
                     [&](const auto& s) { return s->ssrc() == ssrc || s->identity().rtx_ssrc == ssrc; }) ||
         std::any_of(bindings_.begin(), bindings_.end(), [&](const Binding& b) { return b.ssrc == ssrc; });
}

Duration ClientSession::round_trip() const {
  std::optional<Duration> best = publisher_round_trip_;
  for (const auto& slot : slots_) {
    const std::optional<Duration> rtt = slot->send().round_trip();
    if (rtt && (!best || *rtt < *best)) best = rtt;
  }
  return best.value_or(kDefaultRoundTrip);
}

void ClientSession::mark_dirty() {
  if (is_dirty_) return;
  is_dirty_ = true;
  shared_.dirty.push_back(this);
}

void ClientSession::note_media_started(Timestamp now, const ReceiveSlot& slot) {
  if (!participant_.take_media_started()) return;
  shared_.emit(MediaStarted{
      .participant = participant_.id(), .mid = slot.mid(), .elapsed_ms = to_ms(now - slot.can_send_since())});
}

void ClientSession::handle_rtp(Timestamp now, PacketPtr packet, const Path& path) {
  if (!transport_->unprotect_rtp(now, *packet, path)) {
    ++shared_.counters.drop_not_authentic;
    return;
  }
  // Before anything views its bytes: it may stay in a history for a while.
  packet = PacketPool::compact(std::move(packet));
  const std::optional<RtpPacketView> view = RtpPacketView::parse(packet->bytes());
  HeaderExtensions extensions;
  if (!view || (view->has_extension() && !parse_header_extensions(view->extension_profile(), view->extension_block(),
                                                                  extensions_, extensions))) {
    ++shared_.counters.drop_rtp_malformed;
    return;
  }
  if (extensions.transport_sequence) {
    const bool was_idle = feedback_.next_timeout() == kNever;
    feedback_.handle_packet(now, *extensions.transport_sequence);
    if (was_idle) arm();
  }
  Binding* binding = find_binding(view->ssrc());
  if (binding == nullptr) binding = bind(now, *view, extensions);
  if (binding == nullptr) return;
  newest_media_ssrc_ = binding->stream->ssrc();
  if (!binding->is_rtx && view->payload_type() != binding->stream->config().payload_type) {
    // Another codec on the same SSRC: another stream (the offer's list may name several for audio).
    binding = bind_media(now, *binding->track, *view, extensions);
    if (binding == nullptr) return;
  }
  ReceiveStream& stream = *binding->stream;
  const Timestamp nack_before = stream.next_nack();
  const uint64_t arrivals = stream.history().arrivals();
  const uint64_t dropped_early = stream.history().dropped_early();
  const ReceiveStream::Outcome outcome = binding->is_rtx
                                             ? stream.handle_rtx(now, std::move(packet), *view, extensions)
                                             : stream.handle_packet(now, std::move(packet), *view, extensions);
  if (stream.next_nack() < nack_before) arm();
  shared_.counters.history_dropped_early += stream.history().dropped_early() - dropped_early;
  if (stream.history().arrivals() != arrivals) offer(*binding);
  switch (outcome) {
    case ReceiveStream::Outcome::kStored:
      note_stored(now, *binding);
      return;
    case ReceiveStream::Outcome::kPadding:
      ++shared_.counters.rtp_padding_in;
      return;
    case ReceiveStream::Outcome::kDuplicate:
    case ReceiveStream::Outcome::kTooOld:
      ++shared_.counters.drop_duplicate;
      return;
    case ReceiveStream::Outcome::kMalformed:
      ++shared_.counters.drop_rtp_malformed;
      return;
  }
}

// Before anybody is aimed at it: each slot of the track has the packet before it, or says why not.
void ClientSession::offer(const Binding& binding) {
  const std::vector<ReceiveSlot*>& slots = binding.track->subscribers();
  if (slots.empty()) ++shared_.counters.no_receiver;
  for (ReceiveSlot* slot : slots) slot->note_stored(binding.stream);
}

void ClientSession::note_stored(Timestamp now, Binding& binding) {
  ++shared_.counters.rtp_in;
  PublishedTrack& track = *binding.track;
  const PacketHistory& history = binding.stream->history();
  const StoredPacket* const stored = history.arrival(history.arrivals() - 1);
  if (stored != nullptr && track.handle_stored(now, *binding.stream, *stored)) {
    for (ReceiveSlot* slot : track.subscribers()) slot->aim(now);
  }
}

ClientSession::Binding* ClientSession::find_binding(Ssrc ssrc) {
  if (last_binding_ < bindings_.size() && bindings_[last_binding_].ssrc == ssrc) return &bindings_[last_binding_];
  for (size_t i = 0; i < bindings_.size(); ++i) {
    if (bindings_[i].ssrc != ssrc) continue;
    last_binding_ = i;
    return &bindings_[i];
  }
  return nullptr;
}

PublishedTrack* ClientSession::find_track_of(const RtpPacketView& view, const HeaderExtensions& extensions) const {
  if (!extensions.mid.empty()) return find_track(extensions.mid.view());
  const auto announces = [&](const auto& track) {
    const std::vector<Ssrc>& ssrcs = track->media().client_ssrcs;
    return std::find(ssrcs.begin(), ssrcs.end(), view.ssrc()) != ssrcs.end();
  };
  if (const auto it = std::find_if(tracks_.begin(), tracks_.end(), announces); it != tracks_.end()) return it->get();
  // A payload type that one m-line alone uses says it too.
  PublishedTrack* only = nullptr;
  for (const auto& track : tracks_) {
    if (!sdp::find_payload_type(track->media().codecs, view.payload_type())) continue;
    if (only != nullptr) return nullptr;
    only = track.get();
  }
  return only;
}

ClientSession::Binding* ClientSession::bind(Timestamp now, const RtpPacketView& view,
                                            const HeaderExtensions& extensions) {
  PublishedTrack* const track = find_track_of(view, extensions);
  if (track == nullptr || bindings_.size() == kStreamsMax) {
    ++shared_.counters.drop_unknown_ssrc;
    return nullptr;
  }
  const std::optional<sdp::PayloadTypeMeaning> meaning =
      sdp::find_payload_type(track->media().codecs, view.payload_type());
  if (!meaning) {
    ++shared_.counters.drop_not_negotiated;
    return nullptr;
  }
  return meaning->is_rtx ? bind_rtx(*track, view, extensions) : bind_media(now, *track, view, extensions);
}

ClientSession::Binding* ClientSession::bind_media(Timestamp now, PublishedTrack& track, const RtpPacketView& view,
                                                  const HeaderExtensions& extensions) {
  const std::optional<sdp::PayloadTypeMeaning> meaning =
      sdp::find_payload_type(track.media().codecs, view.payload_type());
  PublishedTrack::Layer* layer = nullptr;
  if (const Binding* const known = find_binding(view.ssrc())) {
    for (PublishedTrack::Layer& l : track.layers()) {
      if (l.stream.get() == known->stream) layer = &l;
    }
  } else {
    layer = track.find_layer(extensions.rid);
  }
  if (!meaning || meaning->is_rtx || layer == nullptr) {
    ++shared_.counters.drop_not_negotiated;
    return nullptr;
  }
  if (layer->stream != nullptr && now - layer->bound_at < PublishedTrack::kRebindMin) {
    ++shared_.counters.drop_unknown_ssrc;
    return nullptr;
  }
  std::unique_ptr<ReceiveStream> former = track.bind(now, *layer,
                                                     {.ssrc = view.ssrc(),
                                                      .codec = meaning->codec->codec,
                                                      .payload_type = view.payload_type(),
                                                      .nack = meaning->codec->feedback.nack});
  if (former != nullptr) {
    drop_bindings(former.get());
    participant_.room().retire(now, track, std::move(former));
  }
  // Announced retransmission SSRCs need no packet to be known.
  for (const sdp::SourcePair& pair : track.media().sources) {
    if (pair.ssrc == view.ssrc() && pair.rtx_ssrc) layer->rtx_ssrc = *pair.rtx_ssrc;
  }
  return add_binding({.ssrc = view.ssrc(), .track = &track, .stream = layer->stream.get(), .is_rtx = false});
}

ClientSession::Binding* ClientSession::bind_rtx(PublishedTrack& track, const RtpPacketView& view,
                                                const HeaderExtensions& extensions) {
  PublishedTrack::Layer* layer = extensions.repaired_rid.empty() ? track.find_layer_of_rtx(view.ssrc())
                                                                 : track.find_layer(extensions.repaired_rid);
  if (layer == nullptr && track.layers().size() == 1) layer = &track.layers().front();
  // Firefox pads on the RTX of a layer that it has not begun: nothing to repair yet.
  if (layer == nullptr || layer->stream == nullptr) {
    ++shared_.counters.drop_unknown_ssrc;
    return nullptr;
  }
  layer->rtx_ssrc = view.ssrc();
  return add_binding({.ssrc = view.ssrc(), .track = &track, .stream = layer->stream.get(), .is_rtx = true});
}

ClientSession::Binding* ClientSession::add_binding(const Binding& binding) {
  bindings_.push_back(binding);
  last_binding_ = bindings_.size() - 1;
  return &bindings_.back();
}

void ClientSession::drop_bindings(const ReceiveStream* stream) {
  for (const Binding& binding : bindings_) {
    if (binding.stream == stream) transport_->forget_ssrc(binding.ssrc);
  }
  std::erase_if(bindings_, [&](const Binding& binding) { return binding.stream == stream; });
  last_binding_ = 0;
}

bool ClientSession::flush(Timestamp now, TransmitQueue& out) {
  const Path* const path = transport_->send_path();
  paced_until_ = kNever;
  if (path == nullptr || !transport_->is_connected()) {
    is_dirty_ = false;
    return true;
  }
  if (control_ != nullptr) {
    control_->handle_path(now, *path);
    if (control_->is_due(now) && control_->divide(now, slots_)) participant_.room().tell_slots_soon();
    if (!flush_slots(now, *path, out)) return false;
  }
  send_slot_reports(now, *path, out);
  is_dirty_ = false;
  return true;
}

bool ClientSession::flush_slots(Timestamp now, const Path& path, TransmitQueue& out) {
  bool waits = false;
  // Audio first: if the queue fills up, pictures wait.
  for (const MediaKind kind : {MediaKind::kAudio, MediaKind::kVideo}) {
    for (const auto& slot : slots_) {
      if (slot->kind() != kind || !slot->is_dirty()) continue;
      if (!slot->flush(now, path, out)) return false;
      waits |= slot->is_dirty();
    }
  }
  send_probe(now, path, out);
  if ((waits && !control_->may_send(now)) || control_->is_probing()) {
    paced_until_ = control_->next_send(now);
    arm();
  }
  return true;
}

// What the pictures did not fill of a probe, retransmissions of them do.
void ClientSession::send_probe(Timestamp now, const Path& path, TransmitQueue& out) {
  control_->begin_probe(now);
  while (control_->wants_padding(now)) {
    const bool is_sent =
        std::any_of(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->send_probe(now, path, out); });
    if (!is_sent) control_->end_probe();
  }
}

void ClientSession::handle_timeout(Timestamp now) {
  if (control_ == nullptr || !transport_->is_connected()) return;
  const bool is_due = now >= control_->next_timeout();
  if (is_due) control_->handle_timeout(now);
  if (is_due || now >= paced_until_) mark_dirty();
}

void ClientSession::handle_tick(Timestamp now) {
  for (const auto& track : tracks_) {
    for (PublishedTrack::Layer& layer : track->layers()) {
      if (layer.stream != nullptr) layer.stream->expire(now);
    }
    if (!track->update_best(now)) continue;
    for (ReceiveSlot* slot : track->subscribers()) slot->aim(now);
  }
}

Timestamp ClientSession::next_timeout() const {
  Timestamp next = std::min(transport_->next_timeout(), reports_due_);
  if (!transport_->is_connected()) return transport_->next_timeout();
  next = std::min(next, feedback_.next_timeout());
  for (const auto& track : tracks_) {
    next = std::min(next, track->key_frames().next_timeout());
    for (const PublishedTrack::Layer& layer : track->layers()) {
      if (layer.stream != nullptr) next = std::min(next, layer.stream->next_nack());
    }
  }
  for (const auto& slot : slots_) next = std::min(next, slot->next_report());
  if (control_ != nullptr) next = std::min({next, control_->next_timeout(), paced_until_});
  return next;
}

}  // namespace eir
