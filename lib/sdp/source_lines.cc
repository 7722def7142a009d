#include "lib/sdp/source_lines.h"

#include <algorithm>

namespace eir::sdp {
namespace {

// The second SSRC of a pair repairs the first: RTX (RFC 4588) or flexible FEC (RFC 8627), which Eir never accepts.
bool is_repair_group(const SsrcGroup& group) {
  return (group.semantics == "FID" || group.semantics == "FEC-FR") && group.ssrcs.size() == 2;
}

bool is_repair(const MediaSection& media, Ssrc ssrc) {
  return std::any_of(media.ssrc_groups.begin(), media.ssrc_groups.end(),
                     [ssrc](const SsrcGroup& group) { return is_repair_group(group) && group.ssrcs[1] == ssrc; });
}

std::optional<Ssrc> find_rtx(const MediaSection& media, Ssrc ssrc) {
  for (const SsrcGroup& group : media.ssrc_groups) {
    if (group.semantics == "FID" && group.ssrcs.size() == 2 && group.ssrcs[0] == ssrc) return group.ssrcs[1];
  }
  return std::nullopt;
}

void add_once(std::vector<Ssrc>& list, Ssrc ssrc) {
  if (std::find(list.begin(), list.end(), ssrc) == list.end()) list.push_back(ssrc);
}

}  // namespace

SourceLines read_sources(const MediaSection& media) {
  SourceLines lines;
  lines.stream_id = media.stream_id;
  lines.track_id = media.track_id;
  for (const SsrcLine& source : media.ssrcs) {
    add_once(lines.all, source.ssrc);
    if (lines.cname.empty()) lines.cname = source.cname;
    if (lines.stream_id.empty()) {
      lines.stream_id = source.stream_id;
      lines.track_id = source.track_id;
    }
    if (!is_repair(media, source.ssrc)) lines.sources.push_back({source.ssrc, find_rtx(media, source.ssrc)});
  }
  // Bounded by one m-line's lines: kSsrcsMax groups, and their numbers stand in kBytesMax of text.
  for (const SsrcGroup& group : media.ssrc_groups) {
    if (group.semantics == "SIM" && lines.simulcast.empty()) lines.simulcast = group.ssrcs;
    if (!is_repair_group(group)) continue;
    for (const Ssrc ssrc : group.ssrcs) add_once(lines.all, ssrc);
  }
  return lines;
}

void write_source(MediaSection& media, const SourcePair& pair, const std::string& cname) {
  media.ssrcs.push_back({pair.ssrc, cname, media.stream_id, media.track_id});
  if (!pair.rtx_ssrc) return;
  media.ssrcs.push_back({*pair.rtx_ssrc, cname, media.stream_id, media.track_id});
  media.ssrc_groups.push_back({"FID", {pair.ssrc, *pair.rtx_ssrc}});
}

}  // namespace eir::sdp
