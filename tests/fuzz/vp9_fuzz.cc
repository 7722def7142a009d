#include <cstdlib>
#include <vector>

#include "lib/rtp/vp9.h"

// The descriptor of any bytes: patching must change ids alone, so that a second parse reads what was patched and
// otherwise says the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;  // NOLINT(google-build-using-namespace): a fuzz target is one function
  const ByteView payload(data, size);
  const auto info = parse_payload_info(Codec::kVp9, payload, true);
  if (!info) return 0;
  if (info->picture_id_bits == 0 && info->picture_id) std::abort();
  if (info->picture_id_bits == 7 && *info->picture_id > 0x7f) std::abort();
  std::vector<uint8_t> copy(payload.begin(), payload.end());
  patch_vp9(copy, *info, 0x5a5a, 0xa5);
  const auto again = parse_payload_info(Codec::kVp9, copy, true);
  if (!again || again->picture_id_bits != info->picture_id_bits) std::abort();
  if (again->key_frame != info->key_frame || again->temporal_layer != info->temporal_layer) std::abort();
  if (again->width != info->width || again->spatial_layers != info->spatial_layers) std::abort();
  const uint16_t mask = info->picture_id_bits == 7 ? 0x7f : 0x7fff;
  if (info->picture_id && again->picture_id != (0x5a5a & mask)) std::abort();
  if (info->tl0_pic_idx && again->tl0_pic_idx != 0xa5) std::abort();
  return 0;
}
