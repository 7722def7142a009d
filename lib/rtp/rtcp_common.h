#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"

namespace eir {

// RTCP packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611 section 2).
enum class RtcpType : uint8_t {
  kSenderReport = 200,
  kReceiverReport = 201,
  kSourceDescription = 202,
  kBye = 203,
  kApplication = 204,
  kTransportFeedback = 205,
  kPayloadFeedback = 206,
  kExtendedReport = 207,
};

// Feedback message types, the `count` of the two feedback packets.
inline constexpr uint8_t kFmtNack = 1;          // RTPFB, RFC 4585 section 6.2.1
inline constexpr uint8_t kFmtTransportCc = 15;  // RTPFB, draft-holmer-rmcat-transport-wide-cc-extensions-01
inline constexpr uint8_t kFmtPli = 1;           // PSFB, RFC 4585 section 6.3.1
inline constexpr uint8_t kFmtFir = 4;           // PSFB, RFC 5104 section 4.3.1
inline constexpr uint8_t kFmtApplication = 15;  // PSFB, RFC 4585 section 6.4: REMB among others

inline constexpr size_t kRtcpHeaderSize = 4;
// Report count, source count and the like have five bits.
inline constexpr size_t kRtcpCountMax = 31;

// One packet of a compound packet.
struct RtcpBlock {
  RtcpType type{};    // may be a value that the enumeration does not name
  uint8_t count = 0;  // five bits: report count, source count, feedback message type
  ByteView body;      // after the common header, without padding

  bool is(RtcpType wanted) const { return type == wanted; }
  bool is(RtcpType wanted, uint8_t fmt) const { return type == wanted && count == fmt; }
};

// Walks a compound (or reduced-size, RFC 5506) packet without allocating:
//   RtcpIterator packets(datagram);
//   while (const std::optional<RtcpBlock> block = packets.next()) …
// failed() afterwards tells that the walk ended at a malformed packet; those before it were good.
class RtcpIterator {
 public:
  explicit RtcpIterator(ByteView compound) : rest_(compound), failed_(compound.empty()) {}

  std::optional<RtcpBlock> next();
  bool failed() const { return failed_; }

 private:
  ByteView rest_;
  bool failed_;
};

// How an entry of fixed size is read. Types that name their kWireSize and load() need nothing else.
template <class T>
struct RtcpEntry {
  static constexpr size_t kWireSize = T::kWireSize;
  static T load(const uint8_t* at) { return T::load(at); }
};
template <>
struct RtcpEntry<Ssrc> {
  static constexpr size_t kWireSize = 4;
  static Ssrc load(const uint8_t* at) { return Ssrc(load_u32(at)); }
};

// A row of entries of fixed size in somebody else's bytes, decoded as they are read: `for (ReportBlock b :
// report.blocks)`.
template <class T>
class RtcpList {
 public:
  class Iterator {
   public:
    explicit Iterator(const uint8_t* at) : at_(at) {}
    T operator*() const { return RtcpEntry<T>::load(at_); }
    Iterator& operator++() {
      at_ += RtcpEntry<T>::kWireSize;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const uint8_t* at_;
  };

  RtcpList() = default;
  // As many whole entries as `bytes` holds.
  explicit RtcpList(ByteView bytes) : bytes_(bytes.first(bytes.size() - bytes.size() % RtcpEntry<T>::kWireSize)) {}

  size_t size() const { return bytes_.size() / RtcpEntry<T>::kWireSize; }
  bool empty() const { return bytes_.empty(); }
  // `index` is below size().
  T operator[](size_t index) const { return RtcpEntry<T>::load(&bytes_[index * RtcpEntry<T>::kWireSize]); }
  Iterator begin() const { return Iterator(bytes_.data()); }
  Iterator end() const { return Iterator(bytes_.data() + bytes_.size()); }

 private:
  ByteView bytes_;
};

// Writes the common header of a packet whose body has `body_size` bytes (a multiple of 4). False, and nothing written,
// unless header and body fit: so a writer that got true cannot fail later.
bool write_rtcp_header(ByteWriter& writer, RtcpType type, size_t count, size_t body_size);

// Who sends a feedback message and about which stream (RFC 4585 section 6.1).
struct FeedbackSsrcs {
  Ssrc sender{};
  Ssrc media{};
  bool operator==(const FeedbackSsrcs&) const = default;
};

}  // namespace eir
