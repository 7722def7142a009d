#include "lib/client/frame_checker.h"

#include <algorithm>

#include "lib/media/clock_mapping.h"

namespace eir {

void FrameChecker::handle_packet(Timestamp now, const PacketFacts& facts, ReceiverStats& stats) {
  const auto window = static_cast<int64_t>(kPackets);
  if (next_ < 0) next_ = facts.sequence;
  if (facts.sequence < next_) return;  // given up already
  // No room to wait for what is missing: what falls out of the window is read without it.
  while (facts.sequence >= next_ + window) {
    if (newest_ >= next_) {
      skip_gap(now, stats);
      read_on(now, stats);
    } else {
      break_chain(now);
      next_ = facts.sequence;
    }
  }
  place(facts.sequence) = facts;
  newest_ = std::max(newest_, facts.sequence);
  read_on(now, stats);
}

void FrameChecker::read_on(Timestamp now, ReceiverStats& stats) {
  const int64_t before = next_;
  while (place(next_).sequence == next_) {
    const PacketFacts facts = place(next_);
    place(next_).sequence = -1;
    ++next_;
    check(now, facts, stats);
  }
  if (newest_ >= next_ && gap_is_hopeless()) {
    skip_gap(now, stats);
    return read_on(now, stats);
  }
  if (newest_ < next_) {
    gap_until_ = kNever;
  } else if (next_ != before || gap_until_ == kNever) {
    gap_until_ = now + kGapMax;
  }
}

// After a blackout the missing frames are already too old when the gap is seen, by their place in time.
bool FrameChecker::gap_is_hopeless() const {
  if (!frame_timestamp_) return false;
  const auto behind =
      static_cast<int32_t>(ring_[static_cast<size_t>(newest_) % kPackets].timestamp - *frame_timestamp_);
  return behind >= duration_to_ticks(kGapMax, clock_rate_of(Codec::kVp8));
}

void FrameChecker::handle_timeout(Timestamp now, ReceiverStats& stats) {
  if (now < gap_until_) return;
  gap_until_ = kNever;
  skip_gap(now, stats);
  read_on(now, stats);
}

// To the next packet that is there; one is, because newest_ is.
void FrameChecker::skip_gap(Timestamp now, ReceiverStats& stats) {
  if (newest_ < next_) return;
  end_frame(now, stats);
  while (place(next_).sequence != next_) ++next_;
  missed_since_frame_ = true;
  break_chain(now);
}

void FrameChecker::break_chain(Timestamp now) {
  frame_is_whole_ = false;
  if (broken_since_ == kNever) broken_since_ = now;
}

void FrameChecker::check(Timestamp now, const PacketFacts& facts, ReceiverStats& stats) {
  if (facts.is_padding) return;
  check_source(facts, stats);
  if (!frame_timestamp_ || *frame_timestamp_ != facts.timestamp) {
    begin_frame(now, facts, stats);
  } else if (in_frame_) {
    // H.264: parameter sets, then the IDR, make one key frame.
    frame_is_key_ |= facts.key_frame;
    if (facts.has_picture_id && newest_frame_ && facts.picture_id != newest_frame_->picture_id) {
      ++stats.picture_id_breaks;
    }
  } else if (!missed_since_frame_) {  // else the rest of a frame that was given up
    ++stats.timestamp_breaks;         // a frame of this timestamp has ended
  }
  if (facts.width > 0) {
    frame_width_ = facts.width;
    frame_height_ = facts.height;
  }
  source_ = facts;
  if (facts.marker) end_frame(now, stats);
}

void FrameChecker::check_source(const PacketFacts& facts, ReceiverStats& stats) {
  if (!source_) return;
  const bool is_other_track = facts.csrc != source_->csrc;
  const bool is_other_layer =
      !is_other_track && facts.has_stamp && source_->has_stamp && facts.encoding != source_->encoding;
  if (!is_other_track && !is_other_layer) return;
  ++(is_other_track ? stats.source_changes : stats.layer_changes);
  // A gap may have taken the first packet of the new source.
  const bool may_have_missed = missed_since_frame_;
  if (!may_have_missed && !(facts.frame_start && facts.key_frame)) ++stats.changes_without_key;
}

void FrameChecker::begin_frame(Timestamp now, const PacketFacts& facts, ReceiverStats& stats) {
  if (in_frame_) {
    // The marker never came although no number is missing: the source was cut in the middle of a frame.
    end_frame(now, stats);
  }
  if (frame_timestamp_ && static_cast<int32_t>(facts.timestamp - *frame_timestamp_) <= 0) ++stats.timestamp_breaks;
  check_picture_ids(facts, stats);
  ++stats.frames;
  in_frame_ = true;
  frame_is_key_ = facts.key_frame;
  frame_is_whole_ = facts.frame_start;
  frame_timestamp_ = facts.timestamp;
  newest_frame_ = facts;
  missed_since_frame_ = false;
}

void FrameChecker::check_picture_ids(const PacketFacts& facts, ReceiverStats& stats) {
  constexpr uint16_t kPictureIdMask = 0x7fff;
  if (!newest_frame_ || missed_since_frame_) return;
  const PacketFacts& before = *newest_frame_;
  if (facts.has_picture_id && before.has_picture_id && facts.picture_id != ((before.picture_id + 1) & kPictureIdMask)) {
    ++stats.picture_id_breaks;
  }
  if (!facts.has_tl0 || !before.has_tl0) return;
  const uint8_t step = facts.temporal_layer == 0 ? 1 : 0;
  if (facts.tl0_pic_idx != static_cast<uint8_t>(before.tl0_pic_idx + step)) ++stats.tl0_breaks;
}

void FrameChecker::end_frame(Timestamp now, ReceiverStats& stats) {
  if (!in_frame_) return;
  in_frame_ = false;
  const bool has_end = source_ && source_->marker;
  if (!frame_is_whole_ || !has_end) return break_chain(now);
  if (frame_is_key_) {
    ++stats.key_frames;
    broken_since_ = kNever;
    if (frame_width_ > 0) {
      stats.last_width = frame_width_;
      stats.last_height = frame_height_;
    }
  } else if (stats.decodable == 0) {
    break_chain(now);  // nothing to begin with
  }
  if (broken_since_ != kNever) return;
  stats.note_decodable(now, stats.last_width, stats.last_height);
}

}  // namespace eir
