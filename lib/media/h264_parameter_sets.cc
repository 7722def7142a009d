#include "lib/media/h264_parameter_sets.h"

#include <algorithm>

#include "lib/rtp/h264.h"

namespace eir {

void H264ParameterSets::handle_payload(ByteView payload) {
  for_each_nal(payload, [this](NalType type, ByteView nal) {
    if (type == NalType::kSps) keep(nal, sps_);
    if (type == NalType::kPps) keep(nal, pps_);
  });
}

size_t H264ParameterSets::write_stap_a(MutableBytes out) const {
  if (!has_both()) return 0;
  const std::array<ByteView, 2> nals = {sps_.view(), pps_.view()};
  return eir::write_stap_a(out, nals);
}

// The old one goes even if the new one is too long: it describes a stream that is over.
void H264ParameterSets::keep(ByteView nal, Unit& unit) {
  if (nal.size() > kParameterSetBytesMax) {
    ++too_long_;
    unit.size = 0;
    return;
  }
  std::copy(nal.begin(), nal.end(), unit.bytes.begin());
  unit.size = nal.size();
}

}  // namespace eir
