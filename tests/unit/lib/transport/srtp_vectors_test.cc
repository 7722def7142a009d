#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lib/transport/srtp_crypto_evp.h"
#include "lib/transport/srtp_crypto_ipsec_mb.h"
#include "lib/transport/srtp_session.h"
#include "tests/unit/lib/transport/srtp_engines.h"

namespace eir {
namespace {

std::vector<uint8_t> hex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<uint8_t> joined(std::vector<uint8_t> front, const std::vector<uint8_t>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

// One cipher of an engine under one key, driven as libsrtp drives it.
class Cipher {
 public:
  Cipher(const srtp_cipher_type_t& type, const std::vector<uint8_t>& key, int tag_size) : type_(type) {
    EXPECT_EQ(type.alloc(&cipher_, static_cast<int>(key.size()), tag_size), srtp_err_status_ok);
    EXPECT_EQ(type.init(cipher_->state, key.data()), srtp_err_status_ok);
  }
  ~Cipher() { type_.dealloc(cipher_); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  void begin(std::vector<uint8_t> iv, srtp_cipher_direction_t direction) {
    EXPECT_EQ(type_.set_iv(cipher_->state, iv.data(), direction), srtp_err_status_ok);
  }
  void add_aad(const std::vector<uint8_t>& aad) {
    EXPECT_EQ(type_.set_aad(cipher_->state, aad.data(), static_cast<uint32_t>(aad.size())), srtp_err_status_ok);
  }
  std::vector<uint8_t> encrypt(std::vector<uint8_t> text) {
    auto size = static_cast<unsigned>(text.size());
    EXPECT_EQ(type_.encrypt(cipher_->state, text.data(), &size), srtp_err_status_ok);
    return text;
  }
  std::vector<uint8_t> tag() {
    std::vector<uint8_t> bytes(16);
    uint32_t size = 0;
    EXPECT_EQ(type_.get_tag(cipher_->state, bytes.data(), &size), srtp_err_status_ok);
    EXPECT_EQ(size, 16U);
    return bytes;
  }
  srtp_err_status_t decrypt(std::vector<uint8_t>& text) {
    auto size = static_cast<unsigned>(text.size());
    const srtp_err_status_t status = type_.decrypt(cipher_->state, text.data(), &size);
    text.resize(size);
    return status;
  }

 private:
  const srtp_cipher_type_t& type_;
  srtp_cipher_t* cipher_ = nullptr;
};

std::vector<SrtpCryptoTypes> engines() {
  std::vector<SrtpCryptoTypes> all = {evp_crypto_types()};
  if (const auto ipsec_mb = ipsec_mb_engine(); ipsec_mb.has_value()) all.push_back(ipsec_mb->types);
  return all;
}

// RFC 3711 appendix B.2: session key, salt; the key stream of counter blocks 0, 1, 2, and that of block 0xfeff.
TEST(SrtpEngine, MakesTheKeyStreamOfRfc3711) {
  const auto key =
      hex("2b7e151628aed2a6abf7158809cf4f3c"
          "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
  for (const SrtpCryptoTypes& engine : engines()) {
    Cipher cipher(*engine.icm128, key, 0);
    cipher.begin(hex("00000000000000000000000000000000"), srtp_direction_encrypt);
    EXPECT_EQ(cipher.encrypt(std::vector<uint8_t>(48)), hex("e03ead0935c95e80e166b16dd92b4eb4"
                                                            "d23513162b02d0f72a43a2fe4a5f97ab"
                                                            "41e95b3bb0a2e8dd477901e4fca894c0"));
    cipher.begin(hex("0000000000000000000000000000feff"), srtp_direction_encrypt);
    EXPECT_EQ(cipher.encrypt(std::vector<uint8_t>(48)), hex("ec8cdf7398607cb0f2d21675ea9ea1e4"
                                                            "362b7c3c6773516318a077d7fc5073ae"
                                                            "6a2cc3787889374fbeb4c81b17ba6c44"));
  }
}

constexpr std::string_view kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kSalt = "517569642070726f2071756f";

struct AeadVector {
  int key_bits;
  std::string_view iv;
  std::vector<std::string_view> aad;  // in the pieces in which libsrtp gives it
  std::string_view plain;
  std::string_view encrypted;  // with the tag
};

const std::vector<AeadVector>& rfc7714_vectors() {
  constexpr std::string_view kRtpIv = "51753c6580c2726f20718414";
  constexpr std::string_view kRtpHeader = "8040f17b8041f8d35501a0b2";
  constexpr std::string_view kRtpPlain = "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
  constexpr std::string_view kRtcpIv = "517524055203726f207170bb";
  constexpr std::string_view kRtcpHeader = "81c8000d4d617273";
  constexpr std::string_view kRtcpTrailer = "800005d4";
  constexpr std::string_view kRtcpPlain =
      "4e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
  static const std::vector<AeadVector> all = {
      // sections 16.1.1 and 16.1.2
      {128,
       kRtpIv,
       {kRtpHeader},
       kRtpPlain,
       "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
       "899d7f27beb16a9152cf765ee4390cce"},
      // sections 16.2.1 and 16.2.2
      {256,
       kRtpIv,
       {kRtpHeader},
       kRtpPlain,
       "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
       "7aa3db36dfffd6b0f9bb7878d7a76c13"},
      // section 17.1
      {128,
       kRtcpIv,
       {kRtcpHeader, kRtcpTrailer},
       kRtcpPlain,
       "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
       "c84aa45896cf4d2fc5abf87245d9eade"},
      // section 17.2
      {256,
       kRtcpIv,
       {kRtcpHeader, kRtcpTrailer},
       kRtcpPlain,
       "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
       "1d1eb30c4446839f57ff6f6cb26ac3be"},
  };
  return all;
}

TEST(SrtpEngine, EncryptsAndDecryptsThePacketsOfRfc7714) {
  for (const SrtpCryptoTypes& engine : engines()) {
    for (const AeadVector& v : rfc7714_vectors()) {
      const srtp_cipher_type_t& type = v.key_bits == 128 ? *engine.gcm128 : *engine.gcm256;
      SCOPED_TRACE(type.description);
      Cipher cipher(type, joined(hex(kKey.substr(0, static_cast<size_t>(v.key_bits) / 4)), hex(kSalt)), 16);
      cipher.begin(hex(v.iv), srtp_direction_encrypt);
      std::vector<std::vector<uint8_t>> aad;
      for (const std::string_view piece : v.aad) aad.push_back(hex(piece));
      for (const auto& piece : aad) cipher.add_aad(piece);
      const std::vector<uint8_t> text = cipher.encrypt(hex(v.plain));
      EXPECT_EQ(joined(text, cipher.tag()), hex(v.encrypted));

      std::vector<uint8_t> received = hex(v.encrypted);
      cipher.begin(hex(v.iv), srtp_direction_decrypt);
      for (const auto& piece : aad) cipher.add_aad(piece);
      EXPECT_EQ(cipher.decrypt(received), srtp_err_status_ok);
      EXPECT_EQ(received, hex(v.plain));
    }
  }
}

TEST(SrtpEngine, RefusesEveryFlippedBitOfATag) {
  const AeadVector& v = rfc7714_vectors()[1];
  for (const SrtpCryptoTypes& engine : engines()) {
    Cipher cipher(*engine.gcm256, joined(hex(kKey), hex(kSalt)), 16);
    const std::vector<uint8_t> aad = hex(v.aad[0]);
    for (size_t bit = 0; bit < 128; ++bit) {
      std::vector<uint8_t> received = hex(v.encrypted);
      received[received.size() - 16 + bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
      cipher.begin(hex(v.iv), srtp_direction_decrypt);
      cipher.add_aad(aad);
      EXPECT_EQ(cipher.decrypt(received), srtp_err_status_auth_fail) << bit;
    }
  }
}

TEST(SrtpEngine, RefusesATextShorterThanItsTag) {
  for (const SrtpCryptoTypes& engine : engines()) {
    Cipher cipher(*engine.gcm128, joined(hex(kKey.substr(0, 32)), hex(kSalt)), 16);
    std::vector<uint8_t> runt(15);
    cipher.begin(hex("51753c6580c2726f20718414"), srtp_direction_decrypt);
    EXPECT_NE(cipher.decrypt(runt), srtp_err_status_ok);
  }
}

// RFC 2202 section 3, test cases 2 and 3, in pieces as libsrtp gives them (packet, then rollover counter).
TEST(SrtpEngine, MakesTheHmacOfRfc2202InPieces) {
  const srtp_auth_type_t& type = *evp_crypto_types().hmac_sha1;
  const auto mac = [&type](const std::vector<uint8_t>& key, const std::vector<uint8_t>& text, size_t cut) {
    srtp_auth_t* auth = nullptr;
    EXPECT_EQ(type.alloc(&auth, static_cast<int>(key.size()), 20), srtp_err_status_ok);
    EXPECT_EQ(type.init(auth->state, key.data(), static_cast<int>(key.size())), srtp_err_status_ok);
    std::vector<uint8_t> tag(20);
    type.start(auth->state);
    type.update(auth->state, text.data(), static_cast<int>(cut));
    type.compute(auth->state, text.data() + cut, static_cast<int>(text.size() - cut), 20, tag.data());
    type.dealloc(auth);
    return tag;
  };
  const std::string_view question = "what do ya want for nothing?";
  const std::vector<uint8_t> text(question.begin(), question.end());
  for (const size_t cut : {size_t{0}, size_t{1}, text.size()}) {
    EXPECT_EQ(mac({'J', 'e', 'f', 'e'}, text, cut), hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
  }
  EXPECT_EQ(mac(std::vector<uint8_t>(20, 0xaa), std::vector<uint8_t>(50, 0xdd), 46),
            hex("125d7342b9ac11cd91a39af48aa17b4f63f175d3"));
}

std::vector<uint8_t> aes_128_block(const std::vector<uint8_t>& key, const std::vector<uint8_t>& block) {
  std::vector<uint8_t> out(32);
  int size = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nullptr, key.data(), nullptr);
  EVP_EncryptUpdate(context, out.data(), &size, block.data(), 16);
  EVP_CIPHER_CTX_free(context);
  out.resize(16);
  return out;
}

// The session keys that RFC 3711 appendix B.3 derives are applied by hand; a session given the master key must agree.
TEST(SrtpSession, DerivesTheKeysOfRfc3711) {
  const auto master_key = hex("e1f97a0d3e018be0d64fa32c06de4139");
  const auto master_salt = hex("0ec675ad498afeebb6960b3aabe6");
  const auto cipher_key = hex("c61e7a93744f39ee10734afe3ff7a087");
  const auto cipher_salt = hex("30cbbc08863d8c85d49db34a9ae1");
  const auto auth_key = hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4");
  // V=2, PT 96, sequence 0x1234, timestamp 0, SSRC 0xcafebabe, 16 bytes of payload 0xab
  std::vector<uint8_t> packet =
      hex("80601234"
          "00000000"
          "cafebabe"
          "abababababababababababababababab");

  // Section 4.1.1: IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16); index = sequence, the counter is 0.
  std::vector<uint8_t> counter = joined(cipher_salt, {0, 0});
  const auto ssrc = hex("cafebabe");
  for (size_t i = 0; i < 4; ++i) counter[4 + i] ^= ssrc[i];
  counter[12] ^= 0x12;
  counter[13] ^= 0x34;
  const std::vector<uint8_t> stream = aes_128_block(cipher_key, counter);
  std::vector<uint8_t> expected = packet;
  for (size_t i = 0; i < 16; ++i) expected[12 + i] ^= stream[i];
  // Section 4.2: the tag covers the packet and the rollover counter, cut to 80 bits.
  std::vector<uint8_t> digest(20);
  const std::vector<uint8_t> authenticated = joined(expected, {0, 0, 0, 0});
  HMAC(EVP_sha1(), auth_key.data(), 20, authenticated.data(), authenticated.size(), digest.data(), nullptr);
  expected.insert(expected.end(), digest.begin(), digest.begin() + 10);

  SrtpKeys keys;
  keys.profile = SrtpProfile::kAes128CmSha1_80;
  std::copy(master_key.begin(), master_key.end(), keys.local.key.begin());
  std::copy(master_salt.begin(), master_salt.end(), keys.local.salt.begin());
  for (const SrtpEngine engine : test_engines()) {
    use_engine(engine);
    const std::array ssrcs = {Ssrc(0xcafebabe)};
    SrtpSession session = SrtpSession::outbound(keys, ssrcs);
    std::vector<uint8_t> sent = packet;
    size_t size = sent.size();
    sent.resize(size + SrtpSession::kRtpOverheadMax);
    ASSERT_TRUE(session.protect_rtp(sent, size));
    sent.resize(size);
    EXPECT_EQ(sent, expected);
  }
}

}  // namespace
}  // namespace eir
