#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/sequence.h"
#include "lib/base/time.h"
#include "lib/client/payload_stamp.h"
#include "lib/client/receiver_stats.h"
#include "lib/rtp/codec.h"

namespace eir {

// What one packet of a slot says about its frame.
struct PacketFacts {
  int64_t sequence = -1;  // unwrapped; −1: the place is free
  uint32_t csrc = 0;
  uint32_t timestamp = 0;
  uint32_t frame = 0;       // by the stamp
  uint16_t picture_id = 0;  // if has_picture_id
  uint16_t width = 0;
  uint16_t height = 0;
  uint8_t tl0_pic_idx = 0;
  uint8_t temporal_layer = 0;
  uint8_t media_index = 0;
  uint8_t encoding = 0;
  bool has_stamp = false;
  bool is_padding = false;
  bool frame_start = false;
  bool marker = false;
  bool key_frame = false;
  bool has_picture_id = false;
  bool has_tl0 = false;
};

// Reads a video slot's packets in the order of their sequence numbers, as a decoder would, and notes whatever breaks
// the stream: numbers that do not go on, changes of source without a key frame, frames that cannot be decoded. A gap
// holds the reading up until it fills or kGapMax passed. Owned by a ClientReceiver.
class FrameChecker {
 public:
  static constexpr size_t kPackets = 512;
  static constexpr Duration kGapMax = 1s;  // a picture later than that is of no use

  void handle_packet(Timestamp now, const PacketFacts& facts, ReceiverStats& stats);
  void handle_timeout(Timestamp now, ReceiverStats& stats);
  Timestamp next_timeout() const { return gap_until_; }
  // Waits for a key frame, since then; kNever if it does not.
  Timestamp broken_since() const { return broken_since_; }

 private:
  void read_on(Timestamp now, ReceiverStats& stats);
  bool gap_is_hopeless() const;
  void skip_gap(Timestamp now, ReceiverStats& stats);
  void check(Timestamp now, const PacketFacts& facts, ReceiverStats& stats);
  void check_source(const PacketFacts& facts, ReceiverStats& stats);
  void begin_frame(Timestamp now, const PacketFacts& facts, ReceiverStats& stats);
  void check_picture_ids(const PacketFacts& facts, ReceiverStats& stats);
  void end_frame(Timestamp now, ReceiverStats& stats);
  void break_chain(Timestamp now);
  PacketFacts& place(int64_t sequence) { return ring_[static_cast<size_t>(sequence) % kPackets]; }

  std::array<PacketFacts, kPackets> ring_;
  int64_t next_ = -1;  // to be read; −1 before the first packet
  int64_t newest_ = -1;
  Timestamp gap_until_ = kNever;
  Timestamp broken_since_ = kNever;

  // Of the frame that is being read and the one before.
  std::optional<PacketFacts> source_;  // the packet read last
  bool in_frame_ = false;
  bool frame_is_key_ = false;
  bool frame_is_whole_ = false;
  uint16_t frame_width_ = 0;
  uint16_t frame_height_ = 0;
  std::optional<uint32_t> frame_timestamp_;
  std::optional<PacketFacts> newest_frame_;  // its first packet
  bool missed_since_frame_ = false;          // a gap was skipped since the frame before began
};

}  // namespace eir
