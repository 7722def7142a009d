#pragma once

#include <vector>

#include "lib/rtp/codec.h"
#include "lib/sdp/media_description.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// The codecs of an m-line that Eir can forward, each with its RTX, in the order of the m-line. H.264 counts in
// constrained baseline, VP9 and AV1 in profile 0: the ones that all receivers decode. RED, FEC, comfort noise and tones
// are not codecs here.
std::vector<NegotiatedCodec> known_codecs(const MediaSection& media);

// The one codec for an m-line on which the client sends video; empty if it offers none of `preference`.
std::vector<NegotiatedCodec> choose_published_video(const std::vector<NegotiatedCodec>& offered,
                                                    const std::vector<Codec>& preference);

// What a video slot may carry: all that is allowed, H.264 in one packetization mode only.
std::vector<NegotiatedCodec> choose_received_video(const std::vector<NegotiatedCodec>& offered,
                                                   const std::vector<Codec>& allowed);

// Opus; without it the first of G.711, if allowed.
std::vector<NegotiatedCodec> choose_audio(const std::vector<NegotiatedCodec>& offered, bool allow_g711);

// The fmtp line of the answer: what the codec's RFC wants mirrored, without what only describes the offerer's own
// limits.
std::string answered_fmtp(const NegotiatedCodec& codec);

}  // namespace eir::sdp
