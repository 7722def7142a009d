#include "lib/sdp/parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "lib/sdp/media_attributes.h"
#include "lib/sdp/text.h"

namespace eir::sdp {
namespace {

using Fault = std::optional<SdpError>;

SectionKind kind_from_text(std::string_view text) {
  if (text == "audio") return SectionKind::kAudio;
  if (text == "video") return SectionKind::kVideo;
  if (text == "application") return SectionKind::kApplication;
  return SectionKind::kOther;
}

// Numbers that need no a=rtpmap (RFC 3551 table 4), as far as Eir forwards them.
CodecLine codec_line(uint8_t payload_type) {
  CodecLine codec;
  codec.payload_type = payload_type;
  if (payload_type == 0) codec.name = "PCMU";
  if (payload_type == 8) codec.name = "PCMA";
  if (!codec.name.empty()) codec.clock_rate = 8000;
  return codec;
}

Fault add_format(MediaSection& media, std::string_view format) {
  const bool carries_rtp = media.is_rtp() && media.protocol.find("RTP/") != std::string::npos;
  if (!carries_rtp) {
    if (media.formats.size() >= kCodecsMax) return SdpError::kTooManyCodecs;
    media.formats.emplace_back(format);
    return std::nullopt;
  }
  const auto payload_type = parse_number<uint8_t>(format);
  if (!payload_type || *payload_type > 127) return SdpError::kSyntax;
  // As many codecs as numbers: kCodecsMax cannot be passed without naming one twice.
  if (media.codec(*payload_type) != nullptr) return SdpError::kSyntax;
  media.codecs.push_back(codec_line(*payload_type));
  return std::nullopt;
}

// Reads line by line into one description; owned by parse() for the length of the call.
class Parser {
 public:
  Result<SessionDescription, SdpRefusal> run(std::string_view text) {
    if (text.size() > kBytesMax) return SdpRefusal{SdpError::kTooLarge, 0};
    while (!text.empty()) {
      std::string_view line = next_part(text, '\n');
      ++line_;
      if (line_ > kLinesMax) return SdpRefusal{SdpError::kTooManyLines, line_};
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (const Fault fault = read_line(line)) return SdpRefusal{*fault, line_};
    }
    if (!has_version_) return SdpRefusal{SdpError::kSyntax, line_};
    return std::move(session_);
  }

 private:
  Fault read_line(std::string_view line) {
    if (line.empty()) return std::nullopt;
    // No control characters: what is mirrored into an answer or a log must stay on its line.
    if (std::any_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; })) {
      return SdpError::kSyntax;
    }
    if (line.size() < 2 || line[1] != '=') return SdpError::kSyntax;
    const std::string_view value = line.substr(2);
    if (!has_version_) {
      has_version_ = true;
      return line == "v=0" ? std::nullopt : Fault(SdpError::kSyntax);
    }
    switch (line[0]) {
      case 'o':
        return read_origin(value);
      case 'm':
        return read_media(value);
      case 'a':
        return read_attribute(value);
      default:
        return std::nullopt;
    }
  }

  // "- 8259891649000091496 2 IN IP4 127.0.0.1"
  Fault read_origin(std::string_view value) {
    next_word(value);
    session_.session_id = next_word(value);
    const auto version = parse_number<uint64_t>(next_word(value));
    if (session_.session_id.empty() || !version) return SdpError::kSyntax;
    session_.session_version = *version;
    return std::nullopt;
  }

  // "audio 51914 UDP/TLS/RTP/SAVPF 111 63"
  Fault read_media(std::string_view value) {
    if (session_.media.size() >= kMediaMax) return SdpError::kTooManyMedia;
    MediaSection media;
    media.line = line_;
    media.kind_text = next_word(value);
    media.kind = kind_from_text(media.kind_text);
    const auto port = parse_number<uint16_t>(next_word(value));
    media.protocol = next_word(value);
    if (!port || media.protocol.empty() || trimmed(value).empty()) return SdpError::kSyntax;
    media.port = *port;
    media.direction = default_direction_;
    while (true) {
      const std::string_view format = next_word(value);
      if (format.empty()) break;
      if (const Fault fault = add_format(media, format)) return fault;
    }
    session_.media.push_back(std::move(media));
    return std::nullopt;
  }

  Fault read_attribute(std::string_view value) {
    AttributeLine attribute;
    attribute.name = next_part(value, ':');
    attribute.value = value;
    attribute.line = line_;
    if (!session_.media.empty()) return read_media_attribute(session_.media.back(), attribute);
    if (attribute.name == "group") return read_group(attribute.value);
    if (attribute.name == "ice-lite") session_.ice_lite = true;
    if (attribute.name == "extmap-allow-mixed") session_.extmap_allow_mixed = true;
    if (const auto direction = direction_from_name(attribute.name)) default_direction_ = *direction;
    return read_transport_attribute(session_.transport, attribute);
  }

  // "BUNDLE 0 1"; a second BUNDLE group would need a second transport: its m-lines count as not bundled.
  Fault read_group(std::string_view value) {
    if (next_word(value) != "BUNDLE" || has_bundle_) return std::nullopt;
    has_bundle_ = true;
    while (true) {
      const std::string_view mid = next_word(value);
      if (mid.empty()) return std::nullopt;
      if (session_.bundle.size() >= kMediaMax) return SdpError::kTooManyMedia;
      session_.bundle.emplace_back(mid);
    }
  }

  SessionDescription session_;
  uint32_t line_ = 0;
  bool has_version_ = false;
  bool has_bundle_ = false;
  Direction default_direction_ = Direction::kSendRecv;  // RFC 8866 section 6.7
};

}  // namespace

Result<SessionDescription, SdpRefusal> parse(std::string_view text) { return Parser{}.run(text); }

}  // namespace eir::sdp
