// Text → parse → plan → answer → our own answer must read back. The first byte chooses the policy.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lib/base/check.h"
#include "lib/sdp/client_session.h"
#include "lib/sdp/negotiate.h"
#include "lib/sdp/parser.h"
#include "lib/sdp/printer.h"

namespace {

using namespace eir;  // a fuzz target is a program of one file

sdp::Policy policy_from(uint8_t bits) {
  sdp::Policy policy;
  policy.publish_audio = (bits & 1) == 0;
  policy.publish_video = (bits & 2) == 0;
  policy.receive_audio = (bits & 4) == 0;
  policy.receive_video = (bits & 8) == 0;
  policy.allow_g711 = (bits & 16) == 0;
  if ((bits & 32) != 0) policy.publish_video_codecs = {Codec::kAv1, Codec::kVp9, Codec::kH264};
  if ((bits & 64) != 0) policy.publish_media_max = policy.receive_media_max = 1;
  if ((bits & 128) != 0) policy.simulcast_layers_max = 4;
  return policy;
}

sdp::ServerParameters server_parameters() {
  sdp::ServerParameters server;
  server.ice = {"ufrag", "0123456789012345678901"};
  server.fingerprint.algorithm = "sha-256";
  server.fingerprint.size = 32;
  server.candidates.push_back({.foundation = "1", .priority = 1, .address = "192.0.2.1", .port = 1});
  server.cname = "c";
  return server;
}

void check_answer(const sdp::Plan& planned, const sdp::Negotiated& done) {
  // An answer has lines of its own on each m-line: to an offer near the limits it may pass what the parser takes.
  if (planned.offer.media.size() > 16 || done.answer.size() > sdp::kBytesMax) return;
  const auto read = sdp::parse_answer(done.answer);
  EIR_CHECK(read.has_value());
  EIR_CHECK(read->media.size() == planned.offer.media.size());
  for (size_t i = 0; i < done.media.size(); ++i) {
    const sdp::MediaDescription& ours = done.media[i];
    const sdp::AnsweredMedia& theirs = read->media[i];
    EIR_CHECK(ours.accepted() == theirs.accepted && ours.mid == theirs.mid);
    if (!ours.accepted()) continue;
    EIR_CHECK(ours.codecs.size() == theirs.codecs.size() && ours.rids == theirs.rids);
    EIR_CHECK(ours.sends_to_client == theirs.client_receives && ours.receives_from_client == theirs.client_sends);
    EIR_CHECK(ours.kind != sdp::SectionKind::kVideo || !ours.receives_from_client || ours.codecs.size() == 1);
    for (const sdp::NegotiatedCodec& codec : ours.codecs) {
      const auto read_back = sdp::find_payload_type(theirs.codecs, codec.payload_type);
      EIR_CHECK(read_back.has_value() && read_back->codec->rtx_payload_type == codec.rtx_payload_type);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto offer = sdp::parse(text);
  if (const auto as_answer = sdp::parse_answer(text)) EIR_CHECK(offer.has_value());
  if (!offer) {
    EIR_CHECK(!sdp::sdp_error_code(offer.error().error).empty());
    return 0;
  }
  // What is printed is a fixed point: a second reading finds nothing else.
  const std::string printed = sdp::print(*offer);
  if (const auto again = sdp::parse(printed)) EIR_CHECK(sdp::print(*again) == printed);
  const auto planned = sdp::plan(*offer, policy_from(data[0]));
  if (!planned) return 0;
  std::vector<sdp::SlotIdentity> slots;
  for (const sdp::MediaDescription& media : planned->media) {
    if (media.sends_to_client) slots.push_back({media.index, Ssrc(1), Ssrc(2), "s", "t"});
  }
  check_answer(*planned, sdp::answer(*planned, server_parameters(), slots));
  EIR_CHECK(!sdp::check_renegotiation(planned->media, *planned).has_value());
  return 0;
}
