#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace eir {

// application/trickle-ice-sdpfrag (RFC 8840 section 9), as far as a WHIP or WHEP session uses it: one BUNDLE group, so
// one pair of ICE credentials for all m-lines.
struct SdpFragment {
  // Both empty, or both given.
  std::string ufrag;
  std::string password;
  // An ICE-lite server needs none of them: they are checked and counted.
  size_t candidates = 0;
};

// What one fragment may hold; the HTTP limit of a body bounds the rest.
inline constexpr size_t kFragmentLinesMax = 256;
inline constexpr size_t kFragmentCandidatesMax = 64;

// Nothing if it is malformed, too long, or two m-lines disagree about the credentials.
std::optional<SdpFragment> parse_sdp_fragment(std::string_view text);

// The user name fragment of an offer that a worker has taken; empty if there is none.
std::string ice_ufrag_of(std::string_view sdp);

// The server's part after an ICE restart. `candidates` are values of a=candidate lines; `media` is the m-line and the
// a=mid line of the m-line that carries the transport.
template <class Candidates>
std::string print_sdp_fragment(std::string_view ufrag, std::string_view password, std::string_view media,
                               const Candidates& candidates) {
  std::string text = "a=ice-lite\r\n";
  text.append(media);
  text.append("a=ice-ufrag:").append(ufrag).append("\r\n");
  text.append("a=ice-pwd:").append(password).append("\r\n");
  for (const auto& candidate : candidates) text.append("a=candidate:").append(candidate).append("\r\n");
  text.append("a=end-of-candidates\r\n");
  return text;
}

}  // namespace eir
