#include "lib/client/client_sender.h"

#include <algorithm>
#include <utility>

namespace eir {
namespace {

// A driver that comes later than this to a capture has left it out.
constexpr Duration kCaptureLagMax = 500ms;

// Dynamic payload types (RFC 3551 section 6), fixed so that offers are easy to read.
constexpr uint8_t kOpusType = 111;
constexpr uint8_t kVp8Type = 96;
constexpr uint8_t kH264Type = 102;

uint8_t payload_type_of(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return kOpusType;
    case Codec::kPcmu:
      return 0;  // RFC 3551 section 6, table 4
    case Codec::kPcma:
      return 8;
    case Codec::kVp8:
      return kVp8Type;
    case Codec::kH264:
      return kH264Type;
    case Codec::kVp9:
      return 98;
    case Codec::kAv1:
      return 45;
  }
  return 0;
}

}  // namespace

sdp::NegotiatedCodec client_codec(Codec codec, bool rtx) {
  const uint8_t type = payload_type_of(codec);
  const bool has_rtx = rtx && kind_of(codec) == MediaKind::kVideo;
  return sdp::offered_codec(codec, type, has_rtx ? std::optional<uint8_t>(type + 1) : std::nullopt);
}

ClientSender::ClientSender(const AudioTrackOptions& options, const SenderIdentity& identity, Random& random)
    : identity_(identity),
      codec_(options.codec),
      announce_ssrcs_(options.announce_ssrcs),
      rtx_(false),
      stops_clock_(options.stops_clock),
      schedule_(AudioSchedule(options)) {
  const FrameSource source{codec_, identity.tag, identity.media_index, 0};
  encodings_.emplace_back(source, identity.mid, std::string{}, options.first, random);
}

ClientSender::ClientSender(const VideoTrackOptions& options, const SenderIdentity& identity, Random& random)
    : identity_(identity),
      codec_(options.codec),
      announce_ssrcs_(options.announce_ssrcs),
      rtx_(options.rtx),
      key_frame_interval_(options.key_frame_interval),
      answers_key_frame_requests_(options.answers_key_frame_requests),
      schedule_(VideoSchedule(options)) {
  for (size_t i = 0; i < options.encodings.size(); ++i) {
    const EncodingOptions& encoding = options.encodings[i];
    if (!encoding.rid.empty()) rids_.push_back(encoding.rid);
    const FrameSource source{codec_, identity.tag, identity.media_index, static_cast<uint8_t>(i)};
    encodings_.emplace_back(source, identity.mid, encoding.rid, encoding.first, random);
    encodings_.back().set_groups(std::max<uint16_t>(options.group_packets, 1),
                                 std::max<Duration>(options.group_interval, 1ms));
  }
}

sdp::OfferedMedia ClientSender::offered() const {
  sdp::OfferedMedia media;
  media.mid = identity_.mid;
  media.kind = kind();
  media.direction = sdp::Direction::kSendOnly;
  media.codecs = {client_codec(codec_, rtx_)};
  media.rids = rids_;
  // Browsers announce no SSRC for simulcast by rid: mid and rid tell.
  if (!announce_ssrcs_ || !rids_.empty()) return media;
  for (const MediaEncoding& encoding : encodings_) {
    media.sources.push_back({encoding.ssrc(), rtx_ ? std::optional(encoding.rtx_ssrc()) : std::nullopt});
  }
  return media;
}

void ClientSender::apply(const sdp::AnsweredMedia& answered) {
  is_agreed_ = answered.accepted && answered.client_sends && !answered.codecs.empty();
  if (!is_agreed_) return;
  const sdp::NegotiatedCodec& codec = answered.codecs.front();
  for (MediaEncoding& encoding : encodings_) {
    encoding.set_format({answered.extensions, codec.payload_type, codec.rtx_payload_type});
    const bool is_taken =
        encoding.rid().empty() || std::ranges::find(answered.rids, encoding.rid()) != answered.rids.end();
    if (!is_taken) encoding.is_active = false;
  }
}

void ClientSender::set_sending(Timestamp now, bool is_sending) {
  if (is_sending == is_sending_ || (is_sending && !is_agreed_)) return;
  is_sending_ = is_sending;
  key_frame_wanted_ = true;
  if (is_sending) {
    has_started_ = true;
    if (stops_clock_ && stopped_ != kNever) encodings_[0].leave_out(now - stopped_);
    std::visit([now](auto& schedule) { schedule.start(now); }, schedule_);
    return;
  }
  stopped_ = now;
  for (MediaEncoding& encoding : encodings_) encoding.drop_unsent();
}

Timestamp ClientSender::next_timeout() const {
  if (!is_sending_) return kNever;
  Timestamp next = std::visit([](const auto& schedule) { return schedule.next_capture(); }, schedule_);
  for (const MediaEncoding& encoding : encodings_) {
    next = std::min(next, encoding.next_due());
    if (encoding.has_retransmission()) return Timestamp::min();
  }
  return next;
}

void ClientSender::handle_timeout(Timestamp now) {
  if (!is_sending_) return;
  std::visit(
      [now](auto& schedule) {
        if (now - schedule.next_capture() > kCaptureLagMax) schedule.skip_to(now);
      },
      schedule_);
  if (auto* const audio = std::get_if<AudioSchedule>(&schedule_)) {
    // One packet a call: a late driver polls it out before the next is captured.
    if (now < audio->next_capture() || encodings_[0].next_due() != kNever) return;
    const auto frame = audio->capture();
    if (frame && encodings_[0].is_active) encodings_[0].begin_frame(now, *frame, audio->interval());
    return;
  }
  capture(now);
}

void ClientSender::capture(Timestamp now) {
  VideoSchedule& video = std::get<VideoSchedule>(schedule_);
  if (now < video.next_capture()) return;
  if (key_frame_interval_ > 0s && last_key_frame_ != Timestamp::min() && now - last_key_frame_ >= key_frame_interval_) {
    key_frame_wanted_ = true;
  }
  const bool is_key =
      key_frame_wanted_ && (last_key_frame_ == Timestamp::min() || now - last_key_frame_ >= kKeyFrameInterval);
  if (is_key) {
    key_frame_wanted_ = false;
    last_key_frame_ = now;
  }
  video.capture(is_key);
  for (size_t i = 0; i < encodings_.size(); ++i) {
    if (encodings_[i].is_active) encodings_[i].begin_frame(now, video.encoded(i), video.interval());
  }
}

size_t ClientSender::write_packet(Timestamp now, uint16_t transport_sequence, MutableBytes out) {
  for (MediaEncoding& encoding : encodings_) {
    if (const size_t size = encoding.write_retransmission(transport_sequence, out)) return size;
  }
  for (MediaEncoding& encoding : encodings_) {
    if (const size_t size = encoding.write_packet(now, transport_sequence, out)) return size;
  }
  return 0;
}

void ClientSender::set_active(const std::vector<std::string>& rids) {
  for (MediaEncoding& encoding : encodings_) {
    const bool is_active = std::find(rids.begin(), rids.end(), encoding.rid()) != rids.end();
    key_frame_wanted_ |= is_active && !encoding.is_active;
    encoding.is_active = is_active;
  }
}

MediaEncoding* ClientSender::find(Ssrc ssrc) {
  for (MediaEncoding& encoding : encodings_) {
    if (encoding.ssrc() == ssrc) return &encoding;
  }
  return nullptr;
}

MediaEncoding* ClientSender::find_rid(std::string_view rid) {
  for (MediaEncoding& encoding : encodings_) {
    if (encoding.rid() == rid) return &encoding;
  }
  return nullptr;
}

void ClientSender::change_ssrcs(Random& random) {
  for (MediaEncoding& encoding : encodings_) encoding.restart(random);
  key_frame_wanted_ = true;
  last_key_frame_ = Timestamp::min();
}

}  // namespace eir
