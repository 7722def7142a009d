#pragma once

#include "lib/transport/dtls_session.h"
#include "lib/transport/srtp_keys.h"

namespace eir::fuzz {

// What every handshake of instant_dtls.cc ends with.
inline SrtpKeys instant_keys(DtlsRole role) {
  SrtpKeys keys;
  keys.local.key.fill(role == DtlsRole::kClient ? 1 : 2);
  keys.remote.key.fill(role == DtlsRole::kClient ? 2 : 1);
  return keys;
}

}  // namespace eir::fuzz
