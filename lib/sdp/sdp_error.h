#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/result.h"

namespace eir::sdp {

// Why a session description was refused. The codes of sdp_error_code() are part of the public API: a client branches on
// them, so a name once given does not change.
enum class SdpError : uint8_t {
  kTooLarge,       // more than kBytesMax of text
  kTooManyLines,   // more than kLinesMax
  kSyntax,         // the line is not what RFC 8866 or the attribute's RFC says
  kTooManyMedia,   // more than kMediaMax m-lines
  kTooManyCodecs,  // of one m-line, and so on
  kTooManyExtensions,
  kTooManyRids,
  kTooManySsrcs,
  kTooManyCandidates,
  kTooManyFingerprints,
  kNoMedia,  // not one m-line
  kMidMissing,
  kMidDuplicate,
  kMidTooLong,      // longer than a packet can carry (ShortText::kMax)
  kBundleRequired,  // an m-line in use stands outside the first BUNDLE group
  kRtcpMuxRequired,
  kTransportUnsupported,  // RTP/AVP, RTP/SAVP, SDES keys (a=crypto): not DTLS-SRTP with feedback
  kIceMissing,
  kIceInvalid,  // ufrag or password of a length RFC 8839 section 5.4 forbids
  kFingerprintMissing,
  kFingerprintWeak,      // SHA-1 or MD5 only
  kSetupUnsupported,     // a=setup:passive or holdconn in an offer; neither active nor passive in an answer
  kExtensionIdConflict,  // one id means two extensions within the BUNDLE group
  kCodecNone,            // no m-line offers a codec that is allowed
  kMediaRemoved,         // a renegotiation has fewer m-lines than before
  kMediaReordered,       // a renegotiation moved a mid to another m-line
  kDirectionNotAllowed,  // a session that only sends or only receives has an m-line that does not
  kMediaRejected,        // in such a session an m-line cannot be served, other than for its codecs
};

// "bundle_required" and so on.
std::string_view sdp_error_code(SdpError error);

// `line` counts from 1; 0 where no line is at fault (something is missing from the session).
struct SdpRefusal {
  SdpError error = SdpError::kSyntax;
  uint32_t line = 0;
  bool operator==(const SdpRefusal&) const = default;
};

// Found by argument-dependent lookup: value() on a refusal is a programmer's error (lib/base/result.h).
[[noreturn]] void throw_exception_from_error(const SdpRefusal& refusal, const boost::source_location& where);

}  // namespace eir::sdp
