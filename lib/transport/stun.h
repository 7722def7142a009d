#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/path.h"

struct evp_mac_ctx_st;

namespace eir {

using StunTransactionId = std::array<uint8_t, 12>;

// The two class bits of the message type (RFC 8489 section 5).
enum class StunClass : uint8_t { kRequest = 0, kIndication = 1, kSuccess = 2, kError = 3 };

// Error codes of RFC 8489 section 14.8 and RFC 8445 section 16.2 that Eir sends.
enum class StunErrorCode : uint16_t { kBadRequest = 400, kUnknownAttribute = 420, kRoleConflict = 487 };

// RFC 7983 section 7: what the first byte says about a datagram on a shared port.
inline bool looks_like_stun(ByteView bytes) { return !bytes.empty() && bytes[0] <= 3; }

// A password made ready for HMAC-SHA1 (short-term credentials: the key is the password itself, RFC 8489 section 9.1.1).
// Owned by the ICE agent that knows the password. Keyed once, because keying costs more than a whole check.
class StunKey {
 public:
  static constexpr size_t kMacSize = 20;
  using Mac = std::array<uint8_t, kMacSize>;

  explicit StunKey(std::string_view password);

  // HMAC-SHA1 over `header` followed by `body`.
  Mac mac(ByteView header, ByteView body);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

// A view of one STUN Binding message (RFC 8489; ICE attributes of RFC 8445 section 16). Refers to the bytes it was
// parsed from. Any other method is refused. Nothing is trusted before verify_integrity().
class StunMessage {
 public:
  // Of the comprehension-required attributes that Eir does not know, so many are remembered.
  static constexpr size_t kUnknownAttributesMax = 8;
  // RFC 8489 section 14.3: a USERNAME has fewer than 509 bytes.
  static constexpr size_t kUsernameBytesMax = 508;

  // nullopt when the length, the cookie, an attribute's length or the FINGERPRINT is wrong, or the method is not
  // Binding.
  static std::optional<StunMessage> parse(ByteView bytes);

  StunClass message_class() const { return class_; }
  bool is_request() const { return class_ == StunClass::kRequest; }
  const StunTransactionId& transaction_id() const { return transaction_id_; }
  size_t size() const { return bytes_.size(); }
  ByteView bytes() const { return bytes_; }

  // Of an attribute that is there twice the first counts (RFC 8489 section 14). Empty and nullopt mean absent.
  std::string_view username() const { return username_; }
  // USERNAME up to and after the first colon: of a check, the receiver's ufrag and the sender's (RFC 8445
  // section 7.2.2).
  std::string_view username_receiver() const;
  std::string_view username_sender() const;
  std::optional<uint32_t> priority() const { return priority_; }
  bool use_candidate() const { return use_candidate_; }
  std::optional<uint64_t> ice_controlling() const { return ice_controlling_; }
  std::optional<uint64_t> ice_controlled() const { return ice_controlled_; }
  std::optional<uint16_t> error_code() const { return error_code_; }
  std::optional<SocketAddress> xor_mapped_address() const { return xor_mapped_address_; }
  std::span<const uint16_t> unknown_attributes() const { return {unknown_.data(), unknown_size_}; }
  bool has_unknown_attributes() const { return unknown_size_ > 0; }
  bool has_integrity() const { return integrity_at_ != 0; }
  bool has_fingerprint() const { return has_fingerprint_; }

  // Whether MESSAGE-INTEGRITY is there and right; compared in constant time. Attributes behind it were never read.
  bool verify_integrity(StunKey& key) const;

 private:
  StunMessage() = default;
  bool parse_attributes();
  bool parse_attribute(uint16_t type, ByteView value, size_t at);
  bool parse_ice_attribute(uint16_t type, ByteView value);
  bool parse_xor_mapped_address(ByteView value);
  bool parse_error_code(ByteView value);
  bool verify_fingerprint(ByteView value, size_t at) const;
  void note_unknown(uint16_t type);

  ByteView bytes_;
  StunTransactionId transaction_id_{};
  StunClass class_ = StunClass::kRequest;
  bool use_candidate_ = false;
  bool has_fingerprint_ = false;
  uint8_t unknown_size_ = 0;
  uint16_t integrity_at_ = 0;  // offset of the attribute's header; 0 = absent (the message header is there)
  std::string_view username_;
  std::optional<uint16_t> error_code_;
  std::optional<uint32_t> priority_;
  std::optional<uint64_t> ice_controlling_;
  std::optional<uint64_t> ice_controlled_;
  std::optional<SocketAddress> xor_mapped_address_;
  std::array<uint16_t, kUnknownAttributesMax> unknown_{};
};

// What a connectivity check of a controlling agent says (RFC 8445 section 7.2.2).
struct StunCheck {
  StunTransactionId transaction_id{};
  std::string_view username;  // "receiver's ufrag:sender's ufrag"
  uint32_t priority = 0;
  uint64_t tie_breaker = 0;
  bool use_candidate = false;
};

// An error response: `unknown_attributes` belong to code 420 and are written only with it.
struct StunError {
  StunTransactionId transaction_id{};
  StunErrorCode code = StunErrorCode::kBadRequest;
  std::span<const uint16_t> unknown_attributes;
};

// The writers end each message with MESSAGE-INTEGRITY and FINGERPRINT and return its size, or 0 if `out` is too small.
size_t write_binding_request(const StunCheck& check, StunKey& key, MutableBytes out);
size_t write_binding_success(const StunTransactionId& id, const SocketAddress& mapped, StunKey& key, MutableBytes out);
size_t write_binding_error(const StunError& error, StunKey& key, MutableBytes out);
// A keepalive (RFC 8445 section 11): FINGERPRINT alone, no integrity.
size_t write_binding_indication(const StunTransactionId& id, MutableBytes out);

// Larger than all that the writers write when the username obeys its limit of two ufrags of 32 characters.
inline constexpr size_t kStunWriteBytesMax = 256;

}  // namespace eir
