#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/credential_file.h"

namespace eir {

// Whose program a request comes from, and what it may.
struct ServiceCaller {
  TenantKey tenant;
  std::string credential;  // its id, for the audit trail
  Scopes scopes;
};

// The service credentials of all tenants that are in force, as the file said when it was loaded: bearer secrets of
// which only the SHA-256 is known. A reload makes a new one.
class Credentials {
 public:
  // No file means no credentials. Throws what read_credentials() throws.
  static Credentials load(const std::string& state_dir);

  // Looks at every credential, whichever fits, so that time tells nothing.
  std::optional<ServiceCaller> authenticate(std::string_view bearer) const;
  size_t size() const { return entries_.size(); }

 private:
  std::vector<Credential> entries_;
};

// Makes a credential with every scope for `tenant` (letters, digits, '-', '_'; "demo" is there from the start) and
// writes the secret alone, without a line end, to `secret_file` (mode 0600, replaced if there). Throws
// std::runtime_error or std::system_error.
void make_credential(const std::string& state_dir, const std::string& tenant, const std::string& secret_file);

}  // namespace eir
