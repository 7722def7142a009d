#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/sdp/media_description.h"
#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// An offer becomes an answer in two steps, because slots need names that only the caller can give:
//
//   auto offer = parse(text);                      // syntax and limits
//   auto planned = plan(*offer, policy);           // what is agreed; the m-lines with sends_to_client need a
//   SlotIdentity Negotiated done = answer(*planned, server, slots);
//
// All of it is a pure function of its arguments.

// What a session may do. Kinds and directions are the structural ones; rights that change during a session are enforced
// packet by packet elsewhere.
struct Policy {
  // In order of preference: an m-line on which the client sends gets the first of these that it offers, alone.
  std::vector<Codec> publish_video_codecs = {Codec::kVp8, Codec::kH264, Codec::kVp9, Codec::kAv1};
  // What a receive slot may carry; a slot gets all of these that the client offers, in the client's order.
  std::vector<Codec> receive_video_codecs = {Codec::kVp8, Codec::kH264, Codec::kVp9, Codec::kAv1};
  bool allow_g711 = true;  // where Opus is not offered
  bool publish_audio = true;
  bool publish_video = true;
  bool receive_audio = true;
  bool receive_video = true;
  size_t publish_media_max = 8;
  size_t receive_media_max = 32;
  size_t simulcast_layers_max = 3;
};

// The client's end of the one transport of the session.
struct RemoteTransport {
  IceCredentials ice{};
  Fingerprint fingerprint{};  // SHA-256 or stronger
  std::vector<Candidate> candidates{};
  bool end_of_candidates = false;
};

struct Plan {
  std::vector<MediaDescription> media{};  // one for each m-line of the offer, in its order
  // Absent if every m-line of the offer is disabled.
  std::optional<RemoteTransport> remote{};
  // Which id means which extension in packets from the client, before the m-line of a packet is known.
  ExtensionMap bundle_extensions{};
  bool rtcp_rsize = false;  // offered by every accepted m-line: RTCP need not be compound
  SessionDescription offer{};

  // True if the client announced this SSRC on any m-line.
  bool client_uses(Ssrc ssrc) const;
};

// The server's end of the transport.
struct ServerParameters {
  std::string session_id = "1";
  uint64_t session_version = 1;  // grows with each answer of a session
  IceCredentials ice{};
  Fingerprint fingerprint{};
  std::vector<Candidate> candidates{};
  std::string cname{};
};

struct Negotiated {
  std::string answer{};
  std::vector<MediaDescription> media{};
  std::optional<RemoteTransport> remote{};
  ExtensionMap bundle_extensions{};
  bool rtcp_rsize = false;
};

Result<Plan, SdpRefusal> plan(const SessionDescription& offer, const Policy& policy);

// `slots` holds an identity for every m-line of the plan with sends_to_client (checked: a missing one is the caller's
// error); others are ignored.
Negotiated answer(const Plan& planned, const ServerParameters& server, std::span<const SlotIdentity> slots);

// What RFC 3264 section 8 asks of a later offer of the same session: no m-line goes away, none changes its place. A mid
// that replaces another one on a disabled m-line is a recycled m-line and fine (RFC 8829 section 5.2.2).
std::optional<SdpRefusal> check_renegotiation(std::span<const MediaDescription> before, const Plan& now);

// What WHIP (RFC 9725 section 4.2) and WHEP ask of an offer: every audio and video m-line in use has `direction`, or
// sendrecv, which is answered as if it had (GStreamer's default), and is accepted. A session that serves half of what
// was asked would mislead the person in front of it.
std::optional<SdpRefusal> check_one_way(const Plan& planned, Direction direction);

}  // namespace eir::sdp
