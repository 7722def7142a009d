#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/api/scope.h"
#include "server/consultation/public_id.h"
#include "server/consultation/token.h"

namespace eir {

// The file `<state_dir>/credentials` (mode 0600): one line per service credential,
//
//   id tenant hash scopes created revoked
//   k_Zm9v… clinic-2 9f86d0… manage,read 2026-03-01T10:00:00Z -
//
// `hash` is the SHA-256 of the secret, which is kept nowhere. Lines that begin with '#' say nothing. An older line,
// "tenant hash" alone, has every scope, and its id comes from its hash.
struct Credential {
  std::string id;
  TenantKey tenant;
  TokenHash hash;
  Scopes scopes;
  std::string created;  // UTC; empty: not known
  std::string revoked;  // empty: in force
};

// More credentials than this are a mistake.
inline constexpr size_t kCredentialFileBytesMax = 1 << 20;

// Throws std::runtime_error that says "name:line: …", never what stood there.
std::vector<Credential> parse_credentials(std::string_view text, const std::string& name);
std::string credential_text(const std::vector<Credential>& credentials);
// "manage,read".
std::string scopes_text(Scopes scopes);

// What is in the file of this state directory, nothing without a file. Throws std::runtime_error or std::system_error
// that name the file, also when others may read it.
std::vector<Credential> read_credentials(const std::string& state_dir);

struct NewCredential {
  std::string id;
  Token secret;
};
// Both change the file as a whole or not at all, one program after the other. As root they leave it to the owner of the
// directory. eird takes notice when it reloads.
NewCredential add_credential(const std::string& state_dir, const TenantKey& tenant, Scopes scopes);
// False: there is none with this id that is in force.
bool revoke_credential(const std::string& state_dir, std::string_view id);

}  // namespace eir
