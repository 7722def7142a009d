#include "lib/client/media_encoding.h"

#include <algorithm>

#include "lib/media/clock_mapping.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/rtp/rtx.h"

namespace eir {
namespace {

constexpr size_t kRtpOverhead = 16;  // of SRTP, which goes behind
// An unwrapped sequence number begins one circle up, so that nothing below it is negative.
constexpr int64_t kCircle = 1 << 16;
constexpr uint16_t kPictureIdMask = 0x7fff;

Ssrc fresh_ssrc(Random& random) {
  Ssrc ssrc;
  while (!ssrc) ssrc = Ssrc(random.u32());
  return ssrc;
}

}  // namespace

MediaEncoding::MediaEncoding(const FrameSource& source, std::string_view mid, std::string rid,
                             const FirstNumbers& first, Random& random)
    : source_(source),
      mid_text_(ShortText::of(mid)),
      rid_text_(ShortText::of(rid)),
      rid_(std::move(rid)),
      retransmissions_(kRetransmissionsMax) {
  restart(random);
  if (first.ssrc) ssrc_ = Ssrc(*first.ssrc);
  if (first.sequence) next_sequence_ = kCircle + *first.sequence;
  if (first.timestamp) first_timestamp_ = *first.timestamp;
  if (first.picture_id) next_picture_id_ = *first.picture_id & kPictureIdMask;
}

void MediaEncoding::restart(Random& random) {
  ssrc_ = fresh_ssrc(random);
  rtx_ssrc_ = fresh_ssrc(random);
  first_timestamp_ = random.u32();
  next_sequence_ = kCircle + (random.u32() & 0x7fff);  // below 2^15: RFC 3711's rollover counter starts at 0
  next_rtx_sequence_ = static_cast<uint16_t>(random.u32() & 0x7fff);
  next_picture_id_ = static_cast<uint16_t>(random.u32() & kPictureIdMask);
  tl0_pic_idx_ = static_cast<uint8_t>(random.u32());
  origin_.reset();
  frames_begun_ = 0;
  due_ = kNever;
  octets_ = 0;
  is_heard_ = false;
  retransmissions_.clear();
  stats_ = {};
}

uint32_t MediaEncoding::timestamp_of(Timestamp capture) const {
  if (!origin_) return first_timestamp_;
  const int64_t ticks = duration_to_ticks(capture - *origin_, clock_rate_of(source_.codec));
  return first_timestamp_ + static_cast<uint32_t>(ticks);
}

void MediaEncoding::begin_frame(Timestamp now, SentFrame frame, Duration interval) {
  if (!origin_) origin_ = frame.capture;
  // What is left of the frame before is given up if the driver is that late: its packets were never numbered on the
  // wire, so the numbers are given again.
  if (due_ != kNever) next_sequence_ = frames_[(frames_begun_ - 1) % kFramesKept].first_sequence + next_index_;
  if (due_ != kNever && next_index_ > 0) frames_[(frames_begun_ - 1) % kFramesKept].packets = next_index_;
  frame.timestamp = timestamp_of(frame.capture);
  frame.first_sequence = next_sequence_;
  next_sequence_ += frame.packets;
  frame.picture_id = next_picture_id_;
  next_picture_id_ = static_cast<uint16_t>((next_picture_id_ + 1) & kPictureIdMask);
  if (frame.temporal_layer == 0) ++tl0_pic_idx_;
  frame.tl0_pic_idx = tl0_pic_idx_;
  frames_[frames_begun_++ % kFramesKept] = frame;
  ++stats_.frames;
  if (frame.is_key) ++stats_.key_frames;
  next_index_ = 0;
  due_ = now;
  // All of it within four fifths of the frame interval, even if that takes larger groups.
  const auto groups = std::max<int64_t>(1, interval * 4 / 5 / group_interval_);
  group_packets_ =
      std::max<uint16_t>(group_packets_wanted_, static_cast<uint16_t>((frame.packets + groups - 1) / groups));
  group_left_ = group_packets_;
}

size_t MediaEncoding::write_packet(Timestamp now, uint16_t transport_sequence, MutableBytes out) {
  if (now < due_ || frames_begun_ == 0) return 0;
  const SentFrame& frame = frames_[(frames_begun_ - 1) % kFramesKept];
  const size_t size = write(frame, next_index_, transport_sequence, false, out);
  if (++next_index_ == frame.packets) {
    due_ = kNever;
  } else if (--group_left_ == 0) {
    group_left_ = group_packets_;
    due_ = std::max(due_ + group_interval_, now);
  }
  if (size > 0) {
    ++stats_.packets;
    stats_.bytes += size + kRtpOverhead;
  }
  return size;
}

size_t MediaEncoding::write(const SentFrame& frame, uint16_t index, std::optional<uint16_t> transport_sequence,
                            bool is_rtx, MutableBytes out) {
  const auto sequence = static_cast<uint16_t>(frame.first_sequence + index);
  const bool is_audio = kind_of(source_.codec) == MediaKind::kAudio;
  RtpHeader header;
  header.marker = is_audio ? frame.marker_first : index + 1 == frame.packets;
  header.payload_type = is_rtx ? *format_.rtx_payload_type : format_.payload_type;
  header.sequence_number = is_rtx ? next_rtx_sequence_++ : sequence;
  header.timestamp = frame.timestamp;
  header.ssrc = is_rtx ? rtx_ssrc_ : ssrc_;
  HeaderExtensions extensions;
  if (!is_heard_ || is_rtx) {
    extensions.mid = mid_text_;
    (is_rtx ? extensions.repaired_rid : extensions.rid) = rid_text_;
  }
  extensions.transport_sequence = transport_sequence;
  if (is_audio) extensions.audio_level = frame.audio_level;
  size_t size = write_rtp_header(out, header, extensions, format_.extensions);
  if (size == 0) return 0;
  if (is_rtx) size += write_rtx(out.subspan(size), sequence);
  const size_t payload = write_frame_payload(source_, frame, index, out.subspan(size));
  if (payload == 0) return 0;
  octets_ += is_rtx ? 0 : payload;
  return size + payload;
}

const SentFrame* MediaEncoding::find(int64_t sequence) const {
  const size_t known = std::min(frames_begun_, kFramesKept);
  for (size_t back = 1; back <= known; ++back) {
    const SentFrame& frame = frames_[(frames_begun_ - back) % kFramesKept];
    if (sequence < frame.first_sequence) continue;
    const bool is_newest = back == 1 && due_ != kNever;
    const uint16_t sent = is_newest ? next_index_ : frame.packets;
    return sequence < frame.first_sequence + sent ? &frame : nullptr;
  }
  return nullptr;
}

bool MediaEncoding::request_retransmission(uint16_t sequence) {
  ++stats_.nacks;
  if (!format_.rtx_payload_type || !retransmissions_.push(sequence)) {
    ++stats_.nacks_unknown;
    return false;
  }
  return true;
}

size_t MediaEncoding::write_retransmission(uint16_t transport_sequence, MutableBytes out) {
  while (!retransmissions_.empty()) {
    const uint16_t wanted = retransmissions_.pop();
    const int64_t back = static_cast<uint16_t>(static_cast<uint16_t>(next_sequence_) - wanted);
    const SentFrame* const frame = find(next_sequence_ - back);
    if (frame == nullptr) {
      ++stats_.nacks_unknown;
      continue;
    }
    const auto index = static_cast<uint16_t>(next_sequence_ - back - frame->first_sequence);
    ++stats_.rtx_packets;
    return write(*frame, index, transport_sequence, true, out);
  }
  return 0;
}

SenderInfo MediaEncoding::report(Timestamp now, NtpTime ntp) const {
  return {.sender = ssrc_,
          .ntp = ntp,
          .rtp_timestamp = timestamp_of(now),
          .packet_count = static_cast<uint32_t>(stats_.packets),
          .octet_count = static_cast<uint32_t>(octets_)};
}

void MediaEncoding::handle_report_block(const ReportBlock& block, NtpTime now) {
  is_heard_ = true;
  stats_.fraction_lost = block.fraction_lost;
  stats_.cumulative_lost = block.cumulative_lost;
  if (block.last_sr == 0) return;
  const uint32_t interval = now.compact() - block.last_sr - block.delay_since_last_sr;
  // More than a minute is a clock that went back or a report of another's.
  constexpr uint32_t kMinute = 60 << 16;
  if (interval < kMinute) stats_.round_trip = from_compact_ntp_interval(interval);
}

}  // namespace eir
