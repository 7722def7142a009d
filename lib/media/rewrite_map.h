#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/ids.h"

namespace eir {

class ReceiveStream;

// What a slot's receiver sees is one unbroken stream; where it comes from changes. An epoch is a stretch of outgoing
// sequence numbers that one incoming stream fills with constant offsets.
struct Epoch {
  uint32_t number = 0;              // counts up from 1 within one map
  ReceiveStream* source = nullptr;  // nullptr: padding, or a packet that Eir itself made
  TrackId track;                    // travels as the CSRC
  bool voided = false;              // its right was revoked or its history is gone: nothing of it is sent again

  int64_t in_first = 0;  // unwrapped sequence number of the source that became out_first
  int64_t out_first = 0;
  int64_t out_end = 0;  // first outgoing number beyond this epoch; INT64_MAX while it is the newest

  uint32_t timestamp_offset = 0;     // out = in + offset, modulo 2^32
  uint16_t picture_id_offset = 0;    // VP8, VP9: modulo the width of the picture id
  uint8_t tl0_pic_idx_offset = 0;    // modulo 2^8
  uint16_t frame_number_offset = 0;  // dependency descriptor: modulo 2^16
};

// The reversible rewriting of one slot's sequence numbers: a bounded list of epochs and of dropped intervals within
// them. Incoming loss stays a gap, to be filled if the packet comes after all; a dropped packet leaves none. A NACK of
// the receiver is answered by reverse(), exactly as sent first. Owned by a Forwarder; all numbers unwrapped, so that no
// wrap arithmetic is needed here. (The idea of a reversible packet map is galène's.)
class RewriteMap {
 public:
  static constexpr size_t kEpochsMax = 32;    // older ones are beyond any NACK window; the oldest gives way
  static constexpr size_t kDropRunsMax = 64;  // ≈ 2 s of dropping every other frame at 60 frames/s; the oldest folds

  // Where an incoming packet goes, or where an outgoing one came from.
  struct Place {
    const Epoch* epoch = nullptr;
    int64_t in_sequence = 0;
    int64_t out_sequence = 0;
    uint16_t pictures_dropped = 0;  // whole pictures dropped earlier in the epoch: picture ids close up by as many
  };

  // `first_out`: the first outgoing number, <2^15 so that the receiver's SRTP rollover counter starts right (RFC 3711
  // section 3.3.1).
  explicit RewriteMap(uint16_t first_out) : next_out_(first_out) {}

  // Starts an epoch whose first packet is `epoch.in_first`; number, out_first and out_end are filled in. The pointer is
  // good until the next call of begin() or insert().
  const Epoch* begin(Epoch epoch);

  // The outgoing place of a packet of `source`; nullopt if no living epoch covers it (it is older than the epoch, its
  // number was dropped, or the epoch is voided).
  std::optional<Place> map(const ReceiveStream* source, int64_t in_sequence);

  // Leaves `in_sequence` of the newest epoch out. True if no gap remains; false if later packets have passed already,
  // so that map() still gives its number: the caller fills it with padding.
  bool drop(int64_t in_sequence, bool ends_picture);

  // Takes the next outgoing number for a packet without source (padding, parameter sets). The epoch goes on behind it.
  int64_t insert();

  // From the next number on, the newest epoch's time runs so many ticks later: it goes on as another epoch.
  const Epoch* shift_time(uint32_t ticks);

  // Where an outgoing number came from; nullopt if unknown, without source, dropped or voided.
  std::optional<Place> reverse(int64_t out_sequence) const;

  void void_track(TrackId track);
  void void_source(const ReceiveStream* source);

  // The number that the next in-order packet will get.
  int64_t next_out() const { return next_out_; }
  const Epoch* newest() const { return epoch_count_ == 0 ? nullptr : &epoch_at(epoch_count_ - 1); }
  uint64_t epochs_forgotten() const { return epochs_forgotten_; }

 private:
  struct DropRun {
    uint32_t epoch = 0;
    int64_t in_first = 0;
    int64_t in_end = 0;
    int64_t out_next = 0;           // what in_end maps to
    uint16_t pictures_dropped = 0;  // in this epoch, up to and with this run
  };

  Epoch& epoch_at(size_t i) { return epochs_[(epoch_head_ + i) % kEpochsMax]; }
  const Epoch& epoch_at(size_t i) const { return epochs_[(epoch_head_ + i) % kEpochsMax]; }
  const DropRun& run_at(size_t i) const { return runs_[(run_head_ + i) % kDropRunsMax]; }
  // The newest epoch as it goes on behind what was mapped or dropped.
  Epoch continued() const;
  void push_epoch(const Epoch& epoch);
  void push_run(DropRun run);
  bool fold(const DropRun& oldest);
  std::optional<Place> place_in(const Epoch& epoch, int64_t in_sequence) const;

  std::array<Epoch, kEpochsMax> epochs_;
  size_t epoch_head_ = 0;
  size_t epoch_count_ = 0;
  std::array<DropRun, kDropRunsMax> runs_;
  size_t run_head_ = 0;
  size_t run_count_ = 0;
  uint32_t next_number_ = 1;
  int64_t next_out_;
  int64_t newest_in_ = 0;  // of the newest epoch: highest mapped or dropped
  uint64_t epochs_forgotten_ = 0;
};

}  // namespace eir
