#include "server/config/config_checks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "server/config/config_fields.h"
#include "server/config/ip_address.h"

namespace eir {
namespace {

constexpr KeyRange kRanges[] = {
    {"listeners.https.port", 1, 65535},
    {"listeners.http_loopback.port", 1, 65535},
    {"listeners.ops.port", 1, 65535},
    {"media.port_base", 1, 65535},
    {"media.workers", 0, kWorkersMax},
    {"media.receive_buffer_bytes", 64 << 10, 1 << 30},
    {"media.send_buffer_bytes", 64 << 10, 1 << 30},
    {"media.dscp.audio", 0, 63},
    {"media.dscp.video", 0, 63},
    {"limits.consultations", 1, 100000},
    {"limits.participants_per_consultation", 1, 250},
    {"limits.participants_per_worker", 1, 5000},
    {"limits.transports_per_participant", 1, 4},
    {"limits.joins_per_second", 1, 10000},
    {"limits.joins_per_source_per_minute", 1, 100000},
    {"limits.cpu_percent", 0, 100},
    {"limits.egress_mbit", 0, 1000000},
    {"limits.http_connections", 16, 65536},
    {"limits.http_connections_per_source", 1, 65536},
    {"limits.http_body_bytes", 4096, 1 << 20},
    {"limits.signalling_messages_per_second", 5, 1000},
    {"timeouts.worker_alone_s", 10, 86400},
    {"timeouts.drain_s", 0, 86400},
    {"timeouts.tls_handshake_s", 1, 60},
    {"timeouts.http_header_s", 1, 60},
    {"timeouts.http_body_s", 1, 300},
    {"timeouts.http_idle_s", 1, 3600},
    {"timeouts.signalling_hello_s", 1, 60},
    {"retention.consultations_days", 0, 36500},
    {"retention.audit_days", 0, 36500},
    {"retention.usage_days", 0, 36500},
    {"retention.events_days", 0, 36500},
    {"retention.answers_days", 0, 36500},
};

class Checks {
 public:
  Checks(const Config& config, const std::map<std::string, int>& lines, std::vector<ConfigError>& errors)
      : config_(config), lines_(lines), errors_(errors) {}

  void all() {
    names();
    tls_listener();
    loopback_listeners();
    urls();
    media_addresses();
    ports();
  }

  void files() {
    const auto& https = config_.listeners.https;
    if (!config_.templates_file.empty()) readable("templates_file", config_.templates_file);
    if (!https.certificate_file.empty()) readable("listeners.https.certificate_file", https.certificate_file);
    if (!https.key_file.empty()) private_file("listeners.https.key_file", https.key_file);
  }

 private:
  void fail(const std::string& key, std::string message) {
    errors_.push_back({line_of_key(lines_, key), key, std::move(message)});
  }

  std::optional<SocketAddress> address(const std::string& key, const std::string& text) {
    auto out = parse_ip_address(text);
    if (!out) fail(key, "must be an IPv4 or IPv6 address");
    return out;
  }

  void names() {
    const auto& name = config_.node_name;
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    if (name.empty() || name.size() > 63 || !plain) {
      fail("node_name", "must be 1 to 63 of a-z, 0-9, '-' and '.'");
    }
    if (!config_.state_dir.starts_with('/')) fail("state_dir", "must be an absolute path");
  }

  void tls_listener() {
    const auto& https = config_.listeners.https;
    for (size_t i = 0; i < https.addresses.size(); ++i) {
      address("listeners.https.addresses[" + std::to_string(i) + "]", https.addresses[i]);
    }
    if (https.certificate_file.empty() != https.key_file.empty()) {
      fail(https.key_file.empty() ? "listeners.https.key_file" : "listeners.https.certificate_file",
           "is missing: certificate_file and key_file belong together");
    }
  }

  void loopback_listeners() {
    const auto& http = config_.listeners.http_loopback;
    for (size_t i = 0; i < http.addresses.size(); ++i) {
      const std::string key = "listeners.http_loopback.addresses[" + std::to_string(i) + "]";
      const auto parsed = address(key, http.addresses[i]);
      if (parsed && !is_loopback(*parsed)) fail(key, "must be a loopback address: this listener has no TLS");
    }
    const auto ops = address("listeners.ops.address", config_.listeners.ops.address);
    if (ops && !is_loopback(*ops)) {
      fail("listeners.ops.address", "must be a loopback address: this listener has no authentication");
    }
  }

  void urls() {
    if (!config_.listeners.public_url.empty()) origin("listeners.public_url", config_.listeners.public_url);
    for (size_t i = 0; i < config_.listeners.allowed_origins.size(); ++i) {
      origin("listeners.allowed_origins[" + std::to_string(i) + "]", config_.listeners.allowed_origins[i]);
    }
  }

  // Scheme, host and port as a browser's Origin header has them, and nothing behind (RFC 6454 section 7).
  void origin(const std::string& key, const std::string& text) {
    std::string_view rest = text;
    const bool scheme = rest.starts_with("https://") || rest.starts_with("http://");
    if (scheme) rest.remove_prefix(rest.find("://") + 3);
    if (!scheme || rest.empty() || rest.find_first_of("/?#@ \t\"\\") != std::string_view::npos) {
      fail(key, "must be https://host or https://host:port and nothing behind it");
    }
  }

  void media_addresses() {
    std::set<std::array<uint8_t, 16>> seen;
    for (size_t i = 0; i < config_.media.addresses.size(); ++i) {
      const auto& entry = config_.media.addresses[i];
      const std::string key = "media.addresses[" + std::to_string(i) + "]";
      const auto bind = address(key + ".bind", entry.bind);
      if (bind && is_wildcard(*bind)) fail(key + ".bind", "must name one address: answers leave by it");
      if (bind && !seen.insert(bind->ip).second) fail(key + ".bind", "stands in the list twice");
      if (entry.announce.empty()) continue;
      const auto announce = address(key + ".announce", entry.announce);
      if (bind && announce && bind->is_v4() != announce->is_v4()) {
        fail(key + ".announce", "must be of the same family as bind");
      }
    }
    const uint32_t workers = std::max(config_.media.workers, 1U);
    if (config_.media.port_base + workers - 1 > 65535) {
      fail("media.port_base", "leaves no room for one port per worker below 65536");
    }
  }

  void ports() {
    std::map<uint16_t, std::string> taken;
    const auto take = [&](uint16_t port, const std::string& key) {
      const auto [at, is_new] = taken.emplace(port, key);
      if (!is_new) fail(key, "is the port of " + at->second + " as well");
    };
    const auto& listeners = config_.listeners;
    take(listeners.https.port, "listeners.https.port");
    take(listeners.http_loopback.port, "listeners.http_loopback.port");
    take(listeners.ops.port, "listeners.ops.port");
  }

  bool readable(const std::string& key, const std::string& path) {
    if (access(path.c_str(), R_OK) == 0) return true;
    fail(key, "cannot be read: " + path + ": " + std::strerror(errno));
    return false;
  }

  void private_file(const std::string& key, const std::string& path) {
    if (!readable(key, path)) return;
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return fail(key, "cannot be examined: " + path);
    if (!S_ISREG(info.st_mode)) fail(key, "is not a file: " + path);
    if ((info.st_mode & 077) != 0) fail(key, "is open to others; chmod 0600 " + path);
  }

  const Config& config_;
  const std::map<std::string, int>& lines_;
  std::vector<ConfigError>& errors_;
};

}  // namespace

std::span<const KeyRange> key_ranges() { return kRanges; }

void check_config(ConfigReading& reading) { Checks(reading.config, reading.lines, reading.errors).all(); }

void check_config_files(const Config& config, const std::map<std::string, int>& lines,
                        std::vector<ConfigError>& errors) {
  Checks(config, lines, errors).files();
}

}  // namespace eir
