#include "lib/client/media_schedule.h"

#include <algorithm>
#include <array>

namespace eir {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

void AudioSchedule::start(Timestamp now) {
  started_ = now;
  next_ = now;
  last_comfort_noise_ = now - kComfortNoiseInterval;
  was_talking_ = false;
}

bool AudioSchedule::is_talking(Timestamp at) const {
  const Duration since = at - started_ - options_.quiet_first;
  if (since < 0s) return false;
  if (options_.silence == 0s) return true;
  return since % (options_.talk + options_.silence) < options_.talk;
}

std::optional<SentFrame> AudioSchedule::capture() {
  const Timestamp at = next_;
  next_ += kPacketTime;
  const bool talks = is_talking(at);
  const bool begins = talks && !was_talking_;
  was_talking_ = talks;
  SentFrame frame;
  frame.number = ++number_;
  frame.capture = at;
  frame.packets = 1;
  frame.is_key = true;
  frame.bytes = static_cast<uint32_t>(options_.payload_bytes);
  frame.marker_first = begins;
  frame.audio_level = {.voice = talks, .level = talks ? options_.talk_level : options_.silence_level};
  if (talks || !options_.dtx) return frame;
  if (at - last_comfort_noise_ < kComfortNoiseInterval) return std::nullopt;
  last_comfort_noise_ = at;
  frame.is_comfort_noise = true;
  frame.bytes = 0;
  return frame;
}

void AudioSchedule::skip_to(Timestamp now) {
  if (next_capture() < now) next_ += (now - next_capture()) / kPacketTime * kPacketTime;
}

VideoSchedule::VideoSchedule(const VideoTrackOptions& options)
    : codec_(options.codec),
      temporal_layers_(std::clamp<uint8_t>(options.temporal_layers, 1, 3)),
      fps_(std::max(1U, options.fps)),
      key_frame_factor_(options.key_frame_factor),
      packet_bytes_(std::clamp<uint32_t>(options.packet_bytes, kPayloadStampBytes, kBodyBytesMax)),
      constant_size_(options.constant_size),
      parameter_sets_once_(options.parameter_sets_once),
      interval_(Duration(kSecond / fps_)) {
  for (const EncodingOptions& encoding : options.encodings) {
    const auto bytes = static_cast<uint32_t>(encoding.bitrate.bps() / 8 / fps_);
    encodings_.push_back({encoding.width, encoding.height, bytes});
  }
}

void VideoSchedule::start(Timestamp now) {
  started_ = now;
  tick_ = 0;
  next_ = now;
}

void VideoSchedule::capture(bool is_key) {
  captured_ = next_;
  ++number_;
  is_key_ = is_key;
  since_key_ = is_key ? 0 : since_key_ + 1;
  if (is_key) ++key_frames_;
  ++tick_;
  // From the start, so that 30 frames/s do not drift by the rounding of 33.3 ms.
  next_ = started_ + Duration(static_cast<int64_t>(tick_) * kSecond / fps_);
}

void VideoSchedule::skip_to(Timestamp now) {
  if (next_ >= now) return;
  tick_ = static_cast<uint64_t>((now - started_).count()) * fps_ / kSecond;
  next_ = started_ + Duration(static_cast<int64_t>(tick_) * kSecond / fps_);
}

// The patterns of libwebrtc's VP8 encoder for two and three layers.
uint8_t VideoSchedule::temporal_layer() const {
  constexpr std::array<uint8_t, 2> kTwo = {0, 1};
  constexpr std::array<uint8_t, 4> kThree = {0, 2, 1, 2};
  if (temporal_layers_ == 1) return 0;
  return temporal_layers_ == 2 ? kTwo[since_key_ % kTwo.size()] : kThree[since_key_ % kThree.size()];
}

// Libwebrtc goes round in eight frames; in each round the first of every higher layer refers to the lowest alone.
bool VideoSchedule::is_switch_point() const {
  constexpr uint32_t kRound = 8;
  const uint32_t place = since_key_ % kRound;
  if (is_key_) return true;
  return temporal_layers_ == 2 ? place == 1 : temporal_layers_ == 3 && (place == 1 || place == 2);
}

SentFrame VideoSchedule::encoded(size_t index) const {
  const Encoding& encoding = encodings_[index];
  SentFrame frame;
  frame.number = number_;
  frame.capture = captured_;
  frame.width = encoding.width;
  frame.height = encoding.height;
  frame.is_key = is_key_;
  frame.temporal_layer = temporal_layer();
  frame.is_switch_point = is_switch_point();
  frame.has_parameter_sets = codec_ == Codec::kH264 && is_key_ && (!parameter_sets_once_ || key_frames_ == 1);
  // Sizes vary by a quarter around the mean, so that packets are not all alike.
  const uint32_t eighths = constant_size_ ? 8 : 6 + number_ * 2654435761U % 5;
  const uint32_t varied = encoding.frame_bytes * eighths / 8;
  frame.bytes = is_key_ ? varied * key_frame_factor_ : varied;
  frame.packets = static_cast<uint16_t>(packets_for(frame.bytes, packet_bytes_) + (frame.has_parameter_sets ? 1 : 0));
  return frame;
}

}  // namespace eir
