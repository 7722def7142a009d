#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"

namespace eir::sdp {

// What one session description may hold. A refusal is cheap; the work for what passes grows with these.
inline constexpr size_t kBytesMax = size_t{64} * 1024;
inline constexpr size_t kLinesMax = 2000;
inline constexpr size_t kMediaMax = 64;
inline constexpr size_t kCodecsMax = 128;      // per m-line: as many as there are payload types
inline constexpr size_t kExtensionsMax = 64;   // per m-line; Chromium can offer about 20
inline constexpr size_t kRidsMax = 16;         // per m-line; browsers allow 3 layers, RFC 8853 names no limit
inline constexpr size_t kSsrcsMax = 64;        // per m-line, and as many groups
inline constexpr size_t kCandidatesMax = 64;   // per m-line
inline constexpr size_t kFingerprintsMax = 8;  // per m-line

enum class SectionKind : uint8_t { kAudio, kVideo, kApplication, kOther };

// Always from the view of the one who wrote the description.
enum class Direction : uint8_t { kInactive, kSendOnly, kRecvOnly, kSendRecv };

constexpr bool sends(Direction d) { return d == Direction::kSendOnly || d == Direction::kSendRecv; }
constexpr bool receives(Direction d) { return d == Direction::kRecvOnly || d == Direction::kSendRecv; }
constexpr Direction direction_of(bool sending, bool receiving) {
  if (sending) return receiving ? Direction::kSendRecv : Direction::kSendOnly;
  return receiving ? Direction::kRecvOnly : Direction::kInactive;
}
std::string_view direction_name(Direction direction);

// RFC 4145 and RFC 8842.
enum class DtlsSetup : uint8_t { kActpass, kActive, kPassive, kHoldconn };
std::string_view setup_name(DtlsSetup setup);

// RFC 8122. `algorithm` is lower case as registered: "sha-256".
struct Fingerprint {
  std::string algorithm{};
  std::array<uint8_t, 64> bytes{};  // room for SHA-512
  uint8_t size = 0;

  ByteView view() const { return {bytes.data(), size}; }
  bool operator==(const Fingerprint& other) const;
};

// RFC 8839 section 5.1. Only what a peer needs to send checks; related addresses are forgotten.
struct Candidate {
  std::string foundation{};
  uint32_t component = 1;
  bool tcp = false;
  uint32_t priority = 0;
  std::string address{};  // text: IPv4, IPv6 or a .local name
  uint16_t port = 0;
  std::string type = "host";
  std::string tcp_type{};  // "passive", "active" or "so"; empty for UDP
  bool operator==(const Candidate&) const = default;
};

struct IceCredentials {
  std::string ufrag{};
  std::string password{};
  bool operator==(const IceCredentials&) const = default;
};

// What stands at session level for all m-lines or in each of them.
struct TransportAttributes {
  IceCredentials ice{};
  std::vector<Fingerprint> fingerprints{};
  std::optional<DtlsSetup> setup{};
};

// a=rtcp-fb (RFC 4585, RFC 5104 and draft-holmer-rmcat-transport-wide-cc-extensions), as far as Eir knows them.
struct Feedback {
  bool nack = false;
  bool nack_pli = false;
  bool ccm_fir = false;
  bool transport_cc = false;
  bool goog_remb = false;
  bool operator==(const Feedback&) const = default;
};

// One payload type: a=rtpmap, a=fmtp and a=rtcp-fb together. `name` is empty for a dynamic number without a=rtpmap.
struct CodecLine {
  uint8_t payload_type = 0;
  std::string name{};
  uint32_t clock_rate = 0;
  uint8_t channels = 1;
  std::string fmtp{};
  Feedback feedback{};
};

// RFC 8285 section 5.
struct ExtensionLine {
  uint16_t id = 0;
  Direction direction = Direction::kSendRecv;
  bool has_direction = false;
  std::string uri{};
  uint32_t line = 0;
};

// RFC 8851.
struct RidLine {
  std::string id{};
  bool send = false;
  std::string restrictions{};  // after the direction: "pt=96;max-width=1280", or empty
};

struct SsrcLine {
  Ssrc ssrc{};
  std::string cname{};
  std::string stream_id{};  // from "msid:<stream> <track>"
  std::string track_id{};
};

// RFC 5576: FID (RFC 4588: media, then its retransmissions), SIM and others.
struct SsrcGroup {
  std::string semantics{};
  std::vector<Ssrc> ssrcs{};
};

// One m-line with all that belongs to it.
struct MediaSection {
  uint32_t line = 0;  // of the m= itself
  SectionKind kind = SectionKind::kOther;
  std::string kind_text{};
  uint16_t port = 9;
  std::string protocol{};
  std::vector<std::string> formats{};  // of an m-line that carries no RTP, else empty
  std::vector<CodecLine> codecs{};     // in the order of the m-line
  std::string mid{};
  Direction direction = Direction::kSendRecv;
  TransportAttributes transport{};
  std::vector<Candidate> candidates{};
  bool end_of_candidates = false;
  bool rtcp_mux = false;
  bool rtcp_rsize = false;
  bool receiver_rtt = false;  // a=rtcp-xr:rcvr-rtt: answers reference times (RFC 3611 section 5.1)
  bool bundle_only = false;
  bool extmap_allow_mixed = false;
  bool has_sdes_keys = false;  // a=crypto
  std::vector<ExtensionLine> extensions{};
  std::string stream_id{};  // a=msid, the first one
  std::string track_id{};
  std::vector<RidLine> rids{};
  std::vector<std::string> simulcast_send{};  // the first choice of each layer, without "~"
  std::vector<std::string> simulcast_recv{};
  std::vector<SsrcLine> ssrcs{};
  std::vector<SsrcGroup> ssrc_groups{};

  // Port 0 without bundle-only: the m-line is refused or no longer in use (RFC 3264 section 6, RFC 9143 section 6).
  bool is_disabled() const { return port == 0 && !bundle_only; }
  bool is_rtp() const { return kind == SectionKind::kAudio || kind == SectionKind::kVideo; }
  const CodecLine* codec(uint8_t payload_type) const;
};

// A session description as text has it: nothing is judged here. Written by parse() or by the builders of answers and
// offers, read by negotiation and by print().
struct SessionDescription {
  std::string session_id = "0";
  uint64_t session_version = 0;
  bool ice_lite = false;
  bool extmap_allow_mixed = false;
  std::vector<std::string> bundle{};  // mids of the first BUNDLE group
  TransportAttributes transport{};
  std::vector<MediaSection> media{};
};

}  // namespace eir::sdp
