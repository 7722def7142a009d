#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/bytes.h"

namespace eir {

// The datagrams of a DTLS session's last flight (RFC 6347 section 4.2.4), kept to be sent again.
// Owned by DtlsSession. Limits: kBytesMax in kDatagramsMax datagrams; more is refused (Eir's longest flight has 2).
//
// It numbers the records of epoch 0 itself. OpenSSL numbers a record once, but a repeated record needs a number of its
// own: receivers drop a number they have seen (RFC 6347 section 4.1.2.6), and one that saw our ChangeCipherSpec too
// early has thrown it away and would drop every identical repeat, so the handshake would never end. Records of epoch 0
// are not encrypted and their headers are not in the Finished hash, so the number may be set here. A Finished (epoch 1)
// is repeated as it is: same nonce, same bytes, so nothing is revealed; a receiver that drops it has processed it.
class DtlsFlight {
 public:
  static constexpr size_t kBytesMax = 16384;
  static constexpr size_t kDatagramsMax = 16;

  // The first datagram of a new flight comes next: the one before is over once something is added.
  void begin() { is_over_ = true; }
  // False if the limits do not allow it.
  bool add(ByteView datagram);
  // Send everything again, from the first datagram.
  void repeat();
  void clear();

  // The next datagram to send, or an empty view.
  ByteView next();
  bool empty() const { return ends_.empty(); }
  // Did anything come since begin()?
  bool has_new() const { return !is_over_; }

 private:
  void number_records(MutableBytes datagram);

  std::vector<uint8_t> bytes_;
  std::vector<uint16_t> ends_;  // offset behind each datagram
  size_t sent_ = 0;             // datagrams
  bool is_over_ = true;
  uint64_t epoch0_sequence_ = 0;
};

}  // namespace eir
