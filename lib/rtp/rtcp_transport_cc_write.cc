#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "lib/base/check.h"
#include "lib/rtp/rtcp_transport_cc.h"

// The writing half of transport-wide feedback; the reading half and the diagrams are in rtcp_transport_cc.cc.

namespace eir {
namespace {

constexpr uint32_t kLost = 0;
constexpr uint32_t kSmallDelta = 1;
constexpr uint32_t kLargeDelta = 2;

constexpr size_t kFixedBodySize = 16;  // SSRCs, base, count, reference time, feedback count
constexpr size_t kChunkSize = 2;

// Packs symbols into chunks greedily: a run as long as it lasts, else 14 symbols of one bit, else 7 of two. Counting
// and writing are the same walk, so that what was planned is what is written.
class ChunkPacker {
 public:
  // `writer` is null to count only.
  explicit ChunkPacker(ByteWriter* writer) : writer_(writer) {}

  void add(uint32_t symbol) {
    if (!takes(symbol)) emit(count_ == kOneBitSymbols);
    if (count_ < kOneBitSymbols) pending_[count_] = static_cast<uint8_t>(symbol);
    same_ = count_ == 0 || (same_ && symbol == pending_[0]);
    large_ = large_ || symbol == kLargeDelta;
    ++count_;
  }
  void finish() {
    // Behind the last symbol a vector may have room left.
    if (count_ > 0) emit(count_ > kTwoBitSymbols);
    EIR_DCHECK(count_ == 0);
  }
  // With one chunk for what is pending: that is always enough.
  size_t size() const { return kChunkSize * (chunks_ + (count_ > 0 ? 1 : 0)); }

 private:
  static constexpr uint32_t kTwoBitSymbols = 7;
  static constexpr uint32_t kOneBitSymbols = 14;
  static constexpr uint32_t kRunMax = 0x1fff;

  bool takes(uint32_t symbol) const {
    if (count_ < kTwoBitSymbols) return true;
    if (count_ < kOneBitSymbols && !large_ && symbol != kLargeDelta) return true;
    return count_ < kRunMax && same_ && symbol == pending_[0];
  }

  // `one_bit`: what is pending is worth a vector of one-bit symbols, if there is no large delta among them.
  void emit(bool one_bit) {
    ++chunks_;
    if (same_) {
      put(uint32_t{pending_[0]} << 13 | count_);
      drop(count_);
    } else if (one_bit && !large_) {
      put(0x8000 | vector(kOneBitSymbols, 1));
      drop(count_);
    } else {
      put(0xc000 | vector(kTwoBitSymbols, 2));
      drop(std::min(count_, kTwoBitSymbols));
    }
  }

  // The first `symbols` pending ones, `width` bits each; what is not there is 0 and lies beyond the packet count.
  uint32_t vector(uint32_t symbols, uint32_t width) const {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < symbols; ++i) bits = bits << width | (i < count_ ? pending_[i] : 0);
    return bits;
  }

  // Forgets the first `symbols` pending ones; the few that stay (of a vector, never of a run) move up.
  void drop(uint32_t symbols) {
    const uint32_t rest = count_ - symbols;
    std::copy_n(pending_.begin() + std::min(symbols, kOneBitSymbols), rest, pending_.begin());
    count_ = rest;
    same_ = true;
    large_ = false;
    for (uint32_t i = 0; i < count_; ++i) {
      same_ = same_ && pending_[i] == pending_[0];
      large_ = large_ || pending_[i] == kLargeDelta;
    }
  }

  void put(uint32_t chunk) {
    if (writer_ != nullptr) writer_->u16(static_cast<uint16_t>(chunk));
  }

  ByteWriter* writer_;
  std::array<uint8_t, kOneBitSymbols> pending_{};
  uint32_t count_ = 0;  // pending symbols; above 14 only while all are the same
  bool same_ = true;
  bool large_ = false;
  size_t chunks_ = 0;
};

int64_t ticks_of(Timestamp t) { return t.time_since_epoch() / TransportCc::kDeltaUnit; }

// Turns arrivals into symbols and deltas. Deltas are differences of whole ticks, so that rounding never adds up.
class DeltaWalk {
 public:
  explicit DeltaWalk(int64_t reference_ticks) : previous_(reference_ticks) {}

  // The symbol, and the delta in `ticks`; nothing if the delta exceeds 16 bits.
  std::optional<uint32_t> next(Timestamp arrival, int16_t& ticks) {
    if (arrival == kNever) return kLost;
    const int64_t now = ticks_of(arrival);
    const int64_t delta = now - previous_;
    if (delta < std::numeric_limits<int16_t>::min() || delta > std::numeric_limits<int16_t>::max()) return std::nullopt;
    previous_ = now;
    ticks = static_cast<int16_t>(delta);
    return delta >= 0 && delta <= 0xff ? kSmallDelta : kLargeDelta;
  }

 private:
  int64_t previous_;
};

constexpr size_t delta_size(uint32_t symbol) { return symbol; }

struct Plan {
  size_t packets = 0;
  size_t body_size = 0;  // padded
};

// How many packets fit a message whose body may have `body_max` bytes.
Plan plan(std::span<const Timestamp> arrivals, int64_t reference_ticks, size_t body_max) {
  ChunkPacker chunks(nullptr);
  DeltaWalk walk(reference_ticks);
  Plan plan;
  size_t deltas_size = 0;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    int16_t ticks = 0;
    const std::optional<uint32_t> symbol = walk.next(arrivals[i], ticks);
    if (!symbol) break;
    chunks.add(*symbol);
    deltas_size += delta_size(*symbol);
    const size_t size = (kFixedBodySize + chunks.size() + deltas_size + 3) / 4 * 4;
    if (size > body_max) break;
    // Only a packet that came may be the last one.
    if (*symbol != kLost) plan = {.packets = i + 1, .body_size = size};
  }
  return plan;
}

}  // namespace

size_t write_transport_cc(ByteWriter& writer, const TransportCcRecord& record) {
  const auto arrivals = record.arrivals.first(std::min(record.arrivals.size(), size_t{TransportCc::kPacketsMax}));
  const auto first = std::find_if(arrivals.begin(), arrivals.end(), [](Timestamp t) { return t != kNever; });
  const size_t room = std::min(writer.remaining(), kTransportCcBytesMax);
  if (first == arrivals.end() || room < kRtcpHeaderSize || writer.failed()) return 0;

  const int64_t reference = first->time_since_epoch() / TransportCc::kReferenceUnit;
  const int64_t reference_ticks = reference * (TransportCc::kReferenceUnit / TransportCc::kDeltaUnit);
  const Plan message = plan(arrivals, reference_ticks, room - kRtcpHeaderSize);
  if (message.packets == 0) return 0;

  if (!write_rtcp_header(writer, RtcpType::kTransportFeedback, kFmtTransportCc, message.body_size)) return 0;
  const size_t end = writer.size() + message.body_size;
  writer.u32(record.ssrcs.sender.value);
  writer.u32(record.ssrcs.media.value);
  writer.u16(record.base_sequence_number);
  writer.u16(static_cast<uint16_t>(message.packets));
  writer.u24(static_cast<uint32_t>(reference));
  writer.u8(record.feedback_count);

  const auto covered = arrivals.first(message.packets);
  ChunkPacker chunks(&writer);
  DeltaWalk symbols(reference_ticks);
  int16_t ticks = 0;
  for (const Timestamp arrival : covered) chunks.add(symbols.next(arrival, ticks).value_or(kLost));
  chunks.finish();
  DeltaWalk deltas(reference_ticks);
  for (const Timestamp arrival : covered) {
    const uint32_t symbol = deltas.next(arrival, ticks).value_or(kLost);
    if (symbol == kSmallDelta) writer.u8(static_cast<uint8_t>(ticks));
    if (symbol == kLargeDelta) writer.u16(static_cast<uint16_t>(ticks));
  }
  EIR_DCHECK(writer.size() <= end);
  writer.zeros(end - writer.size());
  return message.packets;
}

}  // namespace eir
