#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ids.h"
#include "lib/rtp/codec.h"
#include "lib/rtp/header_extensions.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// RFC 6184 section 8.1.
struct H264Format {
  uint32_t profile_level_id = 0x42e01f;  // constrained baseline 3.1 where the fmtp line has none, as browsers take it
  uint8_t packetization_mode = 0;
  bool operator==(const H264Format&) const = default;
};

// One codec of an m-line, as agreed.
struct NegotiatedCodec {
  uint8_t payload_type = 0;
  Codec codec = Codec::kOpus;
  std::optional<uint8_t> rtx_payload_type{};
  std::optional<H264Format> h264{};  // for H.264 only
  std::string fmtp{};                // as the offer has it
  Feedback feedback{};
};

// What a payload type number of an m-line means.
struct PayloadTypeMeaning {
  const NegotiatedCodec* codec = nullptr;
  bool is_rtx = false;
};
// nullopt if the number is not agreed. `codecs` must outlive the answer.
std::optional<PayloadTypeMeaning> find_payload_type(const std::vector<NegotiatedCodec>& codecs, uint8_t payload_type);

// An SSRC that the peer announced, with the one of its retransmissions if it announced that too.
struct SourcePair {
  Ssrc ssrc{};
  std::optional<Ssrc> rtx_ssrc{};
  bool operator==(const SourcePair&) const = default;
};

// Names and numbers of one receive slot. The caller chooses them: new ones for a new mid, the same ones for a mid that
// has been there before; audio slot k and video slot k share a stream id.
struct SlotIdentity {
  size_t media_index = 0;
  Ssrc ssrc{};
  Ssrc rtx_ssrc{};
  std::string stream_id{};
  std::string track_id{};
};

// Why an m-line got port 0 in the answer although the session was accepted.
enum class MediaRejection : uint8_t {
  kDisabledByOffer,  // port 0 in the offer
  kKindUnsupported,  // data channels and unknown media
  kNotAllowed,       // the policy allows none of the offered directions for this kind
  kTooMany,          // more published tracks or receive slots than the policy allows
  kCodecNone,        // no codec of this m-line is allowed
};
std::string_view media_rejection_code(MediaRejection rejection);

// One m-line after negotiation, from the server's view. What the client offered and the server did not take is gone.
struct MediaDescription {
  size_t index = 0;
  std::string mid{};
  SectionKind kind = SectionKind::kOther;
  std::optional<MediaRejection> rejected{};  // then nothing below means anything
  bool receives_from_client = false;         // a published track
  bool sends_to_client = false;              // a receive slot

  // Exactly one for an m-line on which video comes from the client; for a receive slot all the client can decode.
  std::vector<NegotiatedCodec> codecs{};
  ExtensionMap receive_extensions{};  // of packets from the client
  ExtensionMap send_extensions{};     // of packets to the client
  bool rtcp_rsize = false;

  // Of the client's packets. Rids in the order of the offer, which says nothing about sizes; empty without simulcast.
  std::vector<std::string> rids{};
  std::vector<SourcePair> sources{};
  std::vector<Ssrc> simulcast_ssrcs{};  // a=ssrc-group:SIM, the legacy form
  std::vector<Ssrc> client_ssrcs{};     // every SSRC the m-line names: none of them may become a slot's
  std::string cname{};
  std::string stream_id{};
  std::string track_id{};

  std::optional<SlotIdentity> slot{};  // if sends_to_client, once the answer is written

  bool accepted() const { return !rejected.has_value(); }
};

}  // namespace eir::sdp
