#include "lib/media/rewrite_map.h"

#include <algorithm>
#include <limits>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr int64_t kOpen = std::numeric_limits<int64_t>::max();

}  // namespace

const Epoch* RewriteMap::begin(Epoch epoch) {
  if (epoch_count_ > 0) epoch_at(epoch_count_ - 1).out_end = next_out_;
  epoch.number = next_number_++;
  epoch.out_first = next_out_;
  epoch.out_end = kOpen;
  push_epoch(epoch);
  newest_in_ = epoch.in_first - 1;
  return newest();
}

void RewriteMap::push_epoch(const Epoch& epoch) {
  if (epoch_count_ == kEpochsMax) {
    epoch_head_ = (epoch_head_ + 1) % kEpochsMax;
    --epoch_count_;
    ++epochs_forgotten_;
  }
  ++epoch_count_;
  epoch_at(epoch_count_ - 1) = epoch;
}

void RewriteMap::push_run(DropRun run) {
  if (run_count_ == kDropRunsMax) {
    const DropRun& oldest = run_at(0);
    if (fold(oldest) && run.epoch == oldest.epoch) {
      run.pictures_dropped = static_cast<uint16_t>(run.pictures_dropped - oldest.pictures_dropped);
    }
    run_head_ = (run_head_ + 1) % kDropRunsMax;
    --run_count_;
  }
  runs_[(run_head_ + run_count_) % kDropRunsMax] = run;
  ++run_count_;
}

// Folds the oldest run into its epoch's start: what lies before it cannot be mapped any more. False if the epoch is
// forgotten.
bool RewriteMap::fold(const DropRun& oldest) {
  for (size_t i = 0; i < epoch_count_; ++i) {
    Epoch& epoch = epoch_at(i);
    if (epoch.number != oldest.epoch) continue;
    epoch.in_first = oldest.in_end;
    epoch.out_first = oldest.out_next;
    epoch.picture_id_offset = static_cast<uint16_t>(epoch.picture_id_offset - oldest.pictures_dropped);
    for (size_t r = 1; r < run_count_; ++r) {
      DropRun& later = runs_[(run_head_ + r) % kDropRunsMax];
      if (later.epoch != oldest.epoch) continue;
      later.pictures_dropped = static_cast<uint16_t>(later.pictures_dropped - oldest.pictures_dropped);
    }
    return true;
  }
  return false;
}

std::optional<RewriteMap::Place> RewriteMap::place_in(const Epoch& epoch, int64_t in_sequence) const {
  if (epoch.voided || in_sequence < epoch.in_first) return std::nullopt;
  Place place{.epoch = &epoch,
              .in_sequence = in_sequence,
              .out_sequence = epoch.out_first + (in_sequence - epoch.in_first),
              .pictures_dropped = 0};
  for (size_t i = run_count_; i-- > 0;) {
    const DropRun& run = run_at(i);
    if (run.epoch < epoch.number) break;
    if (run.epoch != epoch.number || run.in_first > in_sequence) continue;
    if (in_sequence < run.in_end) return std::nullopt;
    place.out_sequence = run.out_next + (in_sequence - run.in_end);
    place.pictures_dropped = run.pictures_dropped;
    break;
  }
  if (place.out_sequence >= epoch.out_end) return std::nullopt;
  return place;
}

std::optional<RewriteMap::Place> RewriteMap::map(const ReceiveStream* source, int64_t in_sequence) {
  for (size_t i = epoch_count_; i-- > 0;) {
    const Epoch& epoch = epoch_at(i);
    if (epoch.source != source || in_sequence < epoch.in_first) continue;
    const std::optional<Place> place = place_in(epoch, in_sequence);
    if (place && epoch.out_end == kOpen) {
      newest_in_ = std::max(newest_in_, in_sequence);
      next_out_ = std::max(next_out_, place->out_sequence + 1);
    }
    return place;
  }
  return std::nullopt;
}

bool RewriteMap::drop(int64_t in_sequence, bool ends_picture) {
  EIR_DCHECK(epoch_count_ > 0);
  Epoch& epoch = epoch_at(epoch_count_ - 1);
  if (in_sequence <= newest_in_) return !place_in(epoch, in_sequence).has_value();
  const uint16_t pictures = ends_picture ? 1 : 0;
  // Numbers between the newest and this one are missing: they keep their places, in case they come.
  next_out_ += in_sequence - newest_in_ - 1;
  if (run_count_ > 0) {
    DropRun& last = runs_[(run_head_ + run_count_ - 1) % kDropRunsMax];
    if (last.epoch == epoch.number && last.in_end == in_sequence && newest_in_ == in_sequence - 1) {
      last.in_end = in_sequence + 1;
      last.pictures_dropped = static_cast<uint16_t>(last.pictures_dropped + pictures);
      newest_in_ = in_sequence;
      return true;
    }
  }
  uint16_t before = 0;
  if (run_count_ > 0 && run_at(run_count_ - 1).epoch == epoch.number) before = run_at(run_count_ - 1).pictures_dropped;
  push_run({.epoch = epoch.number,
            .in_first = in_sequence,
            .in_end = in_sequence + 1,
            .out_next = next_out_,
            .pictures_dropped = static_cast<uint16_t>(before + pictures)});
  newest_in_ = in_sequence;
  return true;
}

int64_t RewriteMap::insert() {
  const int64_t number = next_out_;
  if (epoch_count_ == 0) {
    ++next_out_;
    return number;
  }
  const Epoch behind = continued();
  const bool continues_padding = behind.source == nullptr;
  if (continues_padding) {
    ++next_out_;
    return number;
  }
  begin({});
  ++next_out_;
  begin(behind);
  return number;
}

const Epoch* RewriteMap::shift_time(uint32_t ticks) {
  EIR_DCHECK(epoch_count_ > 0);
  Epoch later = continued();
  later.timestamp_offset += ticks;
  return begin(later);
}

Epoch RewriteMap::continued() const {
  Epoch epoch = epoch_at(epoch_count_ - 1);
  epoch.in_first = newest_in_ + 1;
  if (run_count_ > 0 && run_at(run_count_ - 1).epoch == epoch.number) {
    epoch.picture_id_offset = static_cast<uint16_t>(epoch.picture_id_offset - run_at(run_count_ - 1).pictures_dropped);
  }
  return epoch;
}

std::optional<RewriteMap::Place> RewriteMap::reverse(int64_t out_sequence) const {
  if (out_sequence >= next_out_) return std::nullopt;
  for (size_t i = epoch_count_; i-- > 0;) {
    const Epoch& epoch = epoch_at(i);
    if (out_sequence < epoch.out_first || out_sequence >= epoch.out_end) continue;
    if (epoch.voided || epoch.source == nullptr) return std::nullopt;
    Place place{.epoch = &epoch,
                .in_sequence = epoch.in_first + (out_sequence - epoch.out_first),
                .out_sequence = out_sequence,
                .pictures_dropped = 0};
    for (size_t r = run_count_; r-- > 0;) {
      const DropRun& run = run_at(r);
      if (run.epoch < epoch.number) break;
      if (run.epoch != epoch.number || run.out_next > out_sequence) continue;
      place.in_sequence = run.in_end + (out_sequence - run.out_next);
      place.pictures_dropped = run.pictures_dropped;
      break;
    }
    return place;
  }
  return std::nullopt;
}

void RewriteMap::void_track(TrackId track) {
  for (size_t i = 0; i < epoch_count_; ++i) {
    if (epoch_at(i).source != nullptr && epoch_at(i).track == track) epoch_at(i).voided = true;
  }
}

void RewriteMap::void_source(const ReceiveStream* source) {
  for (size_t i = 0; i < epoch_count_; ++i) {
    if (source != nullptr && epoch_at(i).source == source) epoch_at(i).voided = true;
  }
}

}  // namespace eir
