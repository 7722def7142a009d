#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "lib/base/ids.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/media/clock_mapping.h"
#include "lib/media/forward_counters.h"
#include "lib/media/h264_parameter_sets.h"
#include "lib/media/packet_history.h"
#include "lib/media/rewrite_map.h"
#include "lib/media/temporal_filter.h"
#include "lib/rtp/codec.h"

namespace eir {

class ReceiveStream;

// One packet that a slot has decided to send, not yet written: a reference, copied and encrypted only at its release.
struct EgressEntry {
  enum class Kind : uint8_t { kMedia, kParameterSets, kPadding };
  int64_t out_sequence = 0;
  uint16_t size = 0;  // about what it will take on the wire, for the pacer
  Kind kind = Kind::kMedia;
};

// One packet as the slot's receiver is to see it. The views point into the history or the Forwarder: use at once.
struct RewrittenPacket {
  ByteView payload;
  const StoredPacket* stored = nullptr;  // nullptr for parameter sets that Eir put in
  Codec codec = Codec::kOpus;
  TrackId track;
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint16_t picture_id = 0;  // meaningful if the payload has one
  uint8_t tl0_pic_idx = 0;  // likewise
  uint16_t frame_number_offset = 0;
  bool marker = false;
};

// Decides which packets of which source a slot sends, and how their numbers read for the receiver, who sees one stream
// that never breaks: switches between layers and between publishers happen at key frames (audio: at any packet),
// sequence numbers and picture ids go on, the RTP time follows the capture time in Eir's clock. Owned by a ReceiveSlot.
class Forwarder {
 public:
  // A key frame that came this short a time before the wish is used at once: the burst it makes is smaller than a new
  // one.
  static constexpr Duration kLookBack = 100ms;
  // How long a source may send without reporting before arrival counts instead: browsers report on audio each 5 s
  // (RFC 3550 section 6.3.1: up to half as long again).
  static constexpr Duration kReportWait = 8s;

  // `first_out` below 2^15, `first_timestamp` random (RFC 3550 section 5.1). `counters` are shared and outlive it.
  Forwarder(MediaKind kind, uint16_t first_out, uint32_t first_timestamp, ForwardCounters& counters);

  // Whose packets to send from the next possible one on; nullptr: nobody's. `clock` is the publisher's and lives as
  // long as `source`.
  void set_target(Timestamp now, TrackId track, ReceiveStream* source, const PublisherClock* clock);
  // The highest temporal layer to send of the target, and until the switch to it, of what is sent now: that may have to
  // give way at once, or may stay as it is.
  void set_temporal_limit(uint8_t limit, uint8_t until_switch);
  void set_temporal_limit(uint8_t limit) { set_temporal_limit(limit, limit); }
  // The right to this track is gone: nothing of it is sent again, neither new nor retransmitted.
  void revoke(TrackId track);
  // The track sends no more; what was sent of it can still be asked for.
  void stop(TrackId track);
  // The same of one stream.
  void stop(const ReceiveStream* source);
  // The stream's memory goes away.
  void forget(const ReceiveStream* source);

  // A packet of the slot's track was stored; to be called before the slot is aimed for it. Only counts: pull() reads
  // it.
  void note_stored(const ReceiveStream* source);
  // Packets of the streams that it reads which pull() has not come to yet.
  uint64_t unread() const;

  // Appends what has arrived since the last call; stops early if `out` is full or holds `most` (the rest follows at the
  // next call).
  void pull(Timestamp now, Ring<EgressEntry>& out, size_t most = std::numeric_limits<size_t>::max());

  // A switch waits for a key frame.
  bool wants_key_frame() const {
    return kind_ == MediaKind::kVideo && target_.source != current_.source && target_.source != nullptr;
  }

  // What stands behind an entry, or behind a number that the receiver asks for again; nullopt if it was revoked or is
  // no longer in the history.
  std::optional<RewrittenPacket> rewrite(int64_t out_sequence) const;
  // The sequence number as the receiver writes it → the unwrapped one nearest to the newest sent.
  int64_t unwrap_out(uint16_t sequence) const;
  // The number that the next packet in order will get.
  int64_t next_out() const { return map_.next_out(); }

  TrackId current_track() const { return current_.track; }
  const ReceiveStream* current_source() const { return current_.source; }
  TrackId target_track() const { return target_.track; }
  // For sender reports: the RTP timestamp that belongs to `now`, once something was sent and the source itself has
  // reported. A guess by arrival would be far from the truth for a delayed voice or a slow encoder, and receivers
  // remember it: libwebrtc lays a line through the last 20 reports, so lips and voice would drift for 20 s.
  std::optional<uint32_t> report_timestamp(Timestamp now);
  // True once after a switch: a sender report should go with the first packet.
  bool take_switched() { return std::exchange(switched_, false); }

 private:
  struct Supply {
    TrackId track;
    ReceiveStream* source = nullptr;
    const PublisherClock* clock = nullptr;
    uint64_t cursor = 0;  // next arrival to look at
  };

  static uint64_t unread_of(const Supply& supply);
  // Gives up what matches; what it has not read of it counts as left.
  template <class Match>
  void leave_if(Match&& matches);
  bool try_switch(Timestamp now, Ring<EgressEntry>& out);
  void begin_epoch(const StoredPacket& first, Ring<EgressEntry>& out);
  uint32_t first_timestamp_of_epoch(const StoredPacket& first);
  void follow(Ring<EgressEntry>& out, size_t most);
  void take(const StoredPacket& stored, Ring<EgressEntry>& out);
  void go_on_after_pause(const StoredPacket& stored);
  void take_padding(const StoredPacket& stored, Ring<EgressEntry>& out);
  bool leaves_out(const StoredPacket& stored, Ring<EgressEntry>& out);
  // Puts padding where the receiver already waits for a number that is not to be sent. False if it does not wait.
  bool fill(const StoredPacket& stored, Ring<EgressEntry>& out);
  bool is_filled(int64_t out_sequence) const;
  void note_newest(const StoredPacket& stored, const RewriteMap::Place& place);
  static bool starts_decoding(const StoredPacket& stored, MediaKind kind);

  MediaKind kind_;
  RewriteMap map_;
  Supply current_;
  Supply target_;
  TemporalFilter temporal_;
  uint8_t limit_of_target_ = TemporalFilter::kNoLimit;

  // The slot's RTP time: base_timestamp_ at base_capture_ in Eir's clock.
  uint32_t base_timestamp_;
  Timestamp base_capture_;
  uint32_t clock_rate_ = 0;  // 0: nothing sent yet
  uint32_t newest_timestamp_ = 0;
  uint32_t frame_ticks_ = 0;  // between the newest two frames
  uint32_t newest_in_timestamp_ = 0;
  int64_t newest_in_sequence_ = 0;
  Timestamp newest_arrival_;
  Timestamp epoch_start_;

  // Highest values sent, where the next epoch's go on.
  uint16_t newest_picture_id_ = 0;
  uint8_t newest_tl0_pic_idx_ = 0;
  uint16_t newest_frame_number_ = 0;
  bool any_sent_ = false;

  // The last parameter sets put before an IDR that came without (H.264), as sent.
  struct Inserted {
    int64_t out_sequence = -1;
    uint32_t timestamp = 0;
    TrackId track;
    uint16_t size = 0;
    std::array<uint8_t, H264ParameterSets::kStapABytesMax> payload{};
  };
  Inserted inserted_;

  // Numbers of late packets of pictures that are left out, filled with padding: not to be sent as media when asked for
  // again. Rare; the oldest gives way.
  static constexpr size_t kFilledMax = 32;
  std::array<int64_t, kFilledMax> filled_{};
  size_t filled_count_ = 0;  // since the beginning

  bool switched_ = false;
  ForwardCounters& counters_;
};

}  // namespace eir
