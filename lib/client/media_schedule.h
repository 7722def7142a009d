#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/time.h"
#include "lib/client/client_options.h"
#include "lib/client/frame_payload.h"

namespace eir {

// When a microphone has something to send and what: a packet every 20 ms, by a talk and silence schedule. Owned by a
// ClientSender.
class AudioSchedule {
 public:
  static constexpr Duration kPacketTime = 20ms;
  static constexpr Duration kComfortNoiseInterval = 400ms;  // RFC 7587 section 3.1.3

  explicit AudioSchedule(const AudioTrackOptions& options) : options_(options) {}

  void start(Timestamp now);
  // When the next packet is there to be sent.
  Timestamp next_capture() const { return next_ == kNever ? kNever : next_ + options_.path_delay; }
  // The packet of next_capture(), and goes on to the one after; nullopt if nothing is sent (DTX).
  std::optional<SentFrame> capture();
  // Captures that `now` is too late for are left out: a driver that lags does not burst.
  void skip_to(Timestamp now);
  Duration interval() const { return kPacketTime; }

 private:
  bool is_talking(Timestamp at) const;

  AudioTrackOptions options_;
  Timestamp started_;
  Timestamp next_ = kNever;
  Timestamp last_comfort_noise_ = Timestamp::min();
  bool was_talking_ = false;
  uint32_t number_ = 0;
};

// When a camera has a frame and how each encoding codes it. Owned by a ClientSender.
class VideoSchedule {
 public:
  explicit VideoSchedule(const VideoTrackOptions& options);

  void start(Timestamp now);
  Timestamp next_capture() const { return next_; }
  // The next frame; `is_key` for all encodings.
  void capture(bool is_key);
  void skip_to(Timestamp now);
  // The frame captured last as encoding `index` codes it; without RTP numbers.
  SentFrame encoded(size_t index) const;
  Duration interval() const { return interval_; }

 private:
  struct Encoding {
    uint16_t width = 0;
    uint16_t height = 0;
    uint32_t frame_bytes = 0;
  };
  uint8_t temporal_layer() const;
  bool is_switch_point() const;

  std::vector<Encoding> encodings_;
  Codec codec_;
  uint8_t temporal_layers_;
  uint32_t fps_;
  uint32_t key_frame_factor_;
  uint32_t packet_bytes_;
  bool constant_size_;
  bool parameter_sets_once_;
  Duration interval_;
  Timestamp started_;
  uint64_t tick_ = 0;  // captures since started_
  Timestamp next_ = kNever;
  Timestamp captured_;
  uint32_t number_ = 0;     // of the frame captured last, from 1
  uint32_t since_key_ = 0;  // frames since the last key frame
  uint32_t key_frames_ = 0;
  bool is_key_ = false;
};

}  // namespace eir
