#include "lib/transport/ice_credentials.h"

#include <string_view>

namespace eir {
namespace {

constexpr size_t kUfragChars = 8;
constexpr size_t kPwdChars = 24;

std::string random_ice_chars(Random& random, size_t count) {
  // ice-char of RFC 8839 section 5.4: 64 of them, so that six random bits choose one without bias.
  constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(count, '\0');
  random.fill({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  for (char& c : text) c = kIceChars[static_cast<uint8_t>(c) % kIceChars.size()];
  return text;
}

}  // namespace

IceCredentials make_ice_credentials(Random& random) {
  IceCredentials credentials;
  credentials.ufrag = random_ice_chars(random, kUfragChars);
  credentials.pwd = random_ice_chars(random, kPwdChars);
  return credentials;
}

}  // namespace eir
