#pragma once

struct bio_method_st;
struct bio_st;

namespace eir {

class DtlsSession;

// OpenSSL's way to a DtlsSession: one BIO that reads the datagram handed in and writes to the session's flight, keeping
// datagram boundaries. A memory BIO would join datagrams, and resetting one inside its write callback crashes
// OpenSSL 3.0.17 to 3.0.22.
bio_method_st* new_dtls_bio_method();
void free_dtls_bio_method(bio_method_st* method);
// nullptr if memory is short. The session outlives the BIO.
bio_st* new_dtls_bio(const bio_method_st* method, DtlsSession& session);

}  // namespace eir
