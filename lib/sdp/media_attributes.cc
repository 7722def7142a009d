#include "lib/sdp/media_attributes.h"

#include <algorithm>
#include <array>
#include <string>

#include "lib/sdp/text.h"

namespace eir::sdp {
namespace {

using Fault = std::optional<SdpError>;

// RFC 8122: "sha-256 4A:AD:..."; an algorithm with a longer value than any that Eir could take is skipped.
Fault read_fingerprint(std::vector<Fingerprint>& fingerprints, std::string_view value) {
  Fingerprint fingerprint;
  fingerprint.algorithm = lower_case(next_word(value));
  std::string_view hex = next_word(value);
  if (fingerprint.algorithm.empty() || hex.empty() || !next_word(value).empty()) return SdpError::kSyntax;
  if (hex.size() % 3 != 2) return SdpError::kSyntax;
  if ((hex.size() + 1) / 3 > fingerprint.bytes.size()) return std::nullopt;
  while (!hex.empty()) {
    const std::string_view digits = next_part(hex, ':');
    uint8_t byte = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return SdpError::kSyntax;
    fingerprint.bytes[fingerprint.size++] = byte;
  }
  if (fingerprints.size() >= kFingerprintsMax) return SdpError::kTooManyFingerprints;
  fingerprints.push_back(std::move(fingerprint));
  return std::nullopt;
}

Fault read_setup(TransportAttributes& transport, std::string_view value) {
  for (const DtlsSetup setup : {DtlsSetup::kActpass, DtlsSetup::kActive, DtlsSetup::kPassive, DtlsSetup::kHoldconn}) {
    if (trimmed(value) != setup_name(setup)) continue;
    transport.setup = setup;
    return std::nullopt;
  }
  return SdpError::kSyntax;
}

Fault read_mid(MediaSection& media, std::string_view value) {
  const std::string_view mid = next_word(value);
  if (mid.empty() || !next_word(value).empty() || !media.mid.empty()) return SdpError::kSyntax;
  media.mid = mid;
  return std::nullopt;
}

// The codec that a line "<payload type> ..." speaks of; nullptr if the m-line does not list the number, which is
// harmless.
struct CodecReference {
  bool valid = false;
  CodecLine* codec = nullptr;
};
CodecReference take_codec(MediaSection& media, std::string_view& value) {
  const auto payload_type = parse_number<uint8_t>(next_word(value));
  if (!payload_type || *payload_type > 127) return {};
  const auto found =
      std::find_if(media.codecs.begin(), media.codecs.end(),
                   [number = *payload_type](const CodecLine& line) { return line.payload_type == number; });
  return {true, found == media.codecs.end() ? nullptr : &*found};
}

// "96 VP8/90000", "111 opus/48000/2"
Fault read_rtpmap(MediaSection& media, std::string_view value) {
  const CodecReference reference = take_codec(media, value);
  std::string_view encoding = next_word(value);
  const std::string_view name = next_part(encoding, '/');
  const auto clock_rate = parse_number<uint32_t>(next_part(encoding, '/'));
  const auto channels = encoding.empty() ? std::optional<uint8_t>(1) : parse_number<uint8_t>(encoding);
  if (!reference.valid || name.empty() || !clock_rate || !channels) return SdpError::kSyntax;
  if (reference.codec == nullptr) return std::nullopt;
  reference.codec->name = name;
  reference.codec->clock_rate = *clock_rate;
  reference.codec->channels = *channels;
  return std::nullopt;
}

Fault read_fmtp(MediaSection& media, std::string_view value) {
  const CodecReference reference = take_codec(media, value);
  if (!reference.valid) return SdpError::kSyntax;
  if (reference.codec != nullptr) reference.codec->fmtp = trimmed(value);
  return std::nullopt;
}

void note_feedback(Feedback& feedback, std::string_view type, std::string_view parameter) {
  if (type == "nack" && parameter.empty()) feedback.nack = true;
  if (type == "nack" && parameter == "pli") feedback.nack_pli = true;
  if (type == "ccm" && parameter == "fir") feedback.ccm_fir = true;
  if (type == "transport-cc") feedback.transport_cc = true;
  if (type == "goog-remb") feedback.goog_remb = true;
}

// "96 nack pli" or "* nack pli" (RFC 4585 section 4.2)
Fault read_rtcp_feedback(MediaSection& media, std::string_view value) {
  std::string_view rest = value;
  if (next_word(rest) == "*") {
    const std::string_view type = next_word(rest);
    const std::string_view parameter = next_word(rest);
    for (CodecLine& codec : media.codecs) note_feedback(codec.feedback, type, parameter);
    return type.empty() ? Fault(SdpError::kSyntax) : std::nullopt;
  }
  const CodecReference reference = take_codec(media, value);
  const std::string_view type = next_word(value);
  if (!reference.valid || type.empty()) return SdpError::kSyntax;
  if (reference.codec != nullptr) note_feedback(reference.codec->feedback, type, next_word(value));
  return std::nullopt;
}

// "3 urn:..." or "3/sendonly urn:... <attributes>" (RFC 8285 section 5)
Fault read_extension(MediaSection& media, std::string_view value, uint32_t line) {
  ExtensionLine extension;
  std::string_view direction = next_word(value);
  const auto id = parse_number<uint16_t>(next_part(direction, '/'));
  extension.uri = next_word(value);
  extension.line = line;
  if (!id || *id == 0 || extension.uri.empty()) return SdpError::kSyntax;
  extension.id = *id;
  if (!direction.empty()) {
    const auto named = direction_from_name(direction);
    if (!named) return SdpError::kSyntax;
    extension.direction = *named;
    extension.has_direction = true;
  }
  if (media.extensions.size() >= kExtensionsMax) return SdpError::kTooManyExtensions;
  media.extensions.push_back(std::move(extension));
  return std::nullopt;
}

// "q send" or "q send pt=96;max-width=1280" (RFC 8851 section 10)
Fault read_rid(MediaSection& media, std::string_view value) {
  const std::string_view id = next_word(value);
  const std::string_view direction = next_word(value);
  if (id.empty() || (direction != "send" && direction != "recv")) return SdpError::kSyntax;
  if (media.rids.size() >= kRidsMax) return SdpError::kTooManyRids;
  media.rids.push_back({std::string(id), direction == "send", std::string(trimmed(value))});
  return std::nullopt;
}

// "send q;~h,x;f recv a" (RFC 8853 section 5.1): layers by semicolons, alternatives by commas, "~" starts paused.
Fault read_simulcast(MediaSection& media, std::string_view value) {
  while (true) {
    const std::string_view direction = next_word(value);
    if (direction.empty()) return std::nullopt;
    std::string_view layers = next_word(value);
    if ((direction != "send" && direction != "recv") || layers.empty()) return SdpError::kSyntax;
    std::vector<std::string>& list = direction == "send" ? media.simulcast_send : media.simulcast_recv;
    while (!layers.empty()) {
      std::string_view alternatives = next_part(layers, ';');
      std::string_view rid = next_part(alternatives, ',');
      if (rid.starts_with('~')) rid.remove_prefix(1);
      if (rid.empty()) return SdpError::kSyntax;
      if (list.size() >= kRidsMax) return SdpError::kTooManyRids;
      list.emplace_back(rid);
    }
  }
}

// "<stream> <track>" (RFC 8830); the second word may be missing. A track of several streams counts for the first.
Fault read_msid(MediaSection& media, std::string_view value) {
  const std::string_view stream = next_word(value);
  if (stream.empty()) return SdpError::kSyntax;
  if (!media.stream_id.empty()) return std::nullopt;
  media.stream_id = stream;
  media.track_id = next_word(value);
  return std::nullopt;
}

// "1234 cname:x", "1234 msid:s t" (RFC 5576 section 4.1): one entry an SSRC, however many lines.
Fault read_ssrc(MediaSection& media, std::string_view value) {
  const auto number = parse_number<uint32_t>(next_word(value));
  std::string_view attribute = trimmed(value);
  if (!number || attribute.empty()) return SdpError::kSyntax;
  auto at = std::find_if(media.ssrcs.begin(), media.ssrcs.end(),
                         [ssrc = Ssrc(*number)](const SsrcLine& line) { return line.ssrc == ssrc; });
  if (at == media.ssrcs.end()) {
    if (media.ssrcs.size() >= kSsrcsMax) return SdpError::kTooManySsrcs;
    at = media.ssrcs.insert(at, SsrcLine{Ssrc(*number), {}, {}, {}});
  }
  const std::string_view name = next_part(attribute, ':');
  if (name == "cname") at->cname = trimmed(attribute);
  if (name == "msid") {
    at->stream_id = next_word(attribute);
    at->track_id = next_word(attribute);
  }
  return std::nullopt;
}

// "FID 1 2" (RFC 5576 section 4.2)
Fault read_ssrc_group(MediaSection& media, std::string_view value) {
  SsrcGroup group;
  group.semantics = next_word(value);
  while (true) {
    const std::string_view word = next_word(value);
    if (word.empty()) break;
    const auto number = parse_number<uint32_t>(word);
    if (!number) return SdpError::kSyntax;
    if (group.ssrcs.size() >= kSsrcsMax) return SdpError::kTooManySsrcs;
    group.ssrcs.emplace_back(*number);
  }
  if (group.semantics.empty()) return SdpError::kSyntax;
  if (media.ssrc_groups.size() >= kSsrcsMax) return SdpError::kTooManySsrcs;
  media.ssrc_groups.push_back(std::move(group));
  return std::nullopt;
}

// "1 1 udp 2122260223 192.0.2.1 51914 typ host tcptype passive ..." (RFC 8839 section 5.1, RFC 6544 section 4.5);
// transports other than UDP and TCP are skipped.
Fault read_candidate(MediaSection& media, std::string_view value) {
  Candidate candidate;
  candidate.foundation = next_word(value);
  const auto component = parse_number<uint32_t>(next_word(value));
  const std::string_view transport = next_word(value);
  const auto priority = parse_number<uint32_t>(next_word(value));
  candidate.address = next_word(value);
  const auto port = parse_number<uint16_t>(next_word(value));
  const bool has_type = next_word(value) == "typ";
  candidate.type = next_word(value);
  if (!component || !priority || !port || !has_type || candidate.type.empty()) return SdpError::kSyntax;
  candidate.component = *component;
  candidate.priority = *priority;
  candidate.port = *port;
  candidate.tcp = equal_ignoring_case(transport, "tcp");
  if (!candidate.tcp && !equal_ignoring_case(transport, "udp")) return std::nullopt;
  while (true) {
    const std::string_view name = next_word(value);
    if (name.empty()) break;
    const std::string_view extension = next_word(value);
    if (name == "tcptype") candidate.tcp_type = extension;
  }
  if (media.candidates.size() >= kCandidatesMax) return SdpError::kTooManyCandidates;
  media.candidates.push_back(std::move(candidate));
  return std::nullopt;
}

// Of all report kinds only the receiver's round trip is of use here.
Fault read_extended_reports(MediaSection& media, std::string_view value) {
  media.receiver_rtt = value.find("rcvr-rtt") != std::string_view::npos;
  return std::nullopt;
}

struct Reader {
  std::string_view name;
  Fault (*read)(MediaSection& media, std::string_view value);
};
constexpr std::array<Reader, 11> kReaders = {{
    {"mid", read_mid},
    {"rtpmap", read_rtpmap},
    {"fmtp", read_fmtp},
    {"rtcp-fb", read_rtcp_feedback},
    {"rid", read_rid},
    {"simulcast", read_simulcast},
    {"msid", read_msid},
    {"ssrc", read_ssrc},
    {"ssrc-group", read_ssrc_group},
    {"candidate", read_candidate},
    {"rtcp-xr", read_extended_reports},
}};

struct Flag {
  std::string_view name;
  bool MediaSection::*member;
};
constexpr std::array<Flag, 6> kFlags = {{
    {"rtcp-mux", &MediaSection::rtcp_mux},
    {"rtcp-rsize", &MediaSection::rtcp_rsize},
    {"bundle-only", &MediaSection::bundle_only},
    {"extmap-allow-mixed", &MediaSection::extmap_allow_mixed},
    {"end-of-candidates", &MediaSection::end_of_candidates},
    {"crypto", &MediaSection::has_sdes_keys},
}};

}  // namespace

std::optional<Direction> direction_from_name(std::string_view name) {
  for (const Direction direction :
       {Direction::kInactive, Direction::kSendOnly, Direction::kRecvOnly, Direction::kSendRecv}) {
    if (name == direction_name(direction)) return direction;
  }
  return std::nullopt;
}

Fault read_transport_attribute(TransportAttributes& transport, const AttributeLine& attribute) {
  if (attribute.name == "ice-ufrag") transport.ice.ufrag = trimmed(attribute.value);
  if (attribute.name == "ice-pwd") transport.ice.password = trimmed(attribute.value);
  if (attribute.name == "fingerprint") return read_fingerprint(transport.fingerprints, attribute.value);
  if (attribute.name == "setup") return read_setup(transport, attribute.value);
  return std::nullopt;
}

Fault read_media_attribute(MediaSection& media, const AttributeLine& attribute) {
  for (const Reader& reader : kReaders) {
    if (attribute.name == reader.name) return reader.read(media, attribute.value);
  }
  for (const Flag& flag : kFlags) {
    if (attribute.name == flag.name) media.*flag.member = true;
  }
  if (attribute.name == "extmap") return read_extension(media, attribute.value, attribute.line);
  if (const auto direction = direction_from_name(attribute.name)) media.direction = *direction;
  return read_transport_attribute(media.transport, attribute);
}

}  // namespace eir::sdp
