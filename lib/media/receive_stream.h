#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "lib/base/ids.h"
#include "lib/base/packet.h"
#include "lib/base/sequence.h"
#include "lib/base/time.h"
#include "lib/media/clock_mapping.h"
#include "lib/media/h264_parameter_sets.h"
#include "lib/media/nack_tracker.h"
#include "lib/media/packet_history.h"
#include "lib/media/rate_meter.h"
#include "lib/rtp/codec.h"
#include "lib/rtp/dependency_descriptor.h"
#include "lib/rtp/rtcp_reports.h"
#include "lib/rtp/rtp_packet.h"

namespace eir {

// One RTP stream that a publisher sends: one layer of a published track. Unwraps, counts, notices loss, keeps the
// history that all receivers of the layer are served from. Owned by a PublishedTrack (later, while epochs still refer
// to it, by its Room).
class ReceiveStream {
 public:
  struct Config {
    Ssrc ssrc;
    Codec codec = Codec::kOpus;
    uint8_t payload_type = 0;
    bool nack = false;  // the sender answers NACKs
  };

  // A sender that is muted may send nothing for a while and go on with the next RTP time, as if no time had passed.
  // Recognised by a gap in the sending (without send times: in the arrival) that is longer than its gap in RTP time by
  // this; a network's or a sender's hiccup is shorter. Sound only: pictures are stamped by capture.
  static constexpr Duration kPauseMin = 500ms;

  enum class Outcome : uint8_t { kStored, kPadding, kDuplicate, kTooOld, kMalformed };

  struct Counters {
    uint64_t packets = 0;     // stored, without duplicates and padding
    uint64_t bytes = 0;       // their payloads
    uint64_t padding = 0;     // packets of padding alone
    uint64_t duplicates = 0;  // there already
    uint64_t too_old = 0;     // older than the history reaches
    uint64_t malformed = 0;   // payload descriptor or retransmission header wrong
    uint64_t recovered = 0;   // came by retransmission
    uint64_t key_frames = 0;
    uint64_t pauses = 0;    // of sound without RTP time
    uint64_t restarts = 0;  // jumps of the sequence number that began a new numbering
  };

  explicit ReceiveStream(const Config& config);

  // An RTP packet of this stream. `view` reads `packet`, `extensions` were parsed from it.
  Outcome handle_packet(Timestamp now, PacketPtr packet, const RtpPacketView& view, const HeaderExtensions& extensions);
  // A packet of the RTX stream that belongs to this one (RFC 4588).
  Outcome handle_rtx(Timestamp now, PacketPtr packet, const RtpPacketView& view, const HeaderExtensions& extensions);
  void handle_sender_report(Timestamp now, const SenderInfo& info);

  // Sequence numbers to ask for now, into `out`; how many.
  size_t collect_nacks(Timestamp now, Duration rtt, std::span<uint16_t> out);
  Timestamp next_nack() const { return config_.nack ? nacks_.next_timeout() : kNever; }

  // What a receiver report says of this stream (RFC 3550 section 6.4.1, appendix A.3); starts a new interval.
  ReportBlock make_report(Timestamp now);

  void expire(Timestamp now) { history_.expire(now); }

  const Config& config() const { return config_; }
  Ssrc ssrc() const { return config_.ssrc; }
  Codec codec() const { return config_.codec; }
  const PacketHistory& history() const { return history_; }
  const StreamClock& clock() const { return clock_; }
  const H264ParameterSets& parameter_sets() const { return parameter_sets_; }
  const Counters& counters() const { return counters_; }
  // What it sends, as a receiver's line would feel it. To be asked about each 250 ms or so from the beginning.
  const RateMeter::Rates& rates(Timestamp now) { return meter_.rates(now); }
  const NackTracker& nacks() const { return nacks_; }

  // Something but padding came within `d`.
  bool is_active(Timestamp now, Duration d) const { return counters_.packets > 0 && now - last_media_ < d; }
  Timestamp last_media() const { return last_media_; }
  // Of the last key frame that said it; 0 until then.
  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }

 private:
  struct Parts {
    uint16_t sequence = 0;
    uint16_t payload_offset = 0;
    uint16_t payload_size = 0;
    bool recovered = false;
  };
  Outcome store(Timestamp now, PacketPtr packet, const RtpPacketView& view, const HeaderExtensions& extensions,
                const Parts& parts);
  bool describe(ByteView payload, StoredPacket& stored);
  Duration find_pause(Timestamp now, uint32_t timestamp, const HeaderExtensions& extensions);
  void update_jitter(Timestamp now, uint32_t timestamp);
  int64_t unwrap(uint16_t sequence);

  Config config_;
  PacketHistory history_;
  NackTracker nacks_;
  StreamClock clock_;
  H264ParameterSets parameter_sets_;
  struct Structures {
    bool is_known = false;
    DependencyStructure current;
    DependencyStructure fresh;
  };
  std::unique_ptr<Structures> structures_;  // made with the first dependency descriptor
  SequenceUnwrapper<uint16_t> sequence_;
  std::optional<uint16_t> jumped_to_;  // a number far from the others, not believed yet
  Counters counters_;
  RateMeter meter_;
  Timestamp last_media_;
  // Of the newest packet in order that was no retransmission, for find_pause().
  struct Newest {
    Timestamp arrival;
    uint32_t timestamp = 0;
    std::optional<uint32_t> abs_send_time;
  };
  std::optional<Newest> newest_;
  uint32_t width_ = 0;
  uint32_t height_ = 0;

  // Receiver report state, RFC 3550 appendix A.
  std::optional<int64_t> first_sequence_;
  uint64_t received_ = 0;
  uint64_t expected_prior_ = 0;
  uint64_t received_prior_ = 0;
  double jitter_ = 0.0;
  std::optional<Duration> transit_;
  uint32_t last_sr_ = 0;
  Timestamp last_sr_arrival_;
};

}  // namespace eir
