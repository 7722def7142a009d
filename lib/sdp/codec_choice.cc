#include "lib/sdp/codec_choice.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "lib/rtp/h264_profile.h"
#include "lib/sdp/text.h"

namespace eir::sdp {
namespace {

std::optional<Codec> codec_from_line(const CodecLine& line) {
  for (const Codec codec :
       {Codec::kOpus, Codec::kPcmu, Codec::kPcma, Codec::kVp8, Codec::kH264, Codec::kVp9, Codec::kAv1}) {
    // RFC 7587 section 7: opus is always written with two channels.
    const uint8_t channels = codec == Codec::kOpus ? 2 : 1;
    if (equal_ignoring_case(line.name, encoding_name(codec)) && line.clock_rate == clock_rate_of(codec) &&
        line.channels == channels) {
      return codec;
    }
  }
  return std::nullopt;
}

// RFC 6184 section 8.1; nullopt unless constrained baseline in a mode that browsers send.
std::optional<H264Format> h264_format(std::string_view fmtp) {
  H264Format format;
  const auto mode = parse_number<uint8_t>(fmtp_value(fmtp, "packetization-mode").value_or("0"));
  if (!mode || *mode > 1) return std::nullopt;
  format.packetization_mode = *mode;
  const auto digits = fmtp_value(fmtp, "profile-level-id");
  if (!digits) return format;
  const auto profile = parse_profile_level_id(*digits);
  if (!profile || profile->profile != H264Profile::kConstrainedBaseline) return std::nullopt;
  std::from_chars(digits->data(), digits->data() + digits->size(), format.profile_level_id, 16);
  return format;
}

bool has_main_profile(const CodecLine& line, std::string_view parameter) {
  return fmtp_value(line.fmtp, parameter).value_or("0") == "0";
}

std::optional<uint8_t> find_rtx(const MediaSection& media, const CodecLine& codec) {
  for (const CodecLine& line : media.codecs) {
    if (!equal_ignoring_case(line.name, "rtx") || line.clock_rate != codec.clock_rate) continue;
    const auto associated = fmtp_value(line.fmtp, "apt");  // RFC 4588 section 8.1
    if (associated && parse_number<uint8_t>(*associated) == codec.payload_type) return line.payload_type;
  }
  return std::nullopt;
}

std::optional<NegotiatedCodec> known_codec(const MediaSection& media, const CodecLine& line) {
  const auto codec = codec_from_line(line);
  if (!codec || (kind_of(*codec) == MediaKind::kVideo) != (media.kind == SectionKind::kVideo)) return std::nullopt;
  NegotiatedCodec known;
  known.payload_type = line.payload_type;
  known.codec = *codec;
  known.rtx_payload_type = find_rtx(media, line);
  known.fmtp = line.fmtp;
  known.feedback = line.feedback;
  if (*codec == Codec::kH264) {
    known.h264 = h264_format(line.fmtp);
    if (!known.h264) return std::nullopt;
  }
  if (*codec == Codec::kVp9 && !has_main_profile(line, "profile-id")) return std::nullopt;  // RFC 9628 section 6
  if (*codec == Codec::kAv1 && !has_main_profile(line, "profile")) return std::nullopt;     // AV1 RTP section 7.2.1
  return known;
}

// The best of several payload types of one codec: for H.264 packetization mode 1 wherever it stands, else the first.
const NegotiatedCodec* best_of(const std::vector<NegotiatedCodec>& offered, Codec codec) {
  const NegotiatedCodec* best = nullptr;
  for (const NegotiatedCodec& candidate : offered) {
    if (candidate.codec != codec) continue;
    if (candidate.h264 && candidate.h264->packetization_mode == 1) return &candidate;
    if (best == nullptr) best = &candidate;
  }
  return best;
}

}  // namespace

std::vector<NegotiatedCodec> known_codecs(const MediaSection& media) {
  std::vector<NegotiatedCodec> known;
  for (const CodecLine& line : media.codecs) {
    if (auto codec = known_codec(media, line)) known.push_back(std::move(*codec));
  }
  return known;
}

std::vector<NegotiatedCodec> choose_published_video(const std::vector<NegotiatedCodec>& offered,
                                                    const std::vector<Codec>& preference) {
  for (const Codec codec : preference) {
    if (const NegotiatedCodec* best = best_of(offered, codec)) return {*best};
  }
  return {};
}

std::vector<NegotiatedCodec> choose_received_video(const std::vector<NegotiatedCodec>& offered,
                                                   const std::vector<Codec>& allowed) {
  std::vector<NegotiatedCodec> chosen;
  for (const NegotiatedCodec& codec : offered) {
    const bool is_allowed = std::find(allowed.begin(), allowed.end(), codec.codec) != allowed.end();
    if (is_allowed && best_of(offered, codec.codec) == &codec) chosen.push_back(codec);
  }
  return chosen;
}

std::vector<NegotiatedCodec> choose_audio(const std::vector<NegotiatedCodec>& offered, bool allow_g711) {
  if (const NegotiatedCodec* opus = best_of(offered, Codec::kOpus)) return {*opus};
  if (allow_g711 && !offered.empty()) return {offered.front()};
  return {};
}

std::string answered_fmtp(const NegotiatedCodec& codec) {
  // max-fs and max-fr (RFC 7741 section 6.1) would bind the client to the limits of its own decoder.
  if (codec.codec == Codec::kVp8 || codec.codec == Codec::kVp9) {
    return fmtp_value(codec.fmtp, "profile-id") ? "profile-id=0" : "";
  }
  if (codec.codec != Codec::kOpus) return codec.fmtp;
  std::string kept;
  std::string_view rest = codec.fmtp;
  while (!rest.empty()) {
    const std::string_view parameter = trimmed(next_part(rest, ';'));
    // What the client says of its own sending (RFC 7587 section 6.1) is nothing that the server can promise.
    if (parameter.empty() || parameter.starts_with("sprop-")) continue;
    if (!kept.empty()) kept += ';';
    kept += parameter;
  }
  return kept;
}

}  // namespace eir::sdp
