// The RTCP of one client session, both ways. Eir terminates it: what a receiver says stays between it and Eir, and a
// publisher hears from Eir alone.
#include <algorithm>
#include <array>

#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/room.h"
#include "lib/rtp/rtcp_feedback.h"
#include "lib/rtp/rtcp_transport_cc.h"
#include "lib/rtp/rtcp_xr.h"

namespace eir {
namespace {

constexpr size_t kRtcpBytesMax = 1200;  // with the SRTCP trailer within any path's MTU

}  // namespace

void ClientSession::handle_rtcp(Timestamp now, PacketPtr packet, const Path& path, TransmitQueue& out) {
  if (!transport_->unprotect_rtcp(now, *packet, path)) {
    ++shared_.counters.drop_rtcp_not_authentic;
    return;
  }
  ++shared_.counters.rtcp_in;
  RtcpIterator blocks(std::as_const(*packet).bytes());
  while (const std::optional<RtcpBlock> block = blocks.next()) handle_rtcp_block(now, *block, path, out);
  if (blocks.failed()) ++shared_.counters.drop_rtcp_malformed;
}

void ClientSession::handle_rtcp_block(Timestamp now, const RtcpBlock& block, const Path& path, TransmitQueue& out) {
  switch (block.type) {
    case RtcpType::kSenderReport:
      if (const auto report = SenderReport::parse(block)) {
        if (Binding* const binding = find_binding(report->info.sender); binding != nullptr && !binding->is_rtx) {
          const bool is_first = !binding->stream->clock().synchronised();
          participant_.clock().handle_sender_report(now, report->info.ntp);
          binding->stream->handle_sender_report(now, report->info);
          if (is_first) {
            for (ReceiveSlot* slot : binding->track->subscribers()) slot->report_soon(now);
          }
        }
        for (const ReportBlock b : report->blocks) handle_report_block(now, b);
      }
      return;
    case RtcpType::kReceiverReport:
      if (const auto report = ReceiverReport::parse(block)) {
        for (const ReportBlock b : report->blocks) handle_report_block(now, b);
      }
      return;
    case RtcpType::kBye:
      return handle_bye(now, block);
    case RtcpType::kTransportFeedback:
    case RtcpType::kPayloadFeedback:
      return handle_feedback(now, block, path, out);
    case RtcpType::kExtendedReport:
      if (const auto report = ExtendedReport::parse(block)) {
        for (const DlrrItem item : report->dlrr) {
          if (item.receiver != transport_->rtcp_ssrc() || item.last_rr == 0) continue;
          const uint32_t elapsed = to_ntp(now).compact() - item.last_rr - item.delay_since_last_rr;
          if (elapsed < 0x80000000) publisher_round_trip_ = from_compact_ntp_interval(elapsed);
        }
      }
      return;
    case RtcpType::kSourceDescription:
    case RtcpType::kApplication:
      return;
  }
}

void ClientSession::handle_report_block(Timestamp now, const ReportBlock& block) {
  if (ReceiveSlot* const slot = find_slot(block.source)) slot->handle_report(now, block);
}

void ClientSession::handle_feedback(Timestamp now, const RtcpBlock& block, const Path& path, TransmitQueue& out) {
  if (const auto nack = Nack::parse(block)) {
    ReceiveSlot* const slot = find_slot(nack->ssrcs.media);
    size_t left = ReceiveSlot::kNacksPerMessage;
    if (slot == nullptr) return;
    nack->for_each([&](uint16_t sequence) {
      if (left == 0) return;
      --left;
      slot->handle_nack(now, sequence, path, out);
    });
  } else if (const auto feedback = TransportCc::parse(block)) {
    if (control_ == nullptr) return;
    control_->handle_feedback(now, *feedback);
    arm();
  } else if (const auto remb = Remb::parse(block)) {
    if (control_ != nullptr) control_->handle_remb(now, remb->bitrate);
  } else if (const auto pli = Pli::parse(block)) {
    if (ReceiveSlot* const slot = find_slot(pli->ssrcs.media)) slot->handle_key_frame_request(now);
  } else if (const auto fir = Fir::parse(block)) {
    for (const FirEntry entry : fir->entries) {
      if (ReceiveSlot* const slot = find_slot(entry.media)) slot->handle_key_frame_request(now);
    }
  }
}

void ClientSession::handle_bye(Timestamp now, const RtcpBlock& block) {
  const std::optional<Bye> bye = Bye::parse(block);
  if (!bye) return;
  for (const Ssrc ssrc : bye->sources) {
    Binding* const binding = find_binding(ssrc);
    if (binding == nullptr || binding->is_rtx) continue;
    PublishedTrack& track = *binding->track;
    ReceiveStream* const stream = binding->stream;
    drop_bindings(stream);
    for (PublishedTrack::Layer& layer : track.layers()) {
      if (layer.stream.get() == stream) participant_.room().retire(now, track, track.unbind(layer));
    }
    track.update_best(now);
    for (ReceiveSlot* slot : track.subscribers()) slot->aim(now);
  }
}

bool ClientSession::begin_rtcp(ByteWriter& writer) {
  // RFC 5506: without a=rtcp-rsize every packet is compound and begins with a report.
  return rtcp_rsize_ || (write_receiver_report(writer, transport_->rtcp_ssrc(), {}) &&
                         write_sdes_cname(writer, transport_->rtcp_ssrc(), cname_));
}

void ClientSession::finish_rtcp(MutableBytes buffer, size_t size, const Path& path, TransmitQueue& out) {
  if (size == 0 || !transport_->protect_rtcp(buffer, size)) return;
  out.commit(path, size, TransmitKind::kControl);
  ++shared_.counters.rtcp_out;
}

void ClientSession::send_due_rtcp(Timestamp now, TransmitQueue& out) {
  needs_arming_ = false;
  const Path* const path = transport_->send_path();
  if (path == nullptr || !transport_->is_connected()) return;
  send_nacks(now, *path, out);
  send_key_frame_requests(now, *path, out);
  send_transport_feedback(now, *path, out);
  if (now >= reports_due_) {
    reports_due_ = now + kReportInterval;
    send_receiver_reports(now, *path, out);
  }
  send_slot_reports(now, *path, out);
}

void ClientSession::send_slot_reports(Timestamp now, const Path& path, TransmitQueue& out) {
  for (const auto& slot : slots_) {
    if (now < slot->next_report()) continue;
    const MutableBytes buffer = out.reserve(TransmitKind::kControl);
    if (buffer.empty()) return;
    const size_t size = slot->write_report(now, cname_, buffer);
    if (size == 0) continue;
    out.commit(path, size, TransmitKind::kControl);
    ++shared_.counters.rtcp_out;
  }
}

void ClientSession::send_receiver_reports(Timestamp now, const Path& path, TransmitQueue& out) {
  std::array<ReportBlock, kRtcpCountMax> blocks;
  size_t count = 0;
  for (const Binding& binding : bindings_) {
    if (!binding.is_rtx && count < blocks.size()) blocks[count++] = binding.stream->make_report(now);
  }
  const MutableBytes buffer = out.reserve(TransmitKind::kControl);
  if (buffer.empty()) return;
  ByteWriter writer(buffer.first(kRtcpBytesMax));
  const Ssrc own = transport_->rtcp_ssrc();
  if (!write_receiver_report(writer, own, std::span(blocks).first(count)) || !write_sdes_cname(writer, own, cname_))
    return;
  // A client that only publishes reports nothing about us: it is asked for the round trip (RFC 3611).
  if (slots_.empty() && !write_xr_reference_time(writer, own, to_ntp(now))) return;
  finish_rtcp(buffer, writer.size(), path, out);
}

void ClientSession::send_transport_feedback(Timestamp now, const Path& path, TransmitQueue& out) {
  while (now >= feedback_.next_timeout()) {
    const MutableBytes buffer = out.reserve(TransmitKind::kControl);
    if (buffer.empty()) return;
    ByteWriter writer(buffer.first(kRtcpBytesMax));
    const FeedbackSsrcs ssrcs{.sender = transport_->rtcp_ssrc(), .media = newest_media_ssrc_};
    if (!begin_rtcp(writer) || !feedback_.write_feedback(now, ssrcs, writer)) return;
    finish_rtcp(buffer, writer.size(), path, out);
  }
}

void ClientSession::send_nacks(Timestamp now, const Path& path, TransmitQueue& out) {
  std::array<uint16_t, kNacksPerPacket> wanted;
  for (const auto& track : tracks_) {
    for (PublishedTrack::Layer& layer : track->layers()) {
      if (layer.stream == nullptr || now < layer.stream->next_nack()) continue;
      const size_t count = layer.stream->collect_nacks(now, round_trip(), wanted);
      if (count == 0) continue;
      const MutableBytes buffer = out.reserve(TransmitKind::kControl);
      if (buffer.empty()) return;
      ByteWriter writer(buffer.first(kRtcpBytesMax));
      const FeedbackSsrcs ssrcs{.sender = transport_->rtcp_ssrc(), .media = layer.stream->ssrc()};
      if (!begin_rtcp(writer)) return;
      shared_.counters.nacks_out += write_nack(writer, ssrcs, std::span(wanted).first(count));
      finish_rtcp(buffer, writer.size(), path, out);
    }
  }
}

void ClientSession::send_key_frame_requests(Timestamp now, const Path& path, TransmitQueue& out) {
  for (const auto& track : tracks_) {
    if (!track->key_frames().take_due(now)) continue;
    const ReceiveStream* target = track->best();
    for (const PublishedTrack::Layer& layer : track->layers()) {
      if (target == nullptr) target = layer.stream.get();
    }
    // Before the first packet there is no SSRC to name, and the first frame is a key frame anyway.
    if (target == nullptr) continue;
    const MutableBytes buffer = out.reserve(TransmitKind::kControl);
    if (buffer.empty()) return;
    ByteWriter writer(buffer.first(kRtcpBytesMax));
    const Ssrc own = transport_->rtcp_ssrc();
    const sdp::Feedback& feedback = track->media().codecs.front().feedback;
    const FirEntry entry{.media = target->ssrc(), .sequence_number = track->next_fir_sequence()};
    const bool written = begin_rtcp(writer) && (feedback.nack_pli || !feedback.ccm_fir
                                                    ? write_pli(writer, {.sender = own, .media = target->ssrc()})
                                                    : write_fir(writer, own, std::array{entry}));
    if (!written) continue;
    ++shared_.counters.key_frame_requests_out;
    finish_rtcp(buffer, writer.size(), path, out);
  }
}

void ClientSession::send_handshake(TransmitQueue& out) {
  while (const std::optional<Transport::Outgoing> datagram = transport_->poll_transmit()) {
    if (!out.push(datagram->path, datagram->bytes, TransmitKind::kControl)) return;
  }
}

}  // namespace eir
