#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/time.h"

namespace eir {

// Counts of durations in buckets that grow by a quarter: percentiles within 25 %, 10 µs to about 20 min.
class DurationHistogram {
 public:
  static constexpr size_t kBuckets = 84;

  void add(Duration d);
  uint64_t count() const { return count_; }
  Duration max() const { return max_; }
  Duration mean() const { return count_ == 0 ? Duration{} : sum_ / static_cast<int64_t>(count_); }
  // The upper edge of the bucket that holds the fraction `p` of all values (0 < p ≤ 1), never above max().
  Duration percentile(double p) const;
  void merge(const DurationHistogram& other);

 private:
  std::array<uint32_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  Duration sum_{};
  Duration max_{};
};

struct CsrcCount {
  uint32_t csrc = 0;
  uint64_t packets = 0;
  uint32_t sender_tag = 0;  // ClientOptions::tag that the payload of its last packet names; 0: none verified
};

// What one slot received. Sequence numbers are the slot's; a packet that came by retransmission counts in `packets`
// too.
struct ReceiverStats {
  uint64_t packets = 0;      // different sequence numbers, padding included
  uint64_t padding = 0;      // of them without payload
  uint64_t bytes = 0;        // of their datagrams
  uint64_t duplicates = 0;   // a sequence number that was there already, by media or by RTX
  uint64_t rtx_packets = 0;  // retransmissions, useful or not
  uint64_t rtx_padding = 0;  // nothing but padding, in their stream: a probe of the line
  uint64_t recovered = 0;    // sequence numbers that came by retransmission first
  uint64_t late = 0;         // older than the window: cannot be told from a duplicate
  uint64_t lost = 0;         // given up: never came within the window
  uint64_t reordered = 0;    // media packets that came after a higher number
  uint64_t nacked = 0;       // sequence numbers in NACKs, repeats included
  uint64_t plis_sent = 0;
  uint64_t header_only = 0;  // of `packets`: not decrypted (decrypt_one_in)
  uint64_t unprotect_failed = 0;

  uint64_t verified = 0;      // payloads whose every byte was right
  uint64_t corrupt = 0;       // payloads that were not
  uint64_t unverifiable = 0;  // too small to carry the check (DTX) or parameter sets

  // Frames, in order of sequence numbers.
  uint64_t frames = 0;               // begun
  uint64_t decodable = 0;            // complete, and so were all since the last key frame
  uint64_t key_frames = 0;           // complete
  uint64_t source_changes = 0;       // CSRC changes, the first source not counted
  uint64_t layer_changes = 0;        // the same source with another encoding
  uint64_t changes_without_key = 0;  // the first packet after a change did not start a key frame
  uint64_t picture_id_breaks = 0;    // VP8: frame n+1 has not picture id n+1 although no packet is missing
  uint64_t tl0_breaks = 0;           // the same of TL0PICIDX
  uint64_t timestamp_breaks = 0;     // a timestamp not after the one before, or frames of one timestamp
  Duration frame_gap_max{};          // between two decodable frames (audio: two packets)
  Timestamp last_decodable = kNever;
  // Decodable frames by their size, in order of appearance; what has no place counts in the last.
  struct SizeCount {
    uint16_t width = 0;
    uint16_t height = 0;
    uint64_t frames = 0;
  };
  static constexpr size_t kSizesMax = 8;
  std::array<SizeCount, kSizesMax> sizes{};
  void note_decodable(Timestamp now, uint16_t width, uint16_t height);
  uint64_t decodable_of(uint16_t width, uint16_t height) const;
  // The longest time without a decodable frame, the one that lasts until `now` included.
  Duration longest_gap(Timestamp now) const;

  DurationHistogram latency;     // capture → arrival, by the sender's stamp in the payload
  DurationHistogram recovery;    // gap seen → packet there
  std::vector<CsrcCount> csrcs;  // in order of appearance, at most kCsrcsMax
  static constexpr size_t kCsrcsMax = 64;

  Timestamp first_packet = kNever;
  Timestamp first_decodable = kNever;
  Timestamp last_packet = kNever;
  uint32_t last_csrc = 0;
  uint16_t last_width = 0;  // by the last key frame
  uint16_t last_height = 0;
  Timestamp last_capture = kNever;  // of the last verified payload
  uint32_t last_timestamp = 0;      // its RTP timestamp

  // The slot's last sender report.
  uint64_t sender_reports = 0;
  NtpTime report_ntp;
  uint32_t report_timestamp = 0;
  Timestamp report_arrival = kNever;
  // When this slot's last verified packet is to be presented, in the NTP clock of the sender reports; nullopt before a
  // report. Sound and picture are in step if capture − presentation is the same for both.
  std::optional<NtpTime> last_presentation(uint32_t clock_rate) const;
};

// What one encoding of a published track sent.
struct SenderStats {
  uint64_t packets = 0;  // without retransmissions
  uint64_t bytes = 0;    // of their datagrams
  uint64_t frames = 0;
  uint64_t key_frames = 0;
  uint64_t rtx_packets = 0;
  uint64_t nacks = 0;          // sequence numbers asked for
  uint64_t nacks_unknown = 0;  // no longer known
  uint64_t plis = 0;           // PLI and FIR
  uint8_t fraction_lost = 0;   // of the last report block about it
  int32_t cumulative_lost = 0;
  Duration round_trip{};  // 0: not known
};

}  // namespace eir
