#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/media/packet_history.h"
#include "lib/rtp/codec.h"

namespace eir {

// Which pictures of a stream a slot sends when it may not send all temporal layers. Whole pictures: the limit falls
// with the next picture, and rises only where the stream says that a receiver of the lower layers can follow. Owned by
// a Forwarder; works on any codec whose PayloadInfo names temporal layers.
class TemporalFilter {
 public:
  static constexpr uint8_t kNoLimit = 7;  // temporal ids have 3 bits at most (VP9, dependency descriptor)

  enum class Verdict : uint8_t {
    kSend,
    kLeaveOut,         // of a picture of which packets were left out before
    kLeaveOutPicture,  // the first packet of a picture that is left out
  };

  // The highest temporal layer to send.
  void set_limit(uint8_t limit) { limit_ = std::min(limit, kNoLimit); }
  uint8_t limit() const { return limit_; }

  // The slot begins to send a stream with a key frame.
  void begin() {
    in_force_ = limit_;
    left_out_count_ = 0;
  }

  // Wherever the packet stands, it is to be sent: asked of every packet, answers most.
  bool sends_surely(const StoredPacket& stored) const {
    return in_force_ == limit_ && stored.info.temporal_layer <= in_force_ &&
           (stored.info.temporal_layer == 0 || left_out_count_ == 0);
  }
  // A packet ahead of all before it. `former_timestamp` is that of the newest packet sent.
  Verdict judge(Codec codec, const StoredPacket& stored, uint32_t former_timestamp) {
    if (in_force_ == limit_ && stored.info.temporal_layer <= in_force_) return Verdict::kSend;
    return judge_closely(codec, stored, former_timestamp);
  }
  // A packet behind the newest: its picture was left out, at least in part. One that was lost as a whole is sent when
  // it comes at last: its number and picture id have kept their places.
  bool leaves_out_late(const StoredPacket& stored) const {
    return stored.info.temporal_layer > 0 && left_out_count_ > 0 && is_left_out(stored.timestamp);
  }

 private:
  // The pictures left out last, by RTP time: late packets belong to one of the last second.
  static constexpr size_t kLeftOutMax = 64;

  Verdict judge_closely(Codec codec, const StoredPacket& stored, uint32_t former_timestamp);
  void rise(Codec codec, const StoredPacket& stored);
  bool is_left_out(uint32_t timestamp) const;
  uint32_t newest_left_out() const { return left_out_[(left_out_count_ - 1) % kLeftOutMax]; }

  uint8_t limit_ = kNoLimit;
  uint8_t in_force_ = kNoLimit;
  std::array<uint32_t, kLeftOutMax> left_out_{};
  size_t left_out_count_ = 0;  // since the beginning
};

}  // namespace eir
