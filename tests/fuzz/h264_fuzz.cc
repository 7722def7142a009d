#include <array>
#include <cstdlib>
#include <vector>

#include "lib/rtp/h264.h"
#include "lib/rtp/h264_profile.h"
#include "lib/rtp/h264_sps.h"

// Any bytes as a payload, as an SPS and as a profile-level-id. The whole NAL units of a sound payload, written as a
// STAP-A, must read back as the same units.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;  // NOLINT(google-build-using-namespace): a fuzz target is one function
  const ByteView payload(data, size);
  const auto sps = parse_h264_sps(payload);
  if (sps && (sps->width == 0 || sps->height == 0)) std::abort();
  if (parse_profile_level_id(as_text(payload)) && !is_same_h264_profile(as_text(payload), as_text(payload)))
    std::abort();

  const auto info = parse_h264(payload, false);
  if (!info) return 0;
  std::vector<ByteView> nals;
  if (!for_each_nal(payload, [&nals](NalType, ByteView nal) { nals.push_back(nal); })) std::abort();
  if (nals.empty()) return 0;
  std::array<uint8_t, 4096> out{};
  const size_t written = write_stap_a(out, nals);
  if (written == 0) return 0;
  const auto again = parse_h264(ByteView(out).first(written), false);
  if (!again || again->key_frame != info->key_frame || again->frame_start != info->frame_start) std::abort();
  if (again->has_parameter_sets != info->has_parameter_sets || again->width != info->width) std::abort();
  if (again->discardable != info->discardable) std::abort();
  return 0;
}
