#include "server/api/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "server/api/system_random.h"
#include "server/channel/owned_fd.h"

namespace eir {
namespace {

std::string file_in(const std::string& state_dir) { return state_dir + "/credentials"; }

void append(const std::string& path, int flags, std::string_view text) {
  const OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  const bool is_written = file && ::fchmod(file.value(), 0600) == 0 &&
                          ::write(file.value(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!is_written) throw std::system_error(errno, std::system_category(), path);
}

bool is_tenant_name(std::string_view name) {
  constexpr size_t kNameMax = 32;
  if (name.empty() || name.size() > kNameMax) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
         std::string_view::npos;
}

}  // namespace

Credentials Credentials::load(const std::string& state_dir) {
  Credentials credentials;
  const std::string path = file_in(state_dir);
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return credentials;
    throw std::system_error(errno, std::system_category(), path);
  }
  if ((status.st_mode & 077) != 0) throw std::runtime_error(path + ": others than its owner may read it");
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const size_t space = line.find(' ');
    const auto hash = space == std::string::npos ? std::nullopt : token_hash_from_hex(line.substr(space + 1));
    if (!hash || !is_tenant_name(line.substr(0, space))) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": not a tenant and a hash");
    }
    credentials.entries_.push_back({{line.substr(0, space)}, *hash});
  }
  return credentials;
}

std::optional<TenantKey> Credentials::authenticate(std::string_view bearer) const {
  const TokenHash hash = hash_token(bearer);
  const Entry* fitting = nullptr;
  for (const Entry& entry : entries_) {
    if (equal_in_constant_time(entry.hash, hash)) fitting = &entry;
  }
  if (fitting == nullptr) return std::nullopt;
  return fitting->tenant;
}

void make_credential(const std::string& state_dir, const std::string& tenant, const std::string& secret_file) {
  if (!is_tenant_name(tenant)) throw std::runtime_error("not a tenant's name: " + tenant);
  SystemRandom random;
  const Token token = Token::random(random);
  append(secret_file, O_TRUNC, token.reveal());
  append(file_in(state_dir), O_APPEND, tenant + ' ' + to_hex(token.hash()) + '\n');
}

}  // namespace eir
