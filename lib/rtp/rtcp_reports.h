#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/time.h"
#include "lib/rtp/rtcp_common.h"

// Sender and receiver reports, source descriptions (CNAME only) and BYE of RFC 3550 section 6. A parse() that returns
// nothing met a packet of another type or a malformed one. A write_x() returns false, and writes nothing, if it does
// not fit.

namespace eir {

// What one receiver says of one source (RFC 3550 section 6.4.1).
struct ReportBlock {
  Ssrc source{};
  uint8_t fraction_lost = 0;               // of 256, since the previous report
  int32_t cumulative_lost = 0;             // 24 bits, signed: duplicates make it negative
  uint32_t extended_highest_sequence = 0;  // cycles in the upper 16 bits
  uint32_t jitter = 0;                     // RTP timestamp units
  uint32_t last_sr = 0;                    // NtpTime::compact() of the last sender report; 0: none came
  uint32_t delay_since_last_sr = 0;        // 1/65536 s
  bool operator==(const ReportBlock&) const = default;

  static constexpr size_t kWireSize = 24;
  static ReportBlock load(const uint8_t* at);
};

struct SenderInfo {
  Ssrc sender{};
  NtpTime ntp;
  uint32_t rtp_timestamp = 0;
  uint32_t packet_count = 0;
  uint32_t octet_count = 0;  // payload bytes
  bool operator==(const SenderInfo&) const = default;
};

struct SenderReport {
  SenderInfo info;
  RtcpList<ReportBlock> blocks;
  static std::optional<SenderReport> parse(const RtcpBlock& block);
};

struct ReceiverReport {
  Ssrc sender{};
  RtcpList<ReportBlock> blocks;
  static std::optional<ReceiverReport> parse(const RtcpBlock& block);
};

// At most kRtcpCountMax blocks fit one report: with more, false.
[[nodiscard]] bool write_sender_report(ByteWriter& writer, const SenderInfo& info, std::span<const ReportBlock> blocks);
[[nodiscard]] bool write_receiver_report(ByteWriter& writer, Ssrc sender, std::span<const ReportBlock> blocks);

struct SdesChunk {
  Ssrc source{};
  std::string_view cname;  // empty if the chunk has none; not checked to be UTF-8
};

// Walks the chunks of a source description as RtcpIterator walks packets; a block of another type has none.
class SdesReader {
 public:
  explicit SdesReader(const RtcpBlock& block);
  std::optional<SdesChunk> next();
  bool failed() const { return failed_; }

 private:
  ByteReader reader_;
  size_t chunks_left_;
  bool failed_ = false;
};

// One chunk with one CNAME of at most 255 bytes.
[[nodiscard]] bool write_sdes_cname(ByteWriter& writer, Ssrc source, std::string_view cname);

struct Bye {
  RtcpList<Ssrc> sources;
  std::string_view reason;  // mostly empty; not checked to be UTF-8
  static std::optional<Bye> parse(const RtcpBlock& block);
};

// Without a reason: nobody shows it.
[[nodiscard]] bool write_bye(ByteWriter& writer, std::span<const Ssrc> sources);

}  // namespace eir
