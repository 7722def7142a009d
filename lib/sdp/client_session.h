#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sdp/media_description.h"
#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// The other side: the offers of lib/client and what it reads in answers.

// A codec as browsers offer it: the usual fmtp line and feedback messages (transport-cc included, goog-remb not).
NegotiatedCodec offered_codec(Codec codec, uint8_t payload_type, std::optional<uint8_t> rtx_payload_type = {});

struct OfferedMedia {
  std::string mid{};
  MediaKind kind = MediaKind::kVideo;
  Direction direction = Direction::kSendOnly;
  bool disabled = false;  // port 0: an m-line no longer in use
  std::vector<NegotiatedCodec> codecs{};
  ExtensionMap extensions{};
  std::vector<std::string> rids{};    // simulcast layers to send; empty: none
  std::vector<SourcePair> sources{};  // to be announced; may be empty if mid (and rid) extensions travel
  std::string cname{};
  std::string stream_id{};
  std::string track_id{};
  bool rtcp_rsize = true;
};

struct OfferParameters {
  std::string session_id = "1";
  uint64_t session_version = 1;
  IceCredentials ice{};
  Fingerprint fingerprint{};
  DtlsSetup setup = DtlsSetup::kActpass;
  std::vector<Candidate> candidates{};  // may be empty: the server is ICE-lite and learns addresses from checks
  bool extmap_allow_mixed = true;
  std::vector<OfferedMedia> media{};
};

// With the setup kActive it is as good as an answer, if the m-lines are those of the other side's offer.
std::string write_offer(const OfferParameters& parameters);

// One m-line of an answer, from the client's view.
struct AnsweredMedia {
  size_t index = 0;
  std::string mid{};
  SectionKind kind = SectionKind::kOther;
  bool accepted = false;
  bool client_sends = false;
  bool client_receives = false;
  std::vector<NegotiatedCodec> codecs{};
  ExtensionMap extensions{};
  std::vector<std::string> rids{};    // the layers that the server takes
  std::vector<SourcePair> sources{};  // of the server's stream on this m-line, if client_receives
  std::string cname{};
  std::string stream_id{};
  std::string track_id{};
  bool rtcp_rsize = false;
};

struct Answer {
  IceCredentials ice{};
  bool ice_lite = false;
  Fingerprint fingerprint{};
  DtlsSetup setup = DtlsSetup::kPassive;
  std::vector<Candidate> candidates{};
  bool end_of_candidates = false;
  std::vector<AnsweredMedia> media{};
};

// Refuses what a browser would refuse in an answer: no ICE or fingerprint although an m-line is accepted,
// a=setup:actpass, an accepted m-line outside the BUNDLE group or without rtcp-mux.
Result<Answer, SdpRefusal> parse_answer(std::string_view text);

// The same of an offer, by servers that offer to who only watches. Refused: one that leaves the DTLS client's part to
// nobody but itself (a=setup:active, holdconn or none).
Result<Answer, SdpRefusal> parse_server_offer(std::string_view text);

}  // namespace eir::sdp
