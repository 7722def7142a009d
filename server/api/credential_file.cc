#include "server/api/credential_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>

#include "server/api/system_random.h"
#include "server/channel/owned_fd.h"

namespace eir {
namespace {

constexpr std::string_view kHeading = "# id tenant sha256 scopes created revoked; changed by eirctl\n";
constexpr const char* kTimeFormat = "%Y-%m-%dT%H:%M:%SZ";

struct CredentialKind {
  static constexpr std::string_view kPrefix = "k_";
};
using CredentialKey = PublicId<CredentialKind>;

[[noreturn]] void fail(const std::string& path) { throw std::system_error(errno, std::system_category(), path); }

// Letters, digits, '-' and '_', as tenants' names and ids are.
bool is_plain(std::string_view name) {
  constexpr size_t kNameMax = 32;
  if (name.empty() || name.size() > kNameMax) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
         std::string_view::npos;
}

bool is_time(const std::string& text) {
  std::tm parts = {};
  const char* end = strptime(text.c_str(), kTimeFormat, &parts);
  return text.size() == 20 && end == text.c_str() + text.size();
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), kTimeFormat, &parts)};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::optional<Scopes> parse_scopes(std::string_view text) {
  Scopes scopes;
  for (const std::string_view name : split(text, ',')) {
    const auto scope = scope_from_text(name);
    if (!scope) return std::nullopt;
    scopes.add(*scope);
  }
  return scopes;
}

std::optional<Credential> parse_line(std::string_view line) {
  const auto fields = split(line, ' ');
  if (fields.size() != 2 && fields.size() != 6) return std::nullopt;
  const bool is_old = fields.size() == 2;
  const auto hash = token_hash_from_hex(fields[is_old ? 1 : 2]);
  const std::string_view tenant = fields[is_old ? 0 : 1];
  if (!hash || !is_plain(tenant)) return std::nullopt;
  Credential credential{"", {std::string(tenant)}, *hash, Scopes::all(), "", ""};
  if (is_old) {
    credential.id = "k_" + to_hex(*hash).substr(0, 16);
    return credential;
  }
  credential.id = fields[0];
  const auto scopes = parse_scopes(fields[3]);
  if (!is_plain(credential.id) || !scopes) return std::nullopt;
  credential.scopes = *scopes;
  if (fields[4] != "-") credential.created = fields[4];
  if (fields[5] != "-") credential.revoked = fields[5];
  const auto is_good = [](const std::string& time) { return time.empty() || is_time(time); };
  if (!is_good(credential.created) || !is_good(credential.revoked)) return std::nullopt;
  return credential;
}

std::string read_text(const std::string& path) {
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return "";
    fail(path);
  }
  struct stat status = {};
  if (::fstat(file.value(), &status) != 0) fail(path);
  if ((status.st_mode & 077) != 0) throw std::runtime_error(path + ": others than its owner may read it");
  if (status.st_size > static_cast<off_t>(kCredentialFileBytesMax)) throw std::runtime_error(path + ": too long");
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.value(), text.data() + size, text.size() - size);
    if (got < 0) fail(path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

// Written beside it and moved into its place, on disk before and after. Its owner is that of the directory: root may
// run eirctl for a daemon that is not root.
void replace_text(const std::string& state_dir, const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const OwnedFd folder(::open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status = {};
  if (!folder || ::fstat(folder.value(), &status) != 0) fail(state_dir);
  const OwnedFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::fchmod(file.value(), 0600) != 0) fail(fresh);
  if (::geteuid() == 0 && ::fchown(file.value(), status.st_uid, status.st_gid) != 0) fail(fresh);
  while (!text.empty()) {
    const ssize_t written = ::write(file.value(), text.data(), text.size());
    if (written < 0) fail(fresh);
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.value()) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) fail(path);
  if (::fsync(folder.value()) != 0) fail(state_dir);
}

// Reads, changes and writes under a lock, so that two programs at once lose nothing.
void change(const std::string& state_dir, const std::function<bool(std::vector<Credential>&)>& edit) {
  const std::string lock_path = state_dir + "/credentials.lock";
  const OwnedFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || ::flock(lock.value(), LOCK_EX) != 0) fail(lock_path);
  auto credentials = read_credentials(state_dir);
  if (edit(credentials)) replace_text(state_dir, state_dir + "/credentials", credential_text(credentials));
}

}  // namespace

std::vector<Credential> parse_credentials(std::string_view text, const std::string& name) {
  std::vector<Credential> credentials;
  std::set<std::string> seen;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const std::string place = name + ":" + std::to_string(number) + ": ";
    auto credential = parse_line(line);
    if (!credential) throw std::runtime_error(place + "not \"id tenant hash scopes created revoked\"");
    // Were a secret there twice, to revoke one of its lines would not be enough.
    if (!seen.insert(credential->id).second || !seen.insert(to_hex(credential->hash)).second) {
      throw std::runtime_error(place + "this id or secret is there twice");
    }
    credentials.push_back(std::move(*credential));
  }
  return credentials;
}

std::string credential_text(const std::vector<Credential>& credentials) {
  std::string text(kHeading);
  for (const Credential& credential : credentials) {
    const auto time_or_dash = [](const std::string& time) { return time.empty() ? "-" : time; };
    text += credential.id + ' ' + credential.tenant.name + ' ' + to_hex(credential.hash) + ' ' +
            scopes_text(credential.scopes) + ' ' + time_or_dash(credential.created) + ' ' +
            time_or_dash(credential.revoked) + '\n';
  }
  return text;
}

std::string scopes_text(Scopes scopes) {
  std::string text;
  for (const Scope scope : kAllScopes) {
    if (!scopes.has(scope)) continue;
    if (!text.empty()) text += ',';
    text += to_text(scope);
  }
  return text;
}

std::vector<Credential> read_credentials(const std::string& state_dir) {
  const std::string path = state_dir + "/credentials";
  return parse_credentials(read_text(path), path);
}

NewCredential add_credential(const std::string& state_dir, const TenantKey& tenant, Scopes scopes) {
  if (!is_plain(tenant.name)) throw std::runtime_error("not a tenant's name: " + tenant.name);
  if (scopes == Scopes()) throw std::runtime_error("a credential without a scope is good for nothing");
  SystemRandom random;
  NewCredential made{CredentialKey::random(random).to_string(), Token::random(random)};
  change(state_dir, [&](std::vector<Credential>& credentials) {
    credentials.push_back({made.id, tenant, made.secret.hash(), scopes, now_text(), ""});
    return true;
  });
  return made;
}

bool revoke_credential(const std::string& state_dir, std::string_view id) {
  bool is_revoked = false;
  change(state_dir, [&](std::vector<Credential>& credentials) {
    for (Credential& credential : credentials) {
      if (credential.id != id || !credential.revoked.empty()) continue;
      credential.revoked = now_text();
      is_revoked = true;
    }
    return is_revoked;
  });
  return is_revoked;
}

}  // namespace eir
