#pragma once

#include <string>

#include "lib/base/random.h"

namespace eir {

// One side's short-term credentials for one ICE generation (RFC 8445 section 5.3). Secret: never logged, not even as
// Pii.
struct IceCredentials {
  std::string ufrag;
  std::string pwd;
};

// 48 bits of ufrag and 144 bits of password; RFC 8445 section 5.3 asks for at least 24 and 128.
IceCredentials make_ice_credentials(Random& random);

}  // namespace eir
