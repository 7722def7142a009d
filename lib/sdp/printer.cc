#include "lib/sdp/printer.h"

#include <initializer_list>
#include <string_view>

namespace eir::sdp {
namespace {

// Appends the parts as one line.
void line(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
  out += "\r\n";
}

std::string hex_bytes(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

void print_transport(std::string& out, const TransportAttributes& transport) {
  if (!transport.ice.ufrag.empty()) line(out, {"a=ice-ufrag:", transport.ice.ufrag});
  if (!transport.ice.password.empty()) line(out, {"a=ice-pwd:", transport.ice.password});
  for (const Fingerprint& fingerprint : transport.fingerprints) {
    line(out, {"a=fingerprint:", fingerprint.algorithm, " ", hex_bytes(fingerprint.view())});
  }
  if (transport.setup) line(out, {"a=setup:", setup_name(*transport.setup)});
}

void print_candidate(std::string& out, const Candidate& candidate) {
  line(out, {"a=candidate:", candidate.foundation, " ", std::to_string(candidate.component),
             candidate.tcp ? " tcp " : " udp ", std::to_string(candidate.priority), " ", candidate.address, " ",
             std::to_string(candidate.port), " typ ", candidate.type, candidate.tcp_type.empty() ? "" : " tcptype ",
             candidate.tcp_type});
}

void print_codec(std::string& out, const CodecLine& codec) {
  const std::string number = std::to_string(codec.payload_type);
  if (!codec.name.empty()) {
    const std::string channels = codec.channels > 1 ? "/" + std::to_string(codec.channels) : "";
    line(out, {"a=rtpmap:", number, " ", codec.name, "/", std::to_string(codec.clock_rate), channels});
  }
  if (codec.feedback.transport_cc) line(out, {"a=rtcp-fb:", number, " transport-cc"});
  if (codec.feedback.goog_remb) line(out, {"a=rtcp-fb:", number, " goog-remb"});
  if (codec.feedback.ccm_fir) line(out, {"a=rtcp-fb:", number, " ccm fir"});
  if (codec.feedback.nack) line(out, {"a=rtcp-fb:", number, " nack"});
  if (codec.feedback.nack_pli) line(out, {"a=rtcp-fb:", number, " nack pli"});
  if (!codec.fmtp.empty()) line(out, {"a=fmtp:", number, " ", codec.fmtp});
}

void print_extension(std::string& out, const ExtensionLine& extension) {
  line(out, {"a=extmap:", std::to_string(extension.id), extension.has_direction ? "/" : "",
             extension.has_direction ? direction_name(extension.direction) : "", " ", extension.uri});
}

void print_sources(std::string& out, const MediaSection& media) {
  for (const SsrcGroup& group : media.ssrc_groups) {
    std::string numbers;
    for (const Ssrc ssrc : group.ssrcs) numbers += " " + std::to_string(ssrc.value);
    line(out, {"a=ssrc-group:", group.semantics, numbers});
  }
  for (const SsrcLine& source : media.ssrcs) {
    const std::string number = std::to_string(source.ssrc.value);
    line(out, {"a=ssrc:", number, " cname:", source.cname});
    if (source.stream_id.empty()) continue;
    line(out, {"a=ssrc:", number, " msid:", source.stream_id, " ", source.track_id});
  }
}

void print_simulcast(std::string& out, const MediaSection& media) {
  for (const RidLine& rid : media.rids) {
    line(out, {"a=rid:", rid.id, rid.send ? " send" : " recv", rid.restrictions.empty() ? "" : " ", rid.restrictions});
  }
  if (media.simulcast_send.empty() && media.simulcast_recv.empty()) return;
  std::string lists;
  if (!media.simulcast_send.empty()) lists += "send " + joined(media.simulcast_send, ";");
  if (!media.simulcast_recv.empty()) lists += (lists.empty() ? "recv " : " recv ") + joined(media.simulcast_recv, ";");
  line(out, {"a=simulcast:", lists});
}

void print_media(std::string& out, const MediaSection& media) {
  std::string formats;
  for (const CodecLine& codec : media.codecs) formats += " " + std::to_string(codec.payload_type);
  for (const std::string& format : media.formats) formats += " " + format;
  line(out, {"m=", media.kind_text, " ", std::to_string(media.port), " ", media.protocol, formats});
  line(out, {"c=IN IP4 0.0.0.0"});
  if (!media.mid.empty()) line(out, {"a=mid:", media.mid});
  line(out, {"a=", direction_name(media.direction)});
  if (media.bundle_only) line(out, {"a=bundle-only"});
  print_transport(out, media.transport);
  for (const Candidate& candidate : media.candidates) print_candidate(out, candidate);
  if (media.end_of_candidates) line(out, {"a=end-of-candidates"});
  if (media.rtcp_mux) line(out, {"a=rtcp-mux"});
  if (media.rtcp_rsize) line(out, {"a=rtcp-rsize"});
  if (media.receiver_rtt) line(out, {"a=rtcp-xr:rcvr-rtt=all"});
  if (media.extmap_allow_mixed) line(out, {"a=extmap-allow-mixed"});
  for (const ExtensionLine& extension : media.extensions) print_extension(out, extension);
  if (!media.stream_id.empty()) {
    line(out, {"a=msid:", media.stream_id, media.track_id.empty() ? "" : " ", media.track_id});
  }
  for (const CodecLine& codec : media.codecs) print_codec(out, codec);
  print_simulcast(out, media);
  print_sources(out, media);
}

}  // namespace

std::string print(const SessionDescription& session) {
  std::string out;
  line(out, {"v=0"});
  line(out, {"o=- ", session.session_id, " ", std::to_string(session.session_version), " IN IP4 127.0.0.1"});
  line(out, {"s=-"});
  line(out, {"t=0 0"});
  if (session.ice_lite) line(out, {"a=ice-lite"});
  if (!session.bundle.empty()) line(out, {"a=group:BUNDLE ", joined(session.bundle, " ")});
  if (session.extmap_allow_mixed) line(out, {"a=extmap-allow-mixed"});
  line(out, {"a=msid-semantic: WMS *"});
  print_transport(out, session.transport);
  for (const MediaSection& media : session.media) print_media(out, media);
  return out;
}

}  // namespace eir::sdp
