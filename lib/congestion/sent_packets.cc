#include "lib/congestion/sent_packets.h"

#include <algorithm>
#include <limits>

#include "lib/base/check.h"

namespace eir {

void SentPackets::add(Timestamp now, const Note& note) {
  EIR_DCHECK(note.cluster <= kClusterMax);
  const std::optional<int64_t> newest = numbers_.newest();
  const int64_t sequence = numbers_.unwrap(note.sequence);
  if (newest && sequence <= *newest) {
    ++counters_.reused;
    return;
  }
  if (ring_.empty()) ring_.resize(kPacketsMin);
  make_room(now, sequence);
  const size_t counted = std::clamp<size_t>(note.bytes, 1, std::numeric_limits<uint16_t>::max());
  Entry& place = entry(sequence);
  place = {.at = now, .sequence = static_cast<uint32_t>(sequence), .bytes = static_cast<uint16_t>(counted)};
  place.cluster = note.cluster & kClusterMax;
  place.after_idle = note.after_idle ? 1 : 0;
  in_flight_ += counted;
  ++counters_.sent;
}

// The place of `sequence` is free afterwards.
void SentPackets::make_room(Timestamp now, int64_t sequence) {
  const Entry& old = entry(sequence);
  if (old.bytes == 0) return;
  if (old.lost == 0 && ring_.size() < kPacketsMax && now - old.at < kAwaited) {
    std::vector<Entry> larger(ring_.size() * 2);
    for (const Entry& each : ring_) {
      if (each.bytes != 0) larger[each.sequence & (larger.size() - 1)] = each;
    }
    ring_ = std::move(larger);
    if (entry(sequence).bytes == 0) return;
  }
  Entry& place = entry(sequence);
  if (place.lost == 0) {
    ++counters_.overwritten;
    in_flight_ -= place.bytes;
  }
  place = {};
}

std::optional<SentPackets::Sent> SentPackets::resolve(uint16_t transport_sequence, bool received) {
  const std::optional<int64_t> newest = numbers_.newest();
  const int64_t sequence = numbers_.peek(transport_sequence);
  if (!newest || sequence > *newest || *newest - sequence >= static_cast<int64_t>(ring_.size())) {
    ++counters_.unknown;
    return std::nullopt;
  }
  Entry& place = entry(sequence);
  if (place.bytes == 0 || place.sequence != static_cast<uint32_t>(sequence) || (!received && place.lost != 0)) {
    ++counters_.repeated;
    return std::nullopt;
  }
  const Sent sent{.at = place.at,
                  .bytes = place.bytes,
                  .cluster = place.cluster,
                  .sequence = sequence,
                  .after_idle = place.after_idle != 0,
                  .was_lost = place.lost != 0};
  if (!sent.was_lost) in_flight_ -= sent.bytes;
  if (received) {
    sent.was_lost ? ++counters_.come_late : ++counters_.acknowledged;
    place = {};
  } else {
    ++counters_.lost;
    place.lost = 1;
  }
  return sent;
}

void SentPackets::clear() {
  std::fill(ring_.begin(), ring_.end(), Entry{});
  in_flight_ = 0;
}

}  // namespace eir
