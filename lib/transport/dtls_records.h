#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/bytes.h"

namespace eir {

enum class DtlsDatagramKind : uint8_t {
  kHandshake,  // holds a handshake or ChangeCipherSpec record: a peer that is (or still believes itself) in a handshake
  kOther,      // alerts, application data
  kMalformed,
  kOversized,  // a handshake message longer than allowed
};

struct DtlsDatagram {
  DtlsDatagramKind kind = DtlsDatagramKind::kOther;
  size_t epoch0_size = 0;        // bytes before the first record of a later epoch
  size_t encrypted_records = 0;  // of a later epoch
};

// Looks at a datagram's record headers, and at the handshake headers of unencrypted records, before OpenSSL does: what
// this refuses allocates nothing. (Unbounded and empty fragments were CVE-2022-29189 and CVE-2022-29190 elsewhere.)
DtlsDatagram inspect_dtls_datagram(ByteView datagram, size_t handshake_message_max);

}  // namespace eir
