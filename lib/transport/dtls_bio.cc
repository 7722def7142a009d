#include "lib/transport/dtls_bio.h"

#include <openssl/bio.h>

#include <algorithm>

#include "lib/transport/dtls_session.h"

namespace eir {

// The callbacks see DtlsSession's inside, so they are a friend of it.
struct DtlsBio {
  static DtlsSession& session(BIO* bio) { return *static_cast<DtlsSession*>(BIO_get_data(bio)); }

  // One datagram per read, each once; then "try again", never the end of the stream.
  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    ByteView& incoming = session(bio).incoming_;
    if (incoming.empty() || size <= 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t count = std::min(incoming.size(), static_cast<size_t>(size));
    std::copy_n(incoming.begin(), count, reinterpret_cast<uint8_t*>(out));
    incoming = {};
    return static_cast<int>(count);
  }

  // One datagram per write. A flight over its limit is an error that ends the handshake.
  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    if (size <= 0) return -1;
    const ByteView datagram(reinterpret_cast<const uint8_t*>(bytes), static_cast<size_t>(size));
    return session(bio).flight_.add(datagram) ? size : -1;
  }

  // What OpenSSL's DTLS asks of a datagram BIO. Everything else is 0, "not supported".
  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }
};

bio_method_st* new_dtls_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "eir dtls session");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, DtlsBio::read);
  BIO_meth_set_write(method, DtlsBio::write);
  BIO_meth_set_ctrl(method, DtlsBio::control);
  BIO_meth_set_create(method, DtlsBio::create);
  return method;
}

void free_dtls_bio_method(bio_method_st* method) { BIO_meth_free(method); }

bio_st* new_dtls_bio(const bio_method_st* method, DtlsSession& session) {
  BIO* bio = BIO_new(method);
  if (bio != nullptr) BIO_set_data(bio, &session);
  return bio;
}

}  // namespace eir
