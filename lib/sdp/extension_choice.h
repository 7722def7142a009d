#pragma once

#include <optional>
#include <vector>

#include "lib/rtp/header_extensions.h"
#include "lib/sdp/sdp_error.h"
#include "lib/sdp/session_description.h"

namespace eir::sdp {

// RFC 8285 ids of one BUNDLE group share one space (RFC 9143 section 15): an id with two URIs is refused, because the
// m-line of a packet is found by an extension (mid) and so cannot decide what the ids mean.
std::optional<SdpRefusal> check_extension_ids(const SessionDescription& offer);

// One id for each extension that Eir knows: the first that the offer gives it, over all m-lines of the BUNDLE group.
ExtensionMap bundle_extensions(const SessionDescription& offer);

// What is useful on one m-line, each way. An m-line that gives an extension another id than the rest of the BUNDLE
// group goes without it, so that one map reads all packets.
struct ExtensionChoice {
  ExtensionMap receive;
  ExtensionMap send;
  std::vector<ExtensionLine> answered;
};
ExtensionChoice choose_extensions(const SessionDescription& offer, const MediaSection& media,
                                  const ExtensionMap& bundle, Direction server_direction);

}  // namespace eir::sdp
