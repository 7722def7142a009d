#include "lib/client/client.h"

#include <algorithm>
#include <utility>

#include "lib/rtp/rtp_packet.h"

// The packets of a client; its offers and answers are in client_signalling.cc, its RTCP in client_rtcp.cc.
namespace eir {
namespace {

constexpr size_t kEventsMax = 64;

}  // namespace

Client::Client(ClientOptions options, const DtlsContext& dtls, Random& random)
    : options_(std::move(options)),
      random_(random),
      transport_(dtls, random, options_.ice),
      fallback_ssrc_(Ssrc(random.u32() | 1)),
      events_(kEventsMax) {
  for (const AudioTrackOptions& track : options_.audio) add_audio_track(track);
  for (const VideoTrackOptions& track : options_.video) add_video_track(track);
  for (size_t i = 0; i < options_.audio_slots; ++i) add_slot(MediaKind::kAudio);
  for (size_t i = 0; i < options_.video_slots; ++i) add_slot(MediaKind::kVideo);
}

Client::~Client() = default;

void Client::tell(ClientEvent event) {
  // Nobody polls: the newest is lost, as with any bounded queue.
  static_cast<void>(events_.push(event));
}

std::optional<ClientEvent> Client::poll_event() {
  if (events_.empty()) return std::nullopt;
  return events_.pop();
}

void Client::handle_datagram(Timestamp now, MutableBytes datagram, const Path& path) {
  now_ = std::max(now_, now);
  ++counters_.datagrams_in;
  switch (classify(datagram)) {
    case PacketClass::kStun:
      transport_.handle_stun(now, datagram, path);
      return take_transport_events(now);
    case PacketClass::kDtls:
      transport_.handle_dtls(now, datagram);
      return take_transport_events(now);
    case PacketClass::kRtp:
      return handle_rtp(now, datagram);
    case PacketClass::kRtcp:
      return handle_rtcp(now, datagram);
    case PacketClass::kOther:
      ++counters_.drop_malformed;
      return;
  }
}

void Client::take_transport_events(Timestamp now) {
  while (const auto event = transport_.poll_event()) {
    if (std::holds_alternative<ClientTransportConnected>(*event)) {
      tell(ClientConnected{});
      start_sending(now);
      // Spread, so that a thousand clients do not report at once.
      reports_due_ = now + Duration(static_cast<int64_t>(random_.below(500'000'000)));
    } else if (const auto* closed = std::get_if<ClientTransportClosed>(&*event)) {
      tell(ClientClosed{closed->reason});
    } else if (const auto* selected = std::get_if<ClientTransportSelected>(&*event)) {
      tell(ClientPathSelected{selected->path});
    }
  }
}

Client::SlotSsrc* Client::find_slot(Ssrc ssrc) {
  if (last_slot_ < slot_ssrcs_.size() && slot_ssrcs_[last_slot_].ssrc == ssrc) return &slot_ssrcs_[last_slot_];
  for (size_t i = 0; i < slot_ssrcs_.size(); ++i) {
    if (slot_ssrcs_[i].ssrc != ssrc) continue;
    last_slot_ = i;
    return &slot_ssrcs_[i];
  }
  return nullptr;
}

void Client::handle_rtp(Timestamp now, MutableBytes datagram) {
  if (!transport_.is_connected() || datagram.size() < RtpPacketView::kFixedHeaderSize) {
    ++counters_.drop_malformed;
    return;
  }
  SlotSsrc* const slot = find_slot(Ssrc(load_u32(&datagram[8])));
  if (slot == nullptr) {
    ++counters_.drop_unknown_ssrc;
    return;
  }
  handle_slot_packet(now, *slot, datagram);
  if (const auto csrc = slot->receiver->take_new_source()) {
    tell(SlotSourceSeen{ShortText::of(slot->receiver->mid()), *csrc});
  }
}

void Client::handle_slot_packet(Timestamp now, const SlotSsrc& slot, MutableBytes datagram) {
  constexpr uint8_t kPaddingBit = 0x20;
  ClientReceiver& receiver = *slot.receiver;
  // The padding count is encrypted, so a padded packet cannot be read by its header alone.
  const bool is_readable = (datagram[0] & kPaddingBit) == 0;
  if (!slot.is_rtx && is_readable && !receiver.wants_decrypted(load_u16(&datagram[2]))) {
    const auto view = RtpPacketView::parse(datagram);
    if (!view) {
      ++counters_.drop_malformed;
      return;
    }
    note_transport_sequence(now, receiver, *view);
    return receiver.handle_header(now, *view);
  }
  size_t size = datagram.size();
  if (transport_.unprotect_rtp(datagram, size) != SrtpStatus::kOk) {
    ++counters_.drop_auth_failed;
    return receiver.note_unprotect_failed();
  }
  const auto view = RtpPacketView::parse(datagram.first(size));
  if (!view) {
    ++counters_.drop_malformed;
    return;
  }
  note_transport_sequence(now, receiver, *view);
  if (slot.is_rtx) {
    receiver.handle_rtx(now, *view, datagram.size());
  } else {
    receiver.handle_media(now, *view, datagram.size());
  }
}

void Client::note_transport_sequence(Timestamp now, const ClientReceiver& receiver, const RtpPacketView& view) {
  if (!options_.transport_cc || !view.has_extension()) return;
  HeaderExtensions extensions;
  parse_header_extensions(view.extension_profile(), view.extension_block(), receiver.extensions(), extensions);
  if (extensions.transport_sequence) feedback_.handle_packet(now, *extensions.transport_sequence);
}

void Client::handle_timeout(Timestamp now) {
  now_ = std::max(now_, now);
  transport_.handle_timeout(now);
  take_transport_events(now);
  if (!transport_.is_connected()) return;
  for (const auto& sender : senders_) sender->handle_timeout(now);
  for (const auto& receiver : receivers_) receiver->handle_timeout(now);
}

Timestamp Client::next_timeout() const {
  Timestamp next = transport_.next_timeout();
  // Without a path nothing could be sent: the transport's own timer leads to one, or to the end.
  if (!transport_.is_connected() || transport_.send_path() == nullptr) return next;
  for (const auto& sender : senders_) next = std::min(next, sender->next_timeout());
  return std::min(next, rtcp_timeout());
}

size_t Client::poll_transmit(MutableBytes out, Path& path) {
  size_t size = transport_.poll_transmit(out, path);
  if (size == 0 && transport_.is_connected() && transport_.send_path() != nullptr) {
    path = *transport_.send_path();
    size = poll_rtcp(out);
    if (size == 0 && is_closing_) {
      transport_.close(now_);
      take_transport_events(now_);
      size = transport_.poll_transmit(out, path);
    }
    if (size == 0 && !is_closing_) size = poll_media(out);
  }
  if (size > 0) ++counters_.datagrams_out;
  return size;
}

size_t Client::poll_media(MutableBytes out) {
  for (size_t i = 0; i < senders_.size(); ++i) {
    ClientSender& sender = *senders_[(next_sender_ + i) % senders_.size()];
    size_t size = sender.write_packet(now_, transport_sequence_, out);
    if (size == 0) continue;
    ++transport_sequence_;
    next_sender_ = (next_sender_ + i + 1) % senders_.size();
    return transport_.protect_rtp(out, size) ? size : 0;
  }
  return 0;
}

void Client::close(Timestamp now) {
  now_ = std::max(now_, now);
  if (is_closing_) return;
  is_closing_ = true;
  for (const auto& sender : senders_) {
    say_bye(*sender);
    sender->set_sending(now, false);
  }
  if (transport_.is_connected()) return;  // with the next polls
  transport_.close(now);
  take_transport_events(now);
}

void Client::say_bye(const ClientSender& sender) {
  if (!transport_.is_connected()) return;
  for (const MediaEncoding& encoding : sender.encodings()) {
    if (encoding.has_sent()) byes_.push_back(encoding.ssrc());
  }
}

ClientSender* Client::find_sender(std::string_view mid) const {
  for (const auto& sender : senders_) {
    if (sender->mid() == mid) return sender.get();
  }
  return nullptr;
}

ClientReceiver* Client::find_receiver(std::string_view mid) const {
  for (const auto& receiver : receivers_) {
    if (receiver->mid() == mid) return receiver.get();
  }
  return nullptr;
}

void Client::set_sending(Timestamp now, std::string_view mid, bool is_sending) {
  now_ = std::max(now_, now);
  ClientSender* const sender = find_sender(mid);
  if (sender != nullptr && transport_.is_connected()) sender->set_sending(now, is_sending);
}

void Client::end_streams(Timestamp now, std::string_view mid) {
  set_sending(now, mid, false);
  if (const ClientSender* sender = find_sender(mid)) say_bye(*sender);
}

void Client::set_encoding_active(std::string_view mid, std::string_view rid, bool is_active) {
  ClientSender* const sender = find_sender(mid);
  MediaEncoding* const encoding = sender == nullptr ? nullptr : sender->find_rid(rid);
  if (encoding == nullptr) return;
  encoding->is_active = is_active;
  encoding->drop_unsent();
  sender->request_key_frame();
}

void Client::change_ssrcs(Timestamp now, std::string_view mid, bool bye) {
  now_ = std::max(now_, now);
  ClientSender* const sender = find_sender(mid);
  if (sender == nullptr) return;
  if (bye) say_bye(*sender);
  sender->change_ssrcs(random_);
  register_ssrcs();
}

void Client::request_key_frame(std::string_view mid) {
  if (ClientReceiver* receiver = find_receiver(mid)) receiver->request_key_frame();
}

}  // namespace eir
