#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/bytes.h"

struct ssl_st;

namespace eir {

// What is left of a DTLS 1.2 association once its SRTP keys are exported: alerts, above all close_notify (RFC 5246
// section 7.2). An SSL object that waits for them holds 37 kB, this 120 bytes. Owned by a DtlsSession.
// Promise: at most one record is ever protected, under a nonce that OpenSSL has not used; a record that is not
// authentic says nothing. Limits: the AEAD suites that DtlsContext allows.
class DtlsAlerts {
 public:
  enum class Alert : uint8_t { kCloseNotify, kFatal };
  static constexpr size_t kRecordBytesMax = 13 + 8 + 2 + 16;

  // Takes the write keys of an SSL object whose handshake is done (RFC 5246 section 6.3); nullptr if its suite is
  // another than the six.
  static std::unique_ptr<DtlsAlerts> take_over(ssl_st& ssl, bool is_server);
  ~DtlsAlerts();
  DtlsAlerts(const DtlsAlerts&) = delete;
  DtlsAlerts& operator=(const DtlsAlerts&) = delete;

  // The first authentic alert of a datagram that ends the association; nothing for all else.
  std::optional<Alert> find(ByteView datagram) const;
  // Writes the record of close_notify and returns its size; 0 the second time, or if `out` is too small.
  size_t write_close_notify(MutableBytes out);

 private:
  static constexpr size_t kKeyMax = 32;
  static constexpr size_t kIvMax = 12;
  enum class Aead : uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };
  struct Direction {
    std::array<uint8_t, kKeyMax> key{};
    std::array<uint8_t, kIvMax> iv{};
  };
  explicit DtlsAlerts(Aead aead) : aead_(aead) {}

  size_t key_size() const { return aead_ == Aead::kAes128Gcm ? 16 : 32; }
  // Of the IV that comes from the key block, and of the nonce that travels with each record (RFC 5288 section 3,
  // RFC 7905 section 2).
  size_t iv_size() const { return aead_ == Aead::kChaCha20Poly1305 ? 12 : 4; }
  size_t explicit_nonce_size() const { return aead_ == Aead::kChaCha20Poly1305 ? 0 : 8; }
  bool derive(ssl_st& ssl, bool is_server);
  std::array<uint8_t, kIvMax> nonce(const Direction& direction, ByteView epoch_and_sequence,
                                    ByteView explicit_nonce) const;
  bool open(ByteView header, ByteView fragment, std::array<uint8_t, 2>& alert) const;
  bool seal(ByteView header, MutableBytes fragment, const std::array<uint8_t, 2>& alert) const;

  Aead aead_;
  bool has_closed_ = false;
  Direction send_;
  Direction receive_;
};

}  // namespace eir
