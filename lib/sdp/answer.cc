#include <algorithm>
#include <string_view>
#include <utility>

#include "lib/base/check.h"
#include "lib/sdp/codec_choice.h"
#include "lib/sdp/extension_choice.h"
#include "lib/sdp/negotiate.h"
#include "lib/sdp/printer.h"
#include "lib/sdp/source_lines.h"

namespace eir::sdp {
namespace {

// Names that the caller makes stand in lines of text: a blank in one of them would change the meaning of its line.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

const SlotIdentity* find_slot(std::span<const SlotIdentity> slots, size_t media_index) {
  const auto found = std::find_if(slots.begin(), slots.end(),
                                  [media_index](const SlotIdentity& slot) { return slot.media_index == media_index; });
  return found == slots.end() ? nullptr : &*found;
}

// RFC 3264 section 6: a refused m-line keeps its place, its kind and at least one format.
MediaSection rejected_section(const MediaSection& offered) {
  MediaSection section;
  section.kind_text = offered.kind_text;
  section.kind = offered.kind;
  section.port = 0;
  section.protocol = offered.protocol;
  section.mid = offered.mid;
  section.direction = Direction::kInactive;
  if (!offered.codecs.empty()) {
    section.codecs.push_back(offered.codecs.front());
    section.codecs.front().fmtp.clear();
    section.codecs.front().feedback = {};
  } else if (!offered.formats.empty()) {
    section.formats.push_back(offered.formats.front());
  }
  return section;
}

void add_codecs(MediaSection& section, const MediaSection& offered, const std::vector<NegotiatedCodec>& codecs) {
  for (const NegotiatedCodec& codec : codecs) {
    const CodecLine* line = offered.codec(codec.payload_type);
    CodecLine& answered = section.codecs.emplace_back(*line);  // keeps the spelling of the name: OPUS, opus
    answered.fmtp = answered_fmtp(codec);
    answered.feedback = codec.feedback;
    if (!codec.rtx_payload_type) continue;
    CodecLine& rtx = section.codecs.emplace_back();
    rtx.payload_type = *codec.rtx_payload_type;
    rtx.name = "rtx";
    rtx.clock_rate = line->clock_rate;
    rtx.fmtp = "apt=" + std::to_string(codec.payload_type);
  }
}

void add_simulcast(MediaSection& section, const MediaSection& offered, const std::vector<std::string>& rids) {
  section.simulcast_recv = rids;
  for (const std::string& id : rids) {
    const auto line = std::find_if(offered.rids.begin(), offered.rids.end(),
                                   [&id](const RidLine& rid) { return rid.id == id && rid.send; });
    section.rids.push_back({id, false, line == offered.rids.end() ? std::string() : line->restrictions});
  }
}

void add_slot(MediaSection& section, const MediaDescription& media, const std::string& cname) {
  const SlotIdentity& slot = *media.slot;
  section.stream_id = slot.stream_id;
  section.track_id = slot.track_id;
  const bool has_rtx = std::any_of(media.codecs.begin(), media.codecs.end(),
                                   [](const NegotiatedCodec& codec) { return codec.rtx_payload_type.has_value(); });
  write_source(section, {slot.ssrc, has_rtx ? std::optional(slot.rtx_ssrc) : std::nullopt}, cname);
}

MediaSection accepted_section(const Plan& planned, const MediaDescription& media, const ServerParameters& server) {
  const MediaSection& offered = planned.offer.media[media.index];
  MediaSection section;
  section.kind = offered.kind;
  section.kind_text = offered.kind_text;
  section.protocol = offered.protocol;
  section.mid = offered.mid;
  section.direction = direction_of(media.sends_to_client, media.receives_from_client);
  // On every m-line although the first would do: some stacks look for them on each.
  section.transport.ice = server.ice;
  section.transport.fingerprints = {server.fingerprint};
  section.transport.setup = DtlsSetup::kPassive;
  section.rtcp_mux = true;
  section.rtcp_rsize = offered.rtcp_rsize;
  section.receiver_rtt = offered.receiver_rtt;
  section.extmap_allow_mixed = offered.extmap_allow_mixed;
  section.extensions = choose_extensions(planned.offer, offered, planned.bundle_extensions, section.direction).answered;
  add_codecs(section, offered, media.codecs);
  add_simulcast(section, offered, media.rids);
  if (media.slot) add_slot(section, media, server.cname);
  return section;
}

}  // namespace

Negotiated answer(const Plan& planned, const ServerParameters& server, std::span<const SlotIdentity> slots) {
  EIR_CHECK(is_word(server.cname) && is_word(server.session_id));
  SessionDescription session;
  session.session_id = server.session_id;
  session.session_version = server.session_version;
  session.ice_lite = true;
  session.extmap_allow_mixed = planned.offer.extmap_allow_mixed;

  Negotiated done;
  done.media = planned.media;
  done.remote = planned.remote;
  done.bundle_extensions = planned.bundle_extensions;
  done.rtcp_rsize = planned.rtcp_rsize;
  for (MediaDescription& media : done.media) {
    if (!media.accepted()) {
      session.media.push_back(rejected_section(planned.offer.media[media.index]));
      continue;
    }
    if (media.sends_to_client) {
      const SlotIdentity* slot = find_slot(slots, media.index);
      EIR_CHECK(slot != nullptr && is_word(slot->stream_id) && is_word(slot->track_id));
      media.slot = *slot;
    }
    MediaSection section = accepted_section(planned, media, server);
    if (session.bundle.empty()) {
      // The tagged m-line of the answer carries the candidates of the whole group (RFC 9143 section 7.3).
      section.candidates = server.candidates;
      section.end_of_candidates = true;
    }
    session.bundle.push_back(media.mid);
    session.media.push_back(std::move(section));
  }
  done.answer = print(session);
  return done;
}

}  // namespace eir::sdp
