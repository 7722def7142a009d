#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/random.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/client/client_options.h"
#include "lib/client/frame_payload.h"
#include "lib/client/receiver_stats.h"
#include "lib/rtp/header_extensions.h"
#include "lib/rtp/rtcp_reports.h"

namespace eir {

// What the answer said about an encoding's packets.
struct EncodingFormat {
  ExtensionMap extensions;
  uint8_t payload_type = 0;
  std::optional<uint8_t> rtx_payload_type;
};

// One RTP stream that a client sends, and its retransmissions. Keeps what its last frames were, never their bytes:
// packets are written when they are due, and again when they are asked for. Owned by a ClientSender.
class MediaEncoding {
 public:
  static constexpr size_t kFramesKept = 64;  // 2 s at 30 frames/s
  static constexpr size_t kRetransmissionsMax = 256;
  static constexpr Duration kGroupInterval = 5ms;  // browsers' pacers send a few packets so often
  static constexpr uint16_t kGroupPackets = 4;

  MediaEncoding(const FrameSource& source, std::string_view mid, std::string rid, const FirstNumbers& first,
                Random& random);

  // A frame is there to be sent from now on; one still being sent is sent without pacing first. The encoding fills in
  // the numbers, the caller the rest.
  void begin_frame(Timestamp now, SentFrame frame, Duration interval);
  Timestamp next_due() const { return due_; }
  // Writes the next packet, not yet encrypted; 0 if none is due. `transport_sequence` is written if it was negotiated.
  size_t write_packet(Timestamp now, uint16_t transport_sequence, MutableBytes out);

  // False: not known any more, or too many wait.
  bool request_retransmission(uint16_t sequence);
  bool has_retransmission() const { return !retransmissions_.empty(); }
  size_t write_retransmission(uint16_t transport_sequence, MutableBytes out);

  SenderInfo report(Timestamp now, NtpTime ntp) const;
  void handle_report_block(const ReportBlock& block, NtpTime now);

  // Begins anew: other SSRCs, sequence numbers, timestamps, picture ids.
  void restart(Random& random);
  void drop_unsent() { due_ = kNever; }
  // The RTP time goes on as if `d` had not passed.
  void leave_out(Duration d) {
    if (origin_) *origin_ += d;
  }

  // Instead of browsers' groups.
  void set_groups(uint16_t packets, Duration interval) {
    group_packets_wanted_ = packets;
    group_interval_ = interval;
  }
  void set_format(const EncodingFormat& format) { format_ = format; }
  const EncodingFormat& format() const { return format_; }
  Ssrc ssrc() const { return ssrc_; }
  Ssrc rtx_ssrc() const { return rtx_ssrc_; }
  const std::string& rid() const { return rid_; }
  const SenderStats& stats() const { return stats_; }
  SenderStats& stats() { return stats_; }
  bool has_sent() const { return stats_.packets > 0; }
  bool is_active = true;  // the sender skips those that are not

 private:
  const SentFrame* find(int64_t sequence) const;
  size_t write(const SentFrame& frame, uint16_t index, std::optional<uint16_t> transport_sequence, bool is_rtx,
               MutableBytes out);
  uint32_t timestamp_of(Timestamp capture) const;

  FrameSource source_;
  EncodingFormat format_;
  ShortText mid_text_;
  ShortText rid_text_;
  std::string rid_;
  Ssrc ssrc_;
  Ssrc rtx_ssrc_;
  uint32_t first_timestamp_ = 0;
  int64_t next_sequence_ = 0;  // unwrapped
  uint16_t next_rtx_sequence_ = 0;
  uint16_t next_picture_id_ = 0;
  uint8_t tl0_pic_idx_ = 0;
  std::optional<Timestamp> origin_;  // the capture time that has first_timestamp_
  std::array<SentFrame, kFramesKept> frames_;
  size_t frames_begun_ = 0;
  uint16_t next_index_ = 0;  // of the newest frame
  uint16_t group_packets_wanted_ = kGroupPackets;
  Duration group_interval_ = kGroupInterval;
  uint16_t group_packets_ = kGroupPackets;  // of this frame
  uint16_t group_left_ = 0;
  Timestamp due_ = kNever;
  uint64_t octets_ = 0;
  bool is_heard_ = false;  // a report about this stream came: the peer knows it without mid and rid
  Ring<uint16_t> retransmissions_;
  SenderStats stats_;
};

}  // namespace eir
