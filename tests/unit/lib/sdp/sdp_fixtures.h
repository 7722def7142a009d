#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sdp/negotiate.h"
#include "lib/sdp/parser.h"

namespace eir::sdp {

// A real client's offer from tests/fixtures/sdp; empty if there is no such file.
inline std::string read_offer(const std::string& name) {
  std::ifstream file(std::string(EIR_SOURCE_DIR) + "/tests/fixtures/sdp/" + name + ".sdp", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The smallest offer that is accepted: one VP8 m-line on which the client sends. Lines are numbered in the tests.
inline constexpr std::string_view kSmallOffer =
    "v=0\r\n"                               // 1
    "o=- 1 1 IN IP4 127.0.0.1\r\n"          // 2
    "s=-\r\n"                               // 3
    "t=0 0\r\n"                             // 4
    "a=group:BUNDLE 0\r\n"                  // 5
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"    // 6
    "c=IN IP4 0.0.0.0\r\n"                  // 7
    "a=mid:0\r\n"                           // 8
    "a=sendonly\r\n"                        // 9
    "a=rtcp-mux\r\n"                        // 10
    "a=ice-ufrag:abcd\r\n"                  // 11
    "a=ice-pwd:0123456789012345678901\r\n"  // 12
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
    "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n"  // 13
    "a=setup:actpass\r\n"                                  // 14
    "a=rtpmap:96 VP8/90000\r\n";                           // 15

// `text` with the first `from` replaced; the text itself if `from` is not there, so that the test on it fails.
inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  const size_t at = result.find(from);
  if (at != std::string::npos) result.replace(at, from.size(), to);
  return result;
}

inline ServerParameters test_server() {
  ServerParameters server;
  server.session_id = "77";
  server.session_version = 5;
  server.ice = {"srvufrag", "server-password-of-24-chr"};
  server.fingerprint.algorithm = "sha-256";
  server.fingerprint.size = 32;
  for (uint8_t i = 0; i < 32; ++i) server.fingerprint.bytes[i] = i;
  server.candidates.push_back({.foundation = "1", .priority = 2130706431, .address = "192.0.2.7", .port = 3478});
  server.candidates.push_back({.foundation = "2",
                               .tcp = true,
                               .priority = 1671430143,
                               .address = "2001:db8::7",
                               .port = 443,
                               .tcp_type = "passive"});
  server.cname = "server-cname";
  return server;
}

// An identity for every slot of the plan: SSRC 1000 + index, RTX 2000 + index.
inline std::vector<SlotIdentity> test_slots(const Plan& planned) {
  std::vector<SlotIdentity> slots;
  for (const MediaDescription& media : planned.media) {
    if (!media.sends_to_client) continue;
    const auto index = static_cast<uint32_t>(media.index);
    slots.push_back({media.index, Ssrc(1000 + index), Ssrc(2000 + index), "stream-a", "track-" + media.mid});
  }
  return slots;
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

inline size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace eir::sdp
