#include "lib/transport/stun.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

#include "lib/base/check.h"

namespace eir {
namespace {

// RFC 8489 section 5:
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |0 0|     STUN Message Type     |         Message Length        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         Magic Cookie                          |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                                                               |
//  |                     Transaction ID (96 bits)                  |
//  |                                                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// and each attribute (section 14), padded to a multiple of 4 bytes that the attribute's length does not count:
//
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |         Type                  |            Length             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         Value (variable)                ....  |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
constexpr size_t kHeaderSize = 20;
constexpr size_t kAttributeHeaderSize = 4;
constexpr size_t kMessageBytesMax = 65535;  // offsets are kept in 16 bits; a UDP datagram or RFC 4571 frame is smaller
constexpr uint32_t kMagicCookie = 0x2112a442;
constexpr uint16_t kMethodBinding = 0x0001;

// RFC 8489 section 18.3, RFC 8445 section 20.1.
constexpr uint16_t kMappedAddress = 0x0001;
constexpr uint16_t kUsername = 0x0006;
constexpr uint16_t kMessageIntegrity = 0x0008;
constexpr uint16_t kErrorCode = 0x0009;
constexpr uint16_t kUnknownAttributes = 0x000a;
constexpr uint16_t kXorMappedAddress = 0x0020;
constexpr uint16_t kPriority = 0x0024;
constexpr uint16_t kUseCandidate = 0x0025;
constexpr uint16_t kFingerprint = 0x8028;
constexpr uint16_t kIceControlled = 0x8029;
constexpr uint16_t kIceControlling = 0x802a;
constexpr uint16_t kComprehensionOptional = 0x8000;

constexpr uint32_t kFingerprintXor = 0x5354554e;  // RFC 8489 section 14.7
constexpr uint8_t kFamilyIpv4 = 0x01;
constexpr uint8_t kFamilyIpv6 = 0x02;

// CRC-32 of ITU V.42 (reflected 0x04c11db7), eight bytes a step: a hostile packet of full size must stay cheap. The
// k-th table holds the effect of a byte followed by k zero bytes.
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

uint32_t crc32(ByteView bytes) {
  uint32_t crc = 0xffffffff;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    const uint8_t* p = bytes.data() + at;
    crc = kCrc[7][p[0] ^ (crc & 0xff)] ^ kCrc[6][p[1] ^ ((crc >> 8) & 0xff)] ^ kCrc[5][p[2] ^ ((crc >> 16) & 0xff)] ^
          kCrc[4][p[3] ^ (crc >> 24)] ^ kCrc[3][p[4]] ^ kCrc[2][p[5]] ^ kCrc[1][p[6]] ^ kCrc[0][p[7]];
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8) ^ kCrc[0][(crc ^ bytes[at]) & 0xff];
  return ~crc;
}

uint32_t fingerprint_of(ByteView before) { return crc32(before) ^ kFingerprintXor; }

constexpr size_t padded(size_t length) { return (length + 3) & ~size_t{3}; }

// The four message type bits of the class lie around the method (RFC 8489 section 5): M11..M7 C1 M6..M4 C0 M3..M0.
constexpr uint16_t message_type(StunClass message_class) {
  const auto bits = static_cast<unsigned>(message_class);
  return static_cast<uint16_t>(kMethodBinding | (bits & 1) << 4 | (bits & 2) << 7);
}

// Attributes one after the other behind a header whose length is kept right, because MESSAGE-INTEGRITY and FINGERPRINT
// cover the length up to and including themselves.
class MessageWriter {
 public:
  MessageWriter(StunClass message_class, const StunTransactionId& id, MutableBytes out) : out_(out), writer_(out) {
    writer_.u16(message_type(message_class));
    writer_.u16(0);
    writer_.u32(kMagicCookie);
    writer_.bytes(id);
  }

  void attribute(uint16_t type, ByteView value) {
    header(type, value.size());
    writer_.bytes(value);
    writer_.zeros(padded(value.size()) - value.size());
  }
  void attribute_u32(uint16_t type, uint32_t value) {
    header(type, 4);
    writer_.u32(value);
  }
  void attribute_u64(uint16_t type, uint64_t value) {
    header(type, 8);
    writer_.u64(value);
  }

  void integrity(StunKey& key) {
    const size_t end = writer_.size();
    set_length(end + kAttributeHeaderSize + StunKey::kMacSize);
    if (writer_.failed()) return;
    attribute(kMessageIntegrity, key.mac(out_.first(kHeaderSize), out_.first(end).subspan(kHeaderSize)));
  }

  // Ends the message: its size, or 0 if it did not fit.
  size_t finish() {
    const size_t end = writer_.size();
    set_length(end + kAttributeHeaderSize + 4);
    if (writer_.failed()) return 0;
    attribute_u32(kFingerprint, fingerprint_of(out_.first(end)));
    return writer_.failed() ? 0 : writer_.size();
  }

 private:
  void header(uint16_t type, size_t length) {
    writer_.u16(type);
    writer_.u16(static_cast<uint16_t>(length));
  }
  void set_length(size_t message_end) {
    if (!writer_.failed()) store_u16(out_.data() + 2, static_cast<uint16_t>(message_end - kHeaderSize));
  }

  MutableBytes out_;
  ByteWriter writer_;
};

}  // namespace

StunKey::StunKey(std::string_view password) {
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  EIR_CHECK(hmac != nullptr);
  context_.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);  // the context holds a reference of its own
  EIR_CHECK(context_ != nullptr);
  std::array<char, 5> digest = {'S', 'H', 'A', '1', '\0'};
  const std::array<OSSL_PARAM, 2> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size() - 1),
      OSSL_PARAM_construct_end()};
  const ByteView key = as_bytes(password);
  // A null key would mean "keep the old one"; an empty password is a key of no bytes.
  static constexpr uint8_t kNoBytes = 0;
  EIR_CHECK(EVP_MAC_init(context_.get(), key.empty() ? &kNoBytes : key.data(), key.size(), params.data()) == 1);
}

StunKey::Mac StunKey::mac(ByteView header, ByteView body) {
  Mac result{};
  size_t size = 0;
  // No key and no parameters: start again with the key of the constructor.
  const bool done = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(context_.get(), header.data(), header.size()) == 1 &&
                    EVP_MAC_update(context_.get(), body.data(), body.size()) == 1 &&
                    EVP_MAC_final(context_.get(), result.data(), &size, result.size()) == 1;
  EIR_CHECK(done && size == result.size());
  return result;
}

void StunKey::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

std::optional<StunMessage> StunMessage::parse(ByteView bytes) {
  if (bytes.size() < kHeaderSize || bytes.size() > kMessageBytesMax) return std::nullopt;
  const uint16_t type = load_u16(bytes.data());
  const size_t length = load_u16(bytes.data() + 2);
  if (length % 4 != 0 || length + kHeaderSize != bytes.size()) return std::nullopt;
  if (load_u32(bytes.data() + 4) != kMagicCookie) return std::nullopt;
  const auto message_class = static_cast<StunClass>((type >> 4 & 1) | (type >> 7 & 2));
  if (type != message_type(message_class)) return std::nullopt;

  StunMessage message;
  message.bytes_ = bytes;
  message.class_ = message_class;
  std::copy_n(bytes.begin() + 8, message.transaction_id_.size(), message.transaction_id_.begin());
  if (!message.parse_attributes()) return std::nullopt;
  return message;
}

std::string_view StunMessage::username_receiver() const { return username_.substr(0, username_.find(':')); }

std::string_view StunMessage::username_sender() const {
  const size_t colon = username_.find(':');
  return colon == std::string_view::npos ? std::string_view{} : username_.substr(colon + 1);
}

bool StunMessage::verify_integrity(StunKey& key) const {
  if (!has_integrity()) return false;
  // RFC 8489 section 14.5: the length counts up to and including MESSAGE-INTEGRITY, the text ends just before it.
  std::array<uint8_t, kHeaderSize> header{};
  std::copy_n(bytes_.begin(), kHeaderSize, header.begin());
  const size_t end = integrity_at_ + kAttributeHeaderSize + StunKey::kMacSize;
  store_u16(header.data() + 2, static_cast<uint16_t>(end - kHeaderSize));
  const StunKey::Mac expected = key.mac(header, bytes_.first(integrity_at_).subspan(kHeaderSize));
  return CRYPTO_memcmp(expected.data(), &bytes_[integrity_at_ + kAttributeHeaderSize], expected.size()) == 0;
}

bool StunMessage::parse_attributes() {
  size_t at = kHeaderSize;
  while (at < bytes_.size()) {
    if (has_fingerprint_) return false;  // RFC 8489 section 14.7: FINGERPRINT is the last attribute
    if (bytes_.size() - at < kAttributeHeaderSize) return false;
    const uint16_t type = load_u16(&bytes_[at]);
    const size_t length = load_u16(&bytes_[at + 2]);
    if (padded(length) > bytes_.size() - at - kAttributeHeaderSize) return false;
    if (!parse_attribute(type, bytes_.subspan(at + kAttributeHeaderSize, length), at)) return false;
    at += kAttributeHeaderSize + padded(length);
  }
  return true;
}

bool StunMessage::parse_attribute(uint16_t type, ByteView value, size_t at) {
  if (type == kFingerprint) return has_fingerprint_ = verify_fingerprint(value, at);
  // RFC 8489 section 14.5: all behind MESSAGE-INTEGRITY but FINGERPRINT is ignored, for nobody vouches for it.
  if (has_integrity()) return true;
  switch (type) {
    case kMessageIntegrity:
      integrity_at_ = static_cast<uint16_t>(at);
      return value.size() == StunKey::kMacSize;
    case kUsername:
      if (value.size() > kUsernameBytesMax) return false;
      if (username_.empty()) username_ = as_text(value);
      return true;
    case kPriority:
    case kUseCandidate:
    case kIceControlled:
    case kIceControlling:
      return parse_ice_attribute(type, value);
    case kXorMappedAddress:
      return parse_xor_mapped_address(value);
    case kErrorCode:
      return parse_error_code(value);
    case kMappedAddress:
    case kUnknownAttributes:
      return true;  // known, but nothing of Eir's asks for them
    default:
      if (type < kComprehensionOptional) note_unknown(type);
      return true;
  }
}

// RFC 8445 section 16.1: PRIORITY has 32 bits, USE-CANDIDATE none, the two tie-breakers 64.
bool StunMessage::parse_ice_attribute(uint16_t type, ByteView value) {
  switch (type) {
    case kPriority:
      if (value.size() != 4) return false;
      if (!priority_) priority_ = load_u32(value.data());
      return true;
    case kUseCandidate:
      use_candidate_ = true;
      return value.empty();
    default: {
      if (value.size() != 8) return false;
      std::optional<uint64_t>& tie_breaker = type == kIceControlled ? ice_controlled_ : ice_controlling_;
      if (!tie_breaker) tie_breaker = load_u64(value.data());
      return true;
    }
  }
}

// RFC 8489 section 14.2; the address is XORed with the cookie and the transaction id, the port with the cookie's upper
// half.
//
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |0 0 0 0 0 0 0 0|    Family     |         X-Port                |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                X-Address (Variable)                           |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
bool StunMessage::parse_xor_mapped_address(ByteView value) {
  if (value.size() != 8 && value.size() != 20) return false;
  const uint8_t family = value.size() == 8 ? kFamilyIpv4 : kFamilyIpv6;
  if (value[1] != family) return false;
  if (xor_mapped_address_) return true;
  const uint8_t* mask = &bytes_[4];  // cookie, then transaction id
  const auto port = static_cast<uint16_t>(load_u16(&value[2]) ^ load_u16(mask));
  if (family == kFamilyIpv4) {
    std::array<uint8_t, 4> ip{};
    for (size_t i = 0; i < ip.size(); ++i) ip[i] = value[4 + i] ^ mask[i];
    xor_mapped_address_ = SocketAddress::v4(ip, port);
  } else {
    SocketAddress address;
    for (size_t i = 0; i < address.ip.size(); ++i) address.ip[i] = value[4 + i] ^ mask[i];
    address.port = port;
    xor_mapped_address_ = address;
  }
  return true;
}

// RFC 8489 section 14.8.
//
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           Reserved, should be 0         |Class|     Number    |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |      Reason Phrase (variable)                                ..
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
bool StunMessage::parse_error_code(ByteView value) {
  if (value.size() < 4) return false;
  const unsigned hundreds = value[2] & 7;
  const unsigned number = value[3];
  if (hundreds < 3 || hundreds > 6 || number > 99) return false;
  if (!error_code_) error_code_ = static_cast<uint16_t>(hundreds * 100 + number);
  return true;
}

bool StunMessage::verify_fingerprint(ByteView value, size_t at) const {
  // RFC 8489 section 14.7: the length in the header counts FINGERPRINT; as it is the last attribute, it does already.
  return value.size() == 4 && load_u32(value.data()) == fingerprint_of(bytes_.first(at));
}

void StunMessage::note_unknown(uint16_t type) {
  const auto end = unknown_.begin() + unknown_size_;
  if (unknown_size_ < unknown_.size() && std::find(unknown_.begin(), end, type) == end)
    unknown_[unknown_size_++] = type;
}

size_t write_binding_request(const StunCheck& check, StunKey& key, MutableBytes out) {
  MessageWriter message(StunClass::kRequest, check.transaction_id, out);
  message.attribute(kUsername, as_bytes(check.username));
  message.attribute_u32(kPriority, check.priority);
  message.attribute_u64(kIceControlling, check.tie_breaker);
  if (check.use_candidate) message.attribute(kUseCandidate, {});
  message.integrity(key);
  return message.finish();
}

size_t write_binding_success(const StunTransactionId& id, const SocketAddress& mapped, StunKey& key, MutableBytes out) {
  std::array<uint8_t, 16> mask{};
  store_u32(mask.data(), kMagicCookie);
  std::copy(id.begin(), id.end(), mask.begin() + 4);

  std::array<uint8_t, 20> value{};
  const ByteView ip = mapped.is_v4() ? ByteView(mapped.ip).last(4) : ByteView(mapped.ip);
  value[1] = mapped.is_v4() ? kFamilyIpv4 : kFamilyIpv6;
  store_u16(&value[2], static_cast<uint16_t>(mapped.port ^ load_u16(mask.data())));
  for (size_t i = 0; i < ip.size(); ++i) value[4 + i] = ip[i] ^ mask[i];

  MessageWriter message(StunClass::kSuccess, id, out);
  message.attribute(kXorMappedAddress, ByteView(value).first(4 + ip.size()));
  message.integrity(key);
  return message.finish();
}

size_t write_binding_error(const StunError& error, StunKey& key, MutableBytes out) {
  MessageWriter message(StunClass::kError, error.transaction_id, out);
  const auto code = static_cast<uint16_t>(error.code);
  // No reason phrase: a reply must not outgrow its request.
  message.attribute_u32(kErrorCode, static_cast<uint32_t>(code / 100) << 8 | code % 100);
  if (error.code == StunErrorCode::kUnknownAttribute) {
    std::array<uint8_t, 2 * StunMessage::kUnknownAttributesMax> types{};
    const size_t count = std::min(error.unknown_attributes.size(), StunMessage::kUnknownAttributesMax);
    for (size_t i = 0; i < count; ++i) store_u16(&types[2 * i], error.unknown_attributes[i]);
    message.attribute(kUnknownAttributes, ByteView(types).first(2 * count));
  }
  message.integrity(key);
  return message.finish();
}

size_t write_binding_indication(const StunTransactionId& id, MutableBytes out) {
  return MessageWriter(StunClass::kIndication, id, out).finish();
}

}  // namespace eir
