#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/random.h"

namespace eir {

// RFC 4648 section 5, without padding. Only lengths that are multiples of three bytes are used here, so each value has
// exactly one text.
std::string to_base64url(ByteView bytes);
// False unless `text` is exactly the text of out.size() bytes.
bool from_base64url(std::string_view text, MutableBytes out);

// An id that clients see: a prefix that names the kind, and 120 bits from the CSPRNG, so that no id can be guessed.
// `Kind::kPrefix` is two characters.
template <class Kind>
class PublicId {
 public:
  static constexpr size_t kBytes = 15;
  static constexpr size_t kTextLength = 22;

  PublicId() = default;
  static PublicId random(Random& random) {
    PublicId id;
    random.fill(id.bytes_);
    return id;
  }
  static std::optional<PublicId> parse(std::string_view text) {
    PublicId id;
    if (text.size() != kTextLength || text.substr(0, 2) != Kind::kPrefix) return std::nullopt;
    if (!from_base64url(text.substr(2), id.bytes_)) return std::nullopt;
    return id;
  }

  std::string to_string() const { return std::string(Kind::kPrefix) + to_base64url(bytes_); }
  auto operator<=>(const PublicId&) const = default;  // NOLINT(modernize-use-nullptr): a false alarm about <=>
  size_t hash() const {
    size_t value = 0;
    std::memcpy(&value, bytes_.data(), sizeof value);
    return value;
  }

 private:
  std::array<uint8_t, kBytes> bytes_{};
};

struct ConsultationKind {
  static constexpr std::string_view kPrefix = "c_";
};
struct SeatKind {
  static constexpr std::string_view kPrefix = "s_";
};
struct InvitationKind {
  static constexpr std::string_view kPrefix = "i_";
};
struct PersonKind {
  static constexpr std::string_view kPrefix = "p_";
};

using ConsultationKey = PublicId<ConsultationKind>;
using SeatKey = PublicId<SeatKind>;
using InvitationKey = PublicId<InvitationKind>;
// A participant as clients know it; a worker knows it by the ParticipantId that server/api gives it.
using ParticipantKey = PublicId<PersonKind>;

// The owner of consultations. Every lookup names one, so nothing is found across tenants.
struct TenantKey {
  std::string name;
  auto operator<=>(const TenantKey&) const = default;
};

}  // namespace eir

template <class Kind>
struct std::hash<eir::PublicId<Kind>> {
  size_t operator()(const eir::PublicId<Kind>& id) const noexcept { return id.hash(); }
};
