#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Everything that can be set, with its default. The YAML keys are the member names, nested as the structs are.
// config/eird.yaml repeats every key with its default, unit and a sentence; a test compares the two.
namespace eir {

struct HttpsListener {
  // Local addresses to listen on; empty turns the listener off.
  std::vector<std::string> addresses = {"0.0.0.0", "::"};
  uint16_t port = 8443;
  // PEM files. Both empty: the listener is off. The key file must be readable by its owner only (mode 0600 or 0400).
  std::string certificate_file;
  std::string key_file;
};

struct HttpLoopbackListener {
  // Loopback addresses only: the same pages and API without TLS, for a reverse proxy or a browser on this machine.
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  uint16_t port = 8080;
};

struct OpsListener {
  // Health, readiness, metrics. A loopback address; anything wider is refused.
  std::string address = "127.0.0.1";
  uint16_t port = 9090;
};

struct Listeners {
  HttpsListener https;
  HttpLoopbackListener http_loopback;
  OpsListener ops;
  // What links to this node start with, for instance https://video.example.org; empty: built from the listeners.
  std::string public_url;
  // Browser origins besides public_url that may use the API and open the signalling WebSocket.
  std::vector<std::string> allowed_origins;
};

struct MediaAddress {
  // A local address that UDP sockets are bound to; never a wildcard, because the answer leaves by it.
  std::string bind;
  // What clients are told instead, where address translation stands between; empty: `bind` itself.
  std::string announce;
};

struct Dscp {
  // Differentiated services code points (RFC 8837 section 5) per kind of media; 0 leaves packets unmarked. Control
  // packets (STUN, DTLS, RTCP) are marked as audio: what they carry is as urgent and as small.
  uint8_t audio = 46;
  uint8_t video = 36;
};

struct MediaConfig {
  // Local addresses, IPv4 and IPv6; empty: the first non-loopback address of each family that the host has.
  std::vector<MediaAddress> addresses;
  // Worker i uses UDP port port_base + i on every media address.
  uint16_t port_base = 40000;
  // Media worker processes; 0: as many as there are cores.
  uint32_t workers = 0;
  // Refuse AES128_CM_SHA1_80, so that media is AES-GCM or nothing.
  bool forbid_cm80 = false;
  // Asked for each UDP socket; a warning names the kernel setting when less is given.
  uint32_t receive_buffer_bytes = 4 << 20;
  uint32_t send_buffer_bytes = 4 << 20;
  Dscp dscp;
  // How long datagrams stay in a worker, from the kernel's receive stamp to the send, as a histogram of the metrics
  // page. Off, because the kernel then stamps every datagram.
  bool measure_delay = false;
};

struct Limits {
  // Above a limit new work is refused with a stable code; what runs goes on.
  // Planned and open ones.
  uint32_t consultations = 10000;
  // A template may set less.
  uint32_t participants_per_consultation = 250;
  uint32_t participants_per_worker = 1000;
  uint32_t transports_per_participant = 4;
  // Token buckets: of all joins of the node, and of joins with an unknown token from one source address.
  uint32_t joins_per_second = 100;
  uint32_t joins_per_source_per_minute = 120;
  // Of a media worker's core, in the last seconds; 0: no limit. Who is in stays, and comes back.
  uint32_t cpu_percent = 80;
  // Megabits per second of media that all workers together send; 0: no limit.
  uint32_t egress_mbit = 0;
  uint32_t http_connections = 4096;
  uint32_t http_connections_per_source = 256;
  // Longest body of a request and longest WebSocket message.
  uint32_t http_body_bytes = 65536;
  uint32_t signalling_messages_per_second = 50;
};

// How many days the records of each class are kept; 0: for ever.
struct RetentionConfig {
  // Consultations that are over, with what is known of who took part: ids, roles and times.
  uint32_t consultations_days = 30;
  // The audit trail; what is erased leaves the hash that the rest hangs on.
  uint32_t audit_days = 0;
  uint32_t usage_days = 0;
  // What GET /v1/events can still tell who was away.
  uint32_t events_days = 7;
  // Answers that a repeated Idempotency-Key gets again.
  uint32_t answers_days = 1;
};

struct Timeouts {
  // A worker without control drains after this long.
  uint32_t worker_alone_s = 600;
  // SIGTERM: running consultations may go on for this long before they are ended.
  uint32_t drain_s = 3600;
  // Total times for a TLS handshake, a request's header, its body, and silence on a kept connection.
  uint32_t tls_handshake_s = 10;
  uint32_t http_header_s = 10;
  uint32_t http_body_s = 10;
  uint32_t http_idle_s = 60;
  // From the WebSocket's opening to a valid hello.
  uint32_t signalling_hello_s = 5;
};

enum class LogFormat : uint8_t { kText, kJson, kJournald };
enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct LogConfig {
  // Always to standard error, which systemd or the container collects; journald adds the <priority> prefix.
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
};

struct Config {
  // Names this node on its metrics page and in its log.
  std::string node_name = "eir";
  // Directory of the embedded store and generated secrets.
  std::string state_dir = "/var/lib/eir";
  // The site's own consultation templates, in addition to those that come with Eir; empty: none.
  std::string templates_file;
  Listeners listeners;
  MediaConfig media;
  Limits limits;
  Timeouts timeouts;
  RetentionConfig retention;
  LogConfig log;
};

// Workers beyond the number of cores only cost; 64 keeps the ports within one firewall rule.
inline constexpr uint32_t kWorkersMax = 64;
// No configuration of any use is longer; the parser reads no further.
inline constexpr size_t kConfigBytesMax = 256 << 10;

// What stands for a key where the text as a whole is wrong.
inline constexpr std::string_view kWholeDocument = "(document)";

struct ConfigError {
  int line = 0;     // 1-based
  std::string key;  // dotted path: "listeners.ops.address", "media.addresses[1].bind"; or kWholeDocument
  std::string message;
};

// Either `errors` is empty and `config` is what the text says, or `config` is the defaults.
struct ParsedConfig {
  Config config;
  std::vector<ConfigError> errors;
  std::string filename;
  std::map<std::string, int> lines;  // of each key that the text has

  bool ok() const { return errors.empty(); }
  // A mistake in what `key` names; its line is the key's, or that of the nearest group above that the text has.
  ConfigError error(std::string key, std::string message) const;
  // One line per error: "file:line: key message".
  std::string error_text() const;
};

// Reads text only: no file that the text names is opened.
ParsedConfig parse_config(std::string_view text, std::string_view filename);
// The same, and checks the files that the text names: they exist, the key is private.
ParsedConfig check_config_text(std::string_view text, std::string_view filename);
// The same for a file.
ParsedConfig load_config(const std::string& path);
// The effective configuration as YAML, every key.
std::string to_yaml(const Config& config);

}  // namespace eir
