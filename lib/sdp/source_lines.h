#pragma once

#include <string>
#include <vector>

#include "lib/sdp/media_description.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// What the a=ssrc, a=ssrc-group and a=msid lines of one m-line say about the writer's streams.
struct SourceLines {
  std::vector<SourcePair> sources;  // media SSRCs with their RTX, in the order of the text
  std::vector<Ssrc> simulcast;      // of a=ssrc-group:SIM
  std::vector<Ssrc> all;            // every number, groups included
  std::string cname;
  std::string stream_id;
  std::string track_id;
};
SourceLines read_sources(const MediaSection& media);

// The lines for one stream that is sent with these numbers; the RTX only if `pair` has it.
void write_source(MediaSection& media, const SourcePair& pair, const std::string& cname);

}  // namespace eir::sdp
