#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/base/bytes.h"

namespace eir {

// DTLS-SRTP protection profiles by their IANA numbers (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
enum class SrtpProfile : uint16_t {
  kAes128CmSha1_80 = 0x0001,  // NOLINT(readability-identifier-naming): the number is part of the RFC's name
  kAeadAes128Gcm = 0x0007,
  kAeadAes256Gcm = 0x0008,
};

// Strongest first. Chromium and Firefox both take the first one they know when Eir is the DTLS server.
inline constexpr std::array kAllSrtpProfiles = {SrtpProfile::kAeadAes256Gcm, SrtpProfile::kAeadAes128Gcm,
                                                SrtpProfile::kAes128CmSha1_80};

constexpr size_t srtp_key_size(SrtpProfile profile) { return profile == SrtpProfile::kAeadAes256Gcm ? 32 : 16; }
constexpr size_t srtp_salt_size(SrtpProfile profile) { return profile == SrtpProfile::kAes128CmSha1_80 ? 14 : 12; }
// For the log and for tests: the names of RFC 5764 and RFC 7714 without their prefix.
const char* srtp_profile_name(SrtpProfile profile);

// One direction's master key and salt; the unused tails are 0. Every copy wipes itself when it dies.
struct SrtpMasterKey {
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 14> salt{};

  SrtpMasterKey() = default;
  SrtpMasterKey(const SrtpMasterKey&) = default;
  SrtpMasterKey& operator=(const SrtpMasterKey&) = default;
  ~SrtpMasterKey();
};

// What a DTLS handshake yields: `local` protects what this end sends, `remote` what the peer sends.
struct SrtpKeys {
  SrtpProfile profile = SrtpProfile::kAeadAes256Gcm;
  SrtpMasterKey local;
  SrtpMasterKey remote;
};

}  // namespace eir
