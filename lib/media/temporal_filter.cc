#include "lib/media/temporal_filter.h"

namespace eir {

TemporalFilter::Verdict TemporalFilter::judge_closely(Codec codec, const StoredPacket& stored,
                                                      uint32_t former_timestamp) {
  // The rest of a picture goes the way its beginning went.
  if (stored.timestamp == former_timestamp) return Verdict::kSend;
  if (left_out_count_ > 0 && stored.timestamp == newest_left_out()) return Verdict::kLeaveOut;
  in_force_ = std::min(in_force_, limit_);
  rise(codec, stored);
  if (stored.info.temporal_layer <= in_force_) return Verdict::kSend;
  left_out_[left_out_count_++ % kLeftOutMax] = stored.timestamp;
  return Verdict::kLeaveOutPicture;
}

void TemporalFilter::rise(Codec codec, const StoredPacket& stored) {
  const PayloadInfo& info = stored.info;
  if (in_force_ == limit_) return;
  if (info.key_frame && info.frame_start) {
    in_force_ = limit_;
    return;
  }
  if (!info.layer_switch_point) return;
  // VP8's Y speaks of the frame that has it: it refers to the lowest layer alone, so that its own layer can be followed
  // from here. Layer by layer, because frames of the layers between may still refer to what was not sent.
  if (codec == Codec::kVp8 && stored.extensions.dependency_descriptor.empty()) {
    if (info.temporal_layer == in_force_ + 1) in_force_ = info.temporal_layer;
    return;
  }
  // VP9's U and the descriptor's switch indication speak of what follows a frame that the receiver has.
  if (info.temporal_layer <= in_force_) in_force_ = limit_;
}

bool TemporalFilter::is_left_out(uint32_t timestamp) const {
  const auto end = left_out_.begin() + static_cast<ptrdiff_t>(std::min(left_out_count_, kLeftOutMax));
  return std::find(left_out_.begin(), end, timestamp) != end;
}

}  // namespace eir
