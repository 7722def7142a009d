#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/consultation/public_id.h"
#include "server/consultation/token.h"

namespace eir {

// The service credentials of all tenants: bearer secrets of which only the SHA-256 is kept, in the file
// `<state_dir>/credentials`, one line "tenant hash" each, mode 0600.
class Credentials {
 public:
  // No file means no credentials. Throws std::runtime_error that names the file and line, also when others may read it.
  static Credentials load(const std::string& state_dir);

  // Looks at every credential, whichever fits, so that time tells nothing.
  std::optional<TenantKey> authenticate(std::string_view bearer) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TenantKey tenant;
    TokenHash hash;
  };
  std::vector<Entry> entries_;
};

// Makes a new secret for `tenant` (letters, digits, '-', '_'; "demo" is there from the start), adds its hash to the
// file of `state_dir` and writes the secret alone, without a line end, to `secret_file` (mode 0600, replaced if there).
// Throws std::runtime_error or std::system_error.
void make_credential(const std::string& state_dir, const std::string& tenant, const std::string& secret_file);

}  // namespace eir
