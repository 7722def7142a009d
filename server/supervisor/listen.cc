#include "server/supervisor/listen.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

#include "server/config/ip_address.h"
#include "server/telemetry/log.h"

namespace eir {
namespace {

// Connections that wait for accept(): as many joins as may come within a second of a busy loop.
constexpr int kBacklog = 1024;

struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_UNSPEC;
};

NativeAddress native(const SocketAddress& address) {
  NativeAddress out;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.data() + 12, 4);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
    out.family = AF_INET;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
    out.family = AF_INET6;
  }
  return out;
}

struct Wanted {
  std::string key;  // for messages
  std::string address;
  uint16_t port = 0;
  int type = SOCK_STREAM;
};

[[noreturn]] void fail(const Wanted& wanted, const char* call) {
  throw std::system_error(errno, std::generic_category(),
                          wanted.key + ": " + call + " " + wanted.address + " port " + std::to_string(wanted.port));
}

BoundSocket bind_one(const Wanted& wanted) {
  const auto address = parse_ip_address(wanted.address, wanted.port);
  if (!address) throw std::invalid_argument(wanted.key + ": not an address: " + wanted.address);
  const NativeAddress to = native(*address);
  BoundSocket out{OwnedFd(socket(to.family, wanted.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), wanted.address,
                  wanted.port, wanted.address};
  if (!out.fd) fail(wanted, "socket");
  const int fd = out.fd.value();
  const int one = 1;
  // A daemon that restarts need not wait for its old connections' TIME_WAIT. Never for UDP: there it would let a second
  // daemon share the port.
  if (wanted.type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (to.family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) fail(wanted, "bind");
  if (wanted.type == SOCK_STREAM && listen(fd, kBacklog) != 0) fail(wanted, "listen");
  return out;
}

std::vector<BoundSocket> listen_on(const std::string& key, const std::vector<std::string>& addresses, uint16_t port) {
  std::vector<BoundSocket> out;
  for (const std::string& address : addresses) {
    try {
      out.push_back(bind_one({key, address, port, SOCK_STREAM}));
    } catch (const std::system_error& e) {
      const bool is_v6 = address.find(':') != std::string::npos;
      const int code = e.code().value();
      if (!is_v6 || (code != EAFNOSUPPORT && code != EADDRNOTAVAIL)) throw;
      log::warn("listener_without_ipv6", {{"key", key}, {"error", e.what()}});
    }
  }
  return out;
}

// Asks for the size with and without the privilege to exceed the kernel's limit, and tells when it was not granted.
void ask_buffer(const BoundSocket& socket, int forced, int plain, uint32_t bytes, const char* sysctl) {
  const int wanted = static_cast<int>(bytes);
  const int fd = socket.fd.value();
  if (setsockopt(fd, SOL_SOCKET, forced, &wanted, sizeof wanted) != 0) {
    setsockopt(fd, SOL_SOCKET, plain, &wanted, sizeof wanted);
  }
  int given = 0;
  socklen_t size = sizeof given;
  getsockopt(fd, SOL_SOCKET, plain, &given, &size);
  // socket(7): the kernel doubles what it is asked for, and tells the doubled value.
  if (given / 2 >= wanted) return;
  log::warn("socket_buffer_small",
            {{"port", socket.port}, {"wanted_bytes", wanted}, {"given_bytes", given / 2}, {"raise", sysctl}});
}

std::vector<BoundSocket> udp_sockets(const MediaConfig& media, const std::vector<MediaAddress>& addresses,
                                     uint32_t worker) {
  std::vector<BoundSocket> out;
  for (const MediaAddress& address : addresses) {
    const auto port = static_cast<uint16_t>(media.port_base + worker);
    out.push_back(bind_one({"media.port_base", address.bind, port, SOCK_DGRAM}));
    if (!address.announce.empty()) out.back().announce = address.announce;
    ask_buffer(out.back(), SO_RCVBUFFORCE, SO_RCVBUF, media.receive_buffer_bytes, "net.core.rmem_max");
    ask_buffer(out.back(), SO_SNDBUFFORCE, SO_SNDBUF, media.send_buffer_bytes, "net.core.wmem_max");
  }
  return out;
}

std::optional<SocketAddress> address_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || (entry.ifa_flags & IFF_UP) == 0 || (entry.ifa_flags & IFF_LOOPBACK) != 0) {
    return std::nullopt;
  }
  SocketAddress out;
  if (entry.ifa_addr->sa_family == AF_INET) {
    std::array<uint8_t, 4> v4{};
    std::memcpy(v4.data(), &reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr, 4);
    if (v4[0] == 169 && v4[1] == 254) return std::nullopt;  // RFC 3927
    return SocketAddress::v4(v4, 0);
  }
  if (entry.ifa_addr->sa_family != AF_INET6) return std::nullopt;
  std::memcpy(out.ip.data(), &reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr, 16);
  if (out.ip[0] == 0xfe && (out.ip[1] & 0xc0) == 0x80) return std::nullopt;  // fe80::/10, RFC 4291 section 2.5.6
  return out;
}

std::string text_of(const SocketAddress& address) {
  const std::string with_port = address.to_string();
  const std::string host = with_port.substr(0, with_port.rfind(':'));
  return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::vector<MediaAddress> media_addresses(const MediaConfig& media) {
  if (!media.addresses.empty()) return media.addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) throw std::system_error(errno, std::generic_category(), "getifaddrs");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  std::optional<SocketAddress> v4;
  std::optional<SocketAddress> v6;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto address = address_of(*entry);
    if (!address) continue;
    auto& slot = address->is_v4() ? v4 : v6;
    if (!slot) slot = address;
  }
  std::vector<MediaAddress> out;
  if (v4) out.push_back({text_of(*v4), ""});
  if (v6) out.push_back({text_of(*v6), ""});
  // A machine without a network still serves itself.
  if (out.empty()) out.push_back({"127.0.0.1", ""});
  return out;
}

uint32_t worker_count(const MediaConfig& media) {
  if (media.workers != 0) return media.workers;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  const int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
  return std::clamp(static_cast<uint32_t>(count), 1U, kWorkersMax);
}

BoundSockets bind_all(const Config& config, uint32_t workers) {
  BoundSockets out;
  const Listeners& listeners = config.listeners;
  if (!listeners.https.certificate_file.empty()) {
    out.https = listen_on("listeners.https", listeners.https.addresses, listeners.https.port);
  }
  out.http_loopback =
      listen_on("listeners.http_loopback", listeners.http_loopback.addresses, listeners.http_loopback.port);
  out.ops = listen_on("listeners.ops", {listeners.ops.address}, listeners.ops.port);
  const std::vector<MediaAddress> addresses = media_addresses(config.media);
  for (uint32_t i = 0; i < workers; ++i) out.udp.push_back(udp_sockets(config.media, addresses, i));
  return out;
}

}  // namespace eir
