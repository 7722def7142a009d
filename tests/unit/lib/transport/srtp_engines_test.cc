#include "tests/unit/lib/transport/srtp_engines.h"

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <array>
#include <cstring>

#include "lib/base/random.h"
#include "lib/transport/srtp_crypto_evp.h"
#include "lib/transport/srtp_crypto_ipsec_mb.h"
#include "lib/transport/srtp_session.h"

namespace eir {

void use_engine(SrtpEngine engine) {
  srtp_shutdown();
  const auto installed = install_srtp_engine(engine);
  ASSERT_TRUE(installed.has_value());
  ASSERT_TRUE(engine == SrtpEngine::kAutomatic || installed->engine == engine);
}

void use_stock_libsrtp() {
  srtp_shutdown();
  ASSERT_EQ(srtp_init(), srtp_err_status_ok);
}

std::vector<SrtpEngine> test_engines() {
  std::vector<SrtpEngine> engines = {SrtpEngine::kEvp};
  if (ipsec_mb_engine().has_value()) engines.push_back(SrtpEngine::kIpsecMb);
  return engines;
}

namespace {

using Bytes = std::vector<uint8_t>;
constexpr Ssrc kSsrc(0x12345678);
constexpr size_t kRtpPackets = 2100;  // from 64500 on: past the end of the 16-bit sequence number
constexpr size_t kRtcpPackets = 64;

SrtpKeys some_keys(SrtpProfile profile) {
  SeededRandom random(7);
  SrtpKeys keys;
  keys.profile = profile;
  random.fill(MutableBytes(keys.local.key).first(srtp_key_size(profile)));
  random.fill(MutableBytes(keys.local.salt).first(srtp_salt_size(profile)));
  keys.remote = keys.local;  // what this end sends, this end can read back
  return keys;
}

// Sizes from an empty payload to a full one; every fourth packet has a header extension, every fifth a CSRC.
Bytes plain_rtp(size_t number, Random& random) {
  Bytes packet(12);
  const bool has_extension = number % 4 == 0;
  const bool has_csrc = number % 5 == 0;
  packet[0] = static_cast<uint8_t>(0x80 | (has_extension ? 0x10 : 0) | (has_csrc ? 1 : 0));
  packet[1] = 96;
  store_u16(&packet[2], static_cast<uint16_t>(64500 + number));
  store_u32(&packet[4], static_cast<uint32_t>(number * 3000));
  store_u32(&packet[8], kSsrc.value);
  if (has_csrc) packet.insert(packet.end(), {1, 2, 3, 4});
  if (has_extension) packet.insert(packet.end(), {0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0});
  const size_t header = packet.size();
  packet.resize(header + random.below(1201));
  random.fill(MutableBytes(packet).subspan(header));
  return packet;
}

Bytes plain_rtcp(size_t number, Random& random) {
  Bytes packet(28 + 4 * (number % 40));
  random.fill(packet);
  packet[0] = 0x80;
  packet[1] = 200;
  store_u16(&packet[2], static_cast<uint16_t>(packet.size() / 4 - 1));
  store_u32(&packet[4], kSsrc.value);
  return packet;
}

struct Traffic {
  std::vector<Bytes> rtp;
  std::vector<Bytes> rtcp;
  bool operator==(const Traffic&) const = default;
};

Traffic plain_traffic() {
  SeededRandom random(42);
  Traffic traffic;
  for (size_t i = 0; i < kRtpPackets; ++i) traffic.rtp.push_back(plain_rtp(i, random));
  for (size_t i = 0; i < kRtcpPackets; ++i) traffic.rtcp.push_back(plain_rtcp(i, random));
  return traffic;
}

Traffic protect(Traffic traffic, SrtpProfile profile) {
  const std::array ssrcs = {kSsrc};
  SrtpSession session = SrtpSession::outbound(some_keys(profile), ssrcs);
  for (Bytes& packet : traffic.rtp) {
    size_t size = packet.size();
    packet.resize(size + SrtpSession::kRtpOverheadMax);
    EXPECT_TRUE(session.protect_rtp(packet, size));
    packet.resize(size);
  }
  for (Bytes& packet : traffic.rtcp) {
    size_t size = packet.size();
    packet.resize(size + SrtpSession::kRtcpOverheadMax);
    EXPECT_TRUE(session.protect_rtcp(packet, size));
    packet.resize(size);
  }
  return traffic;
}

TEST(SrtpEngines, EveryEngineIsByteIdenticalWithStockLibsrtp) {
  const Traffic plain = plain_traffic();
  for (const SrtpProfile profile : kAllSrtpProfiles) {
    SCOPED_TRACE(srtp_profile_name(profile));
    use_stock_libsrtp();
    const Traffic reference = protect(plain, profile);
    EXPECT_FALSE(reference == plain);
    for (const SrtpEngine engine : test_engines()) {
      use_engine(engine);
      EXPECT_TRUE(protect(plain, profile) == reference) << static_cast<int>(engine);
    }
  }
}

// One flipped bit anywhere: header, payload or tag. The packet itself must still be accepted afterwards.
TEST(SrtpEngines, EveryTamperedPacketIsRefusedAndHarmless) {
  const Traffic plain = plain_traffic();
  for (const SrtpEngine engine : test_engines()) {
    use_engine(engine);
    for (const SrtpProfile profile : kAllSrtpProfiles) {
      SCOPED_TRACE(srtp_profile_name(profile));
      Traffic sent = protect(plain, profile);
      SrtpSession receiver = SrtpSession::inbound(some_keys(profile));
      SeededRandom random(3);
      size_t refused = 0;
      for (size_t i = 0; i < kRtpPackets; ++i) {
        Bytes tampered = sent.rtp[i];
        tampered[random.below(tampered.size())] ^= static_cast<uint8_t>(1U << random.below(8));
        size_t size = tampered.size();
        refused += receiver.unprotect_rtp(tampered, size) == SrtpStatus::kOk ? 0 : 1;
        size = sent.rtp[i].size();
        ASSERT_EQ(receiver.unprotect_rtp(sent.rtp[i], size), SrtpStatus::kOk) << i;
        sent.rtp[i].resize(size);
        ASSERT_EQ(sent.rtp[i], plain.rtp[i]) << i;
      }
      EXPECT_EQ(refused, kRtpPackets);
      EXPECT_EQ(receiver.inbound_ssrcs(), 1U);
      for (size_t i = 0; i < kRtcpPackets; ++i) {
        Bytes tampered = sent.rtcp[i];
        tampered[random.below(tampered.size())] ^= static_cast<uint8_t>(1U << random.below(8));
        size_t size = tampered.size();
        EXPECT_NE(receiver.unprotect_rtcp(tampered, size), SrtpStatus::kOk);
        size = sent.rtcp[i].size();
        ASSERT_EQ(receiver.unprotect_rtcp(sent.rtcp[i], size), SrtpStatus::kOk) << i;
        sent.rtcp[i].resize(size);
        ASSERT_EQ(sent.rtcp[i], plain.rtcp[i]);
      }
    }
  }
}

TEST(SrtpEngines, AutomaticChoosesIpsecMbWhereItRuns) {
  srtp_shutdown();
  const auto installed = install_srtp_engine(SrtpEngine::kAutomatic);
  ASSERT_TRUE(installed.has_value());
  EXPECT_EQ(installed->engine, ipsec_mb_engine().has_value() ? SrtpEngine::kIpsecMb : SrtpEngine::kEvp);
  EXPECT_FALSE(installed->name.empty());
}

srtp_err_status_t broken_encrypt(void* state, uint8_t* buffer, unsigned* size) {
  const srtp_err_status_t status = evp_crypto_types().gcm128->encrypt(state, buffer, size);
  if (*size > 0) buffer[0] ^= 1;
  return status;
}

srtp_err_status_t broken_allocate(srtp_cipher_t** out, int key_len, int tag_len);

const srtp_cipher_type_t& broken_type() {
  static const srtp_cipher_type_t type = [] {
    srtp_cipher_type_t changed = *evp_crypto_types().gcm128;
    changed.alloc = broken_allocate;
    changed.encrypt = broken_encrypt;
    return changed;
  }();
  return type;
}

srtp_err_status_t broken_allocate(srtp_cipher_t** out, int key_len, int tag_len) {
  const srtp_err_status_t status = evp_crypto_types().gcm128->alloc(out, key_len, tag_len);
  if (status == srtp_err_status_ok) (*out)->type = &broken_type();
  return status;
}

// install_srtp_engine() relies on this: libsrtp itself must notice a cipher that computes something else.
TEST(SrtpEngines, LibsrtpRefusesACipherThatFailsTheVectors) {
  use_engine(SrtpEngine::kEvp);
  EXPECT_NE(srtp_replace_cipher_type(&broken_type(), SRTP_AES_GCM_128), srtp_err_status_ok);
}

}  // namespace
}  // namespace eir
