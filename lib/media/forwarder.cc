#include "lib/media/forwarder.h"

#include <algorithm>

#include "lib/base/sequence.h"
#include "lib/media/receive_stream.h"

namespace eir {
namespace {

constexpr uint16_t kPictureIdMask = 0x7fff;
// Least step of the RTP time at a switch when the mapped capture time would not go forward: an Opus frame of 20 ms, or
// a tenth of a frame at 30 frames/s.
constexpr uint32_t kAudioStepMin = 960;
constexpr uint32_t kVideoStepMin = 300;
// A stream that jumps further than this within its own numbers was restarted; the slot goes on behind a new key frame.
constexpr int64_t kJumpMax = 3000;
constexpr uint16_t kHeadersSize = 60;  // RTP header, extensions and tag of an entry, for the pacer

uint16_t frame_number(const StoredPacket& stored) {
  const ByteView descriptor = stored.extensions.dependency_descriptor;
  return descriptor.size() >= 3 ? load_u16(&descriptor[1]) : 0;
}

}  // namespace

Forwarder::Forwarder(MediaKind kind, uint16_t first_out, uint32_t first_timestamp, ForwardCounters& counters)
    : kind_(kind), map_(first_out), base_timestamp_(first_timestamp), counters_(counters) {}

void Forwarder::set_target(Timestamp now, TrackId track, ReceiveStream* source, const PublisherClock* clock) {
  if (target_.source == source && target_.track == track) return;
  if (source == nullptr) {
    leave_if([](const Supply&) { return true; });
    return;
  }
  if (target_.source != current_.source) counters_.left += unread_of(target_);
  if (source == current_.source) {
    target_ = current_;
    return;
  }
  target_ = {.track = track, .source = source, .clock = clock, .cursor = 0};
  const PacketHistory& history = source->history();
  target_.cursor = history.arrivals();
  if (kind_ == MediaKind::kAudio) return;
  while (target_.cursor > history.oldest_arrival()) {
    const StoredPacket* const stored = history.arrival(target_.cursor - 1);
    if (stored == nullptr || now - stored->arrival > kLookBack) break;
    --target_.cursor;
  }
  counters_.looked_back += unread_of(target_);
}

void Forwarder::set_temporal_limit(uint8_t limit, uint8_t until_switch) {
  limit_of_target_ = limit;
  temporal_.set_limit(target_.source == current_.source ? limit : until_switch);
}

uint64_t Forwarder::unread_of(const Supply& supply) {
  return supply.source == nullptr ? 0 : supply.source->history().arrivals() - supply.cursor;
}

uint64_t Forwarder::unread() const {
  return unread_of(current_) + (target_.source != current_.source ? unread_of(target_) : 0);
}

void Forwarder::note_stored(const ReceiveStream* source) {
  ++counters_.offered;
  if (source == current_.source || source == target_.source) return;
  ++(target_.source == nullptr ? counters_.not_ready : counters_.other_layer);
}

template <class Match>
void Forwarder::leave_if(Match&& matches) {
  // Without a switch to wait for, the target is a copy of what is current, with a cursor that nobody moves.
  if (target_.source != current_.source && matches(target_)) counters_.left += unread_of(target_);
  if (matches(current_)) counters_.left += unread_of(current_);
  if (matches(target_)) target_ = {};
  if (matches(current_)) current_ = {};
}

void Forwarder::revoke(TrackId track) {
  map_.void_track(track);
  if (inserted_.track == track) inserted_.out_sequence = -1;
  stop(track);
}

void Forwarder::stop(TrackId track) {
  leave_if([track](const Supply& supply) { return supply.track == track; });
}

void Forwarder::forget(const ReceiveStream* source) {
  map_.void_source(source);
  stop(source);
}

void Forwarder::stop(const ReceiveStream* source) {
  leave_if([source](const Supply& supply) { return supply.source == source; });
}

void Forwarder::pull(Timestamp now, Ring<EgressEntry>& out, size_t most) {
  if (target_.source != current_.source) try_switch(now, out);
  if (current_.source != nullptr) follow(out, std::min(most, out.capacity()));
}

bool Forwarder::starts_decoding(const StoredPacket& stored, MediaKind kind) {
  if (stored.is_padding()) return false;
  if (kind == MediaKind::kAudio) return true;
  return (stored.info.key_frame && stored.info.frame_start) || stored.info.has_parameter_sets;
}

bool Forwarder::try_switch(Timestamp, Ring<EgressEntry>& out) {
  if (target_.source == nullptr) return false;
  const PacketHistory& history = target_.source->history();
  if (target_.cursor < history.oldest_arrival()) {
    counters_.gone += history.oldest_arrival() - target_.cursor;
    target_.cursor = history.oldest_arrival();
  }
  for (; target_.cursor < history.arrivals(); ++target_.cursor) {
    const StoredPacket* const stored = history.arrival(target_.cursor);
    if (stored == nullptr || !starts_decoding(*stored, kind_)) {
      ++(stored == nullptr ? counters_.gone : counters_.before_start);
      continue;
    }
    counters_.left += unread_of(current_);
    current_ = target_;
    temporal_.set_limit(limit_of_target_);
    temporal_.begin();
    begin_epoch(*stored, out);
    // Later packets of the key frame may have overtaken its first: they stand before the cursor.
    for (int64_t sequence = stored->sequence + 1; sequence <= history.newest(); ++sequence) {
      const StoredPacket* const early = history.find(sequence);
      if (early == nullptr || early->arrival_number >= current_.cursor) continue;
      ++counters_.looked_back;
      take(*early, out);
    }
    return true;
  }
  return false;
}

uint32_t Forwarder::first_timestamp_of_epoch(const StoredPacket& first) {
  const uint32_t rate = current_.source->clock().clock_rate();
  const Timestamp capture = current_.source->clock().capture_time(*current_.clock, first.timestamp, first.arrival);
  if (clock_rate_ == 0) {
    clock_rate_ = rate;
    base_capture_ = capture;
    return base_timestamp_;
  }
  const uint32_t step = std::max(frame_ticks_, kind_ == MediaKind::kAudio ? kAudioStepMin : kVideoStepMin);
  const uint32_t earliest = newest_timestamp_ + step;
  if (rate != clock_rate_) {
    clock_rate_ = rate;
    base_capture_ = capture;
    base_timestamp_ = earliest;
    return earliest;
  }
  const uint32_t ideal = base_timestamp_ + static_cast<uint32_t>(duration_to_ticks(capture - base_capture_, rate));
  return wrapped_difference(ideal, earliest) >= 0 ? ideal : earliest;
}

void Forwarder::begin_epoch(const StoredPacket& first, Ring<EgressEntry>& out) {
  const uint32_t timestamp = first_timestamp_of_epoch(first);
  Epoch epoch{.source = current_.source, .track = current_.track, .in_first = first.sequence};
  epoch.timestamp_offset = timestamp - first.timestamp;
  if (any_sent_) {
    epoch.picture_id_offset =
        static_cast<uint16_t>((newest_picture_id_ + 1 - first.info.picture_id.value_or(0)) & kPictureIdMask);
    epoch.tl0_pic_idx_offset = static_cast<uint8_t>(newest_tl0_pic_idx_ + 1 - first.info.tl0_pic_idx.value_or(0));
    epoch.frame_number_offset = static_cast<uint16_t>(newest_frame_number_ + 1 - frame_number(first));
  }
  any_sent_ = true;
  if (current_.source->codec() == Codec::kH264 && !first.info.has_parameter_sets) {
    const size_t size = current_.source->parameter_sets().write_stap_a(inserted_.payload);
    if (size > 0) {
      // Its own number before the IDR, on a continuous numbering.
      inserted_.out_sequence = map_.insert();
      inserted_.timestamp = timestamp;
      inserted_.track = current_.track;
      inserted_.size = static_cast<uint16_t>(size);
      if (out.push({.out_sequence = inserted_.out_sequence,
                    .size = static_cast<uint16_t>(size + kHeadersSize),
                    .kind = EgressEntry::Kind::kParameterSets})) {
        ++counters_.inserted;
      } else {
        inserted_.out_sequence = -1;
      }
    }
  }
  map_.begin(epoch);
  newest_in_sequence_ = first.sequence;
  newest_in_timestamp_ = first.timestamp;
  newest_timestamp_ = timestamp;
  newest_arrival_ = first.arrival;
  epoch_start_ = first.arrival;
  ++counters_.switches;
  switched_ = true;
}

void Forwarder::follow(Ring<EgressEntry>& out, size_t most) {
  const PacketHistory& history = current_.source->history();
  if (current_.cursor < history.oldest_arrival()) {
    ++counters_.overruns;
    counters_.gone += history.oldest_arrival() - current_.cursor;
    current_.cursor = history.oldest_arrival();
  }
  while (current_.cursor < history.arrivals() && out.size() < most) {
    const StoredPacket* const stored = history.arrival(current_.cursor++);
    if (stored == nullptr) {
      ++counters_.gone;
      continue;
    }
    if (stored->sequence - newest_in_sequence_ > kJumpMax) {
      // As if the source were new: wait for a key frame from here on.
      target_ = current_;
      --target_.cursor;
      current_ = {};
      return;
    }
    take(*stored, out);
  }
}

void Forwarder::take(const StoredPacket& stored, Ring<EgressEntry>& out) {
  if (stored.is_padding()) return take_padding(stored, out);
  if (stored.pause > Duration::zero() && stored.sequence > newest_in_sequence_) go_on_after_pause(stored);
  if (!temporal_.sends_surely(stored) && leaves_out(stored, out)) return;
  const std::optional<RewriteMap::Place> place = map_.map(current_.source, stored.sequence);
  if (!place) {
    ++counters_.late;
    return;
  }
  if (!out.push({.out_sequence = place->out_sequence,
                 .size = static_cast<uint16_t>(stored.payload_size + kHeadersSize),
                 .kind = EgressEntry::Kind::kMedia})) {
    ++counters_.no_room;
    return;
  }
  ++counters_.forwarded;
  if (stored.sequence >= newest_in_sequence_) note_newest(stored, *place);
}

// The receiver knows the slot's time by the sender reports of before the pause; along that line the pause is as long
// for it as it was. No report is sent until the source's own next one says better (report_timestamp()).
void Forwarder::go_on_after_pause(const StoredPacket& stored) {
  const Epoch* const newest = map_.newest();
  if (newest == nullptr || newest->source != current_.source || newest->voided) return;
  map_.shift_time(static_cast<uint32_t>(duration_to_ticks(stored.pause, clock_rate_)));
  epoch_start_ = stored.arrival;
  ++counters_.pauses;
}

void Forwarder::take_padding(const StoredPacket& stored, Ring<EgressEntry>& out) {
  newest_in_sequence_ = std::max(newest_in_sequence_, stored.sequence);
  if (map_.drop(stored.sequence, false) || !fill(stored, out)) ++counters_.padding_closed;
}

bool Forwarder::fill(const StoredPacket& stored, Ring<EgressEntry>& out) {
  const std::optional<RewriteMap::Place> place = map_.map(current_.source, stored.sequence);
  if (!place) return false;
  const bool has_room =
      out.push({.out_sequence = place->out_sequence, .size = kHeadersSize, .kind = EgressEntry::Kind::kPadding});
  ++(has_room ? counters_.padding : counters_.no_room);
  if (has_room && !stored.is_padding()) filled_[filled_count_++ % kFilledMax] = place->out_sequence;
  return true;
}

bool Forwarder::is_filled(int64_t out_sequence) const {
  const auto end = filled_.begin() + static_cast<ptrdiff_t>(std::min(filled_count_, kFilledMax));
  return std::find(filled_.begin(), end, out_sequence) != end;
}

// Picture ids close up over what is left out only in VP8: there they count what is sent (libwebrtc waits for a missing
// one), while VP9 names the frames it refers to by them.
bool Forwarder::leaves_out(const StoredPacket& stored, Ring<EgressEntry>& out) {
  const bool is_late = stored.sequence <= newest_in_sequence_ && any_sent_;
  if (is_late) {
    if (!temporal_.leaves_out_late(stored)) return false;
    if (map_.drop(stored.sequence, false) || !fill(stored, out)) ++counters_.above_limit;
    return true;
  }
  const Codec codec = current_.source->codec();
  const TemporalFilter::Verdict verdict = temporal_.judge(codec, stored, newest_in_timestamp_);
  if (verdict == TemporalFilter::Verdict::kSend) return false;
  newest_in_sequence_ = stored.sequence;
  map_.drop(stored.sequence, verdict == TemporalFilter::Verdict::kLeaveOutPicture && codec == Codec::kVp8);
  ++counters_.above_limit;
  return true;
}

void Forwarder::note_newest(const StoredPacket& stored, const RewriteMap::Place& place) {
  newest_in_sequence_ = stored.sequence;
  const Epoch& epoch = *place.epoch;
  if (stored.timestamp != newest_in_timestamp_) {
    const auto step = wrapped_difference(stored.timestamp, newest_in_timestamp_);
    if (step > 0) frame_ticks_ = std::min(static_cast<uint32_t>(step), clock_rate_);
    newest_in_timestamp_ = stored.timestamp;
  }
  newest_timestamp_ = stored.timestamp + epoch.timestamp_offset;
  newest_arrival_ = stored.arrival;
  newest_picture_id_ = static_cast<uint16_t>(
      (stored.info.picture_id.value_or(0) + epoch.picture_id_offset - place.pictures_dropped) & kPictureIdMask);
  newest_tl0_pic_idx_ = static_cast<uint8_t>(stored.info.tl0_pic_idx.value_or(0) + epoch.tl0_pic_idx_offset);
  newest_frame_number_ = static_cast<uint16_t>(frame_number(stored) + epoch.frame_number_offset);
}

std::optional<RewrittenPacket> Forwarder::rewrite(int64_t out_sequence) const {
  if (out_sequence == inserted_.out_sequence && out_sequence >= 0) {
    return RewrittenPacket{.payload = ByteView(inserted_.payload).first(inserted_.size),
                           .stored = nullptr,
                           .codec = Codec::kH264,
                           .track = inserted_.track,
                           .sequence = static_cast<uint16_t>(out_sequence),
                           .timestamp = inserted_.timestamp};
  }
  if (filled_count_ > 0 && is_filled(out_sequence)) return std::nullopt;
  const std::optional<RewriteMap::Place> place = map_.reverse(out_sequence);
  if (!place) return std::nullopt;
  const Epoch& epoch = *place->epoch;
  const StoredPacket* const stored = epoch.source->history().find(place->in_sequence);
  if (stored == nullptr || stored->is_padding()) return std::nullopt;
  // The first packet of a talker in the slot begins a talkspurt (RFC 3551 section 4.1).
  const bool marker = stored->marker || (kind_ == MediaKind::kAudio && place->in_sequence == epoch.in_first);
  return RewrittenPacket{
      .payload = stored->payload(),
      .stored = stored,
      .codec = epoch.source->codec(),
      .track = epoch.track,
      .sequence = static_cast<uint16_t>(out_sequence),
      .timestamp = stored->timestamp + epoch.timestamp_offset,
      .picture_id = static_cast<uint16_t>(
          (stored->info.picture_id.value_or(0) + epoch.picture_id_offset - place->pictures_dropped) & kPictureIdMask),
      .tl0_pic_idx = static_cast<uint8_t>(stored->info.tl0_pic_idx.value_or(0) + epoch.tl0_pic_idx_offset),
      .frame_number_offset = epoch.frame_number_offset,
      .marker = marker};
}

int64_t Forwarder::unwrap_out(uint16_t sequence) const {
  const int64_t newest = map_.next_out() - 1;
  return newest + wrapped_difference(sequence, static_cast<uint16_t>(newest));
}

std::optional<uint32_t> Forwarder::report_timestamp(Timestamp now) {
  if (clock_rate_ == 0 || current_.source == nullptr) return std::nullopt;
  const StreamClock& clock = current_.source->clock();
  if (!clock.synchronised() && now - epoch_start_ < kReportWait) return std::nullopt;
  // From here on the receiver knows this line of time; the next source's goes on along it.
  base_capture_ = clock.capture_time(*current_.clock, newest_in_timestamp_, newest_arrival_);
  base_timestamp_ = newest_timestamp_;
  return base_timestamp_ + static_cast<uint32_t>(duration_to_ticks(now - base_capture_, clock_rate_));
}

}  // namespace eir
