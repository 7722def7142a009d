#include <algorithm>
#include <array>

#include "lib/client/client.h"
#include "lib/rtp/rtcp_feedback.h"
#include "lib/rtp/rtcp_reports.h"

// The RTCP of a client, both ways.
namespace eir {
namespace {

constexpr Duration kReportInterval = 1s;
constexpr Duration kRoundTripDefault = 100ms;  // until a report says better
constexpr size_t kRtcpBytesMax = 1200;
constexpr size_t kNacksMax = 128;  // of one slot in one datagram

}  // namespace

void Client::handle_rtcp(Timestamp now, MutableBytes datagram) {
  size_t size = datagram.size();
  if (transport_.unprotect_rtcp(datagram, size) != SrtpStatus::kOk) {
    ++counters_.drop_auth_failed;
    return;
  }
  ++counters_.rtcp_in;
  RtcpIterator blocks(datagram.first(size));
  while (const auto block = blocks.next()) handle_rtcp_block(now, *block);
  if (blocks.failed()) ++counters_.rtcp_malformed;
}

void Client::handle_rtcp_block(Timestamp now, const RtcpBlock& block) {
  if (const auto report = SenderReport::parse(block)) {
    if (SlotSsrc* slot = find_slot(report->info.sender)) slot->receiver->handle_sender_report(now, report->info);
    for (const ReportBlock& one : report->blocks) handle_report_block(now, one);
  } else if (const auto receiver_report = ReceiverReport::parse(block)) {
    for (const ReportBlock& one : receiver_report->blocks) handle_report_block(now, one);
  } else if (const auto nack = Nack::parse(block)) {
    handle_nack(*nack);
  } else if (const auto pli = Pli::parse(block)) {
    handle_key_frame_request(pli->ssrcs.media);
  } else if (const auto fir = Fir::parse(block)) {
    for (const FirEntry& entry : fir->entries) handle_key_frame_request(entry.media);
  } else if (block.is(RtcpType::kTransportFeedback, kFmtTransportCc)) {
    ++counters_.feedback_in;
  } else if (block.is(RtcpType::kBye)) {
    ++counters_.byes_in;
  }
}

MediaEncoding* Client::find_encoding(Ssrc ssrc) {
  for (const auto& sender : senders_) {
    if (MediaEncoding* encoding = sender->find(ssrc)) return encoding;
  }
  return nullptr;
}

void Client::handle_report_block(Timestamp now, const ReportBlock& block) {
  MediaEncoding* const encoding = find_encoding(block.source);
  if (encoding != nullptr) encoding->handle_report_block(block, to_ntp(now + options_.clock_offset));
}

void Client::handle_nack(const Nack& nack) {
  MediaEncoding* const encoding = find_encoding(nack.ssrcs.media);
  if (encoding == nullptr) return;
  nack.for_each([encoding](uint16_t sequence) { encoding->request_retransmission(sequence); });
}

void Client::handle_key_frame_request(Ssrc media) {
  for (const auto& sender : senders_) {
    MediaEncoding* const encoding = sender->find(media);
    if (encoding == nullptr) continue;
    ++encoding->stats().plis;
    sender->handle_key_frame_request();
    tell(KeyFrameRequested{ShortText::of(sender->mid()), ShortText::of(encoding->rid())});
  }
}

Ssrc Client::rtcp_ssrc() const {
  return senders_.empty() ? fallback_ssrc_ : senders_.front()->encodings().front().ssrc();
}

Duration Client::round_trip() const {
  for (const auto& sender : senders_) {
    for (const MediaEncoding& encoding : sender->encodings()) {
      if (encoding.stats().round_trip > 0ms) return encoding.stats().round_trip;
    }
  }
  return kRoundTripDefault;
}

Timestamp Client::rtcp_timeout() const {
  if (!byes_.empty() || is_closing_) return Timestamp::min();
  Timestamp next = std::min(reports_due_, feedback_.next_timeout());
  for (const auto& receiver : receivers_) next = std::min(next, receiver->next_timeout());
  return next;
}

size_t Client::poll_rtcp(MutableBytes out) {
  if (now_ < rtcp_timeout()) return 0;
  ByteWriter writer(out.first(std::min(out.size(), kRtcpBytesMax)));
  if (!byes_.empty()) {
    write_byes(writer);
  } else if (now_ >= reports_due_) {
    write_reports(writer);
  }
  if (writer.size() == 0 && !is_closing_) write_feedback(writer);
  size_t size = writer.size();
  if (size == 0) return 0;
  return transport_.protect_rtcp(out, size) ? size : 0;
}

void Client::write_byes(ByteWriter& writer) {
  // RFC 3550 section 6.6: a BYE stands behind a report. From the stream that ends, whose session still knows it.
  const Ssrc ending = byes_.back();
  byes_.pop_back();
  if (!eir::write_receiver_report(writer, ending, {})) return;
  if (!write_sdes_cname(writer, ending, options_.name)) return;
  static_cast<void>(write_bye(writer, std::array{ending}));
}

// One datagram of the round that is due; the last one sets the next round's time.
void Client::write_reports(ByteWriter& writer) {
  if (next_report_ == 0) {
    next_report_ = 1;
    write_receiver_report(writer);
    if (writer.size() > 0) return;
  }
  MediaEncoding* const encoding = next_reporting_encoding();
  if (encoding == nullptr) {
    next_report_ = 0;
    reports_due_ = now_ + kReportInterval;
    return;
  }
  const SenderInfo info = encoding->report(now_, to_ntp(now_ + options_.clock_offset));
  if (write_sender_report(writer, info, {})) static_cast<void>(write_sdes_cname(writer, info.sender, options_.name));
}

MediaEncoding* Client::next_reporting_encoding() {
  size_t index = 0;
  for (const auto& sender : senders_) {
    for (MediaEncoding& encoding : sender->encodings()) {
      if (++index < next_report_ || !encoding.has_sent() || !sender->is_sending()) continue;
      next_report_ = index + 1;
      return &encoding;
    }
  }
  return nullptr;
}

void Client::write_receiver_report(ByteWriter& writer) {
  std::array<ReportBlock, kRtcpCountMax> blocks;
  size_t count = 0;
  for (const auto& receiver : receivers_) {
    if (count == blocks.size()) break;
    if (const auto block = receiver->make_report(now_)) blocks[count++] = *block;
  }
  if (count == 0) return;
  if (!eir::write_receiver_report(writer, rtcp_ssrc(), std::span(blocks).first(count))) return;
  static_cast<void>(write_sdes_cname(writer, rtcp_ssrc(), options_.name));
}

void Client::write_feedback(ByteWriter& writer) {
  const size_t begin = writer.size();
  if (!rtcp_rsize_ && !eir::write_receiver_report(writer, rtcp_ssrc(), {})) return;
  const size_t empty = writer.size();
  const Ssrc media = slot_ssrcs_.empty() ? Ssrc{} : slot_ssrcs_.front().ssrc;
  while (feedback_.write_feedback(now_, {rtcp_ssrc(), media}, writer)) {
  }
  for (const auto& receiver : receivers_) write_slot_feedback(writer, *receiver);
  // A report without feedback is not worth a datagram.
  if (writer.size() == empty && empty > begin) writer = ByteWriter(MutableBytes{});
}

void Client::write_slot_feedback(ByteWriter& writer, ClientReceiver& receiver) {
  const FeedbackSsrcs ssrcs{rtcp_ssrc(), receiver.ssrc()};
  // Room for the largest message of a slot, so that what was taken from it is written.
  constexpr size_t kRoom = 12 + 4 * kNacksMax + 12;
  if (writer.remaining() < kRoom || now_ < receiver.next_timeout()) return;
  std::array<uint16_t, kNacksMax> missing{};
  const size_t count = receiver.collect_nacks(now_, round_trip(), missing);
  if (count > 0) static_cast<void>(write_nack(writer, ssrcs, std::span(missing).first(count)));
  if (receiver.take_key_frame_request(now_)) static_cast<void>(write_pli(writer, ssrcs));
}

}  // namespace eir
