#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/time.h"
#include "lib/rtp/rtcp_common.h"

// Extended reports (RFC 3611), of which Eir uses the two that let a receiver that sends nothing measure its round trip.

namespace eir {

// The answer to one receiver's reference time (RFC 3611 section 4.5).
struct DlrrItem {
  Ssrc receiver{};
  uint32_t last_rr = 0;              // NtpTime::compact() of its reference time
  uint32_t delay_since_last_rr = 0;  // 1/65536 s
  bool operator==(const DlrrItem&) const = default;

  static constexpr size_t kWireSize = 12;
  static DlrrItem load(const uint8_t* at) { return {Ssrc(load_u32(at)), load_u32(at + 4), load_u32(at + 8)}; }
};

struct ExtendedReport {
  Ssrc sender{};
  std::optional<NtpTime> reference_time;  // of a receiver reference time block; of several the last counts
  RtcpList<DlrrItem> dlrr;                // of a DLRR block; of several the last counts
  // Skips blocks of other types. Nothing if the packet is of another type or a length points beyond the end.
  static std::optional<ExtendedReport> parse(const RtcpBlock& block);
};

// An extended report of one block; false, and nothing written, if it does not fit.
[[nodiscard]] bool write_xr_reference_time(ByteWriter& writer, Ssrc sender, NtpTime ntp);
[[nodiscard]] bool write_xr_dlrr(ByteWriter& writer, Ssrc sender, std::span<const DlrrItem> items);

}  // namespace eir
