#include "lib/sdp/session_description.h"

#include <algorithm>

namespace eir::sdp {

std::string_view direction_name(Direction direction) {
  switch (direction) {
    case Direction::kInactive:
      return "inactive";
    case Direction::kSendOnly:
      return "sendonly";
    case Direction::kRecvOnly:
      return "recvonly";
    case Direction::kSendRecv:
      return "sendrecv";
  }
  return "";
}

std::string_view setup_name(DtlsSetup setup) {
  switch (setup) {
    case DtlsSetup::kActpass:
      return "actpass";
    case DtlsSetup::kActive:
      return "active";
    case DtlsSetup::kPassive:
      return "passive";
    case DtlsSetup::kHoldconn:
      return "holdconn";
  }
  return "";
}

bool Fingerprint::operator==(const Fingerprint& other) const {
  return algorithm == other.algorithm && std::ranges::equal(view(), other.view());
}

const CodecLine* MediaSection::codec(uint8_t payload_type) const {
  const auto found = std::find_if(codecs.begin(), codecs.end(), [payload_type](const CodecLine& codec_line) {
    return codec_line.payload_type == payload_type;
  });
  return found == codecs.end() ? nullptr : &*found;
}

}  // namespace eir::sdp
