#include "lib/sdp/sdp_error.h"

namespace eir::sdp {

std::string_view sdp_error_code(SdpError error) {
  switch (error) {
    case SdpError::kTooLarge:
      return "sdp_too_large";
    case SdpError::kTooManyLines:
      return "sdp_too_many_lines";
    case SdpError::kSyntax:
      return "sdp_syntax";
    case SdpError::kTooManyMedia:
      return "too_many_media";
    case SdpError::kTooManyCodecs:
      return "too_many_codecs";
    case SdpError::kTooManyExtensions:
      return "too_many_extensions";
    case SdpError::kTooManyRids:
      return "too_many_rids";
    case SdpError::kTooManySsrcs:
      return "too_many_ssrcs";
    case SdpError::kTooManyCandidates:
      return "too_many_candidates";
    case SdpError::kTooManyFingerprints:
      return "too_many_fingerprints";
    case SdpError::kNoMedia:
      return "no_media";
    case SdpError::kMidMissing:
      return "mid_missing";
    case SdpError::kMidDuplicate:
      return "mid_duplicate";
    case SdpError::kMidTooLong:
      return "mid_too_long";
    case SdpError::kBundleRequired:
      return "bundle_required";
    case SdpError::kRtcpMuxRequired:
      return "rtcp_mux_required";
    case SdpError::kTransportUnsupported:
      return "transport_unsupported";
    case SdpError::kIceMissing:
      return "ice_missing";
    case SdpError::kIceInvalid:
      return "ice_invalid";
    case SdpError::kFingerprintMissing:
      return "fingerprint_missing";
    case SdpError::kFingerprintWeak:
      return "fingerprint_weak";
    case SdpError::kSetupUnsupported:
      return "setup_unsupported";
    case SdpError::kExtensionIdConflict:
      return "extension_id_conflict";
    case SdpError::kCodecNone:
      return "codec_none";
    case SdpError::kMediaRemoved:
      return "media_removed";
    case SdpError::kMediaReordered:
      return "media_reordered";
    case SdpError::kDirectionNotAllowed:
      return "direction_not_allowed";
    case SdpError::kMediaRejected:
      return "media_rejected";
  }
  return "";
}

void throw_exception_from_error(const SdpRefusal&, const boost::source_location& where) {
  check_failed(where.file_name(), static_cast<int>(where.line()), "Result holds a value");
}

}  // namespace eir::sdp
