#include "server/api/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "server/channel/owned_fd.h"

namespace eir {

Credentials Credentials::load(const std::string& state_dir) {
  Credentials credentials;
  credentials.entries_ = read_credentials(state_dir);
  std::erase_if(credentials.entries_, [](const Credential& credential) { return !credential.revoked.empty(); });
  return credentials;
}

std::optional<ServiceCaller> Credentials::authenticate(std::string_view bearer) const {
  const TokenHash hash = hash_token(bearer);
  const Credential* fitting = nullptr;
  for (const Credential& entry : entries_) {
    if (equal_in_constant_time(entry.hash, hash)) fitting = &entry;
  }
  if (fitting == nullptr) return std::nullopt;
  return ServiceCaller{fitting->tenant, fitting->id, fitting->scopes};
}

void make_credential(const std::string& state_dir, const std::string& tenant, const std::string& secret_file) {
  const NewCredential made = add_credential(state_dir, {tenant}, Scopes::all());
  const OwnedFd file(::open(secret_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const std::string& secret = made.secret.reveal();
  const bool is_written = file && ::fchmod(file.value(), 0600) == 0 &&
                          ::write(file.value(), secret.data(), secret.size()) == static_cast<ssize_t>(secret.size());
  if (!is_written) throw std::system_error(errno, std::system_category(), secret_file);
}

}  // namespace eir
