#include "lib/sdp/media_description.h"

namespace eir::sdp {

std::optional<PayloadTypeMeaning> find_payload_type(const std::vector<NegotiatedCodec>& codecs, uint8_t payload_type) {
  for (const NegotiatedCodec& codec : codecs) {
    if (codec.payload_type == payload_type) return PayloadTypeMeaning{&codec, false};
    if (codec.rtx_payload_type == payload_type) return PayloadTypeMeaning{&codec, true};
  }
  return std::nullopt;
}

std::string_view media_rejection_code(MediaRejection rejection) {
  switch (rejection) {
    case MediaRejection::kDisabledByOffer:
      return "disabled_by_offer";
    case MediaRejection::kKindUnsupported:
      return "kind_unsupported";
    case MediaRejection::kNotAllowed:
      return "not_allowed";
    case MediaRejection::kTooMany:
      return "too_many";
    case MediaRejection::kCodecNone:
      return "codec_none";
  }
  return "";
}

}  // namespace eir::sdp
