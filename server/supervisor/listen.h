#pragma once

#include <string>
#include <vector>

#include "server/channel/owned_fd.h"
#include "server/channel/start.h"
#include "server/config/config.h"

namespace eir {

// A socket that the supervisor keeps for as long as it lives, however often its children are replaced.
struct BoundSocket {
  OwnedFd fd;
  std::string address;
  uint16_t port = 0;
  std::string announce;

  channel::InheritedSocket inherited() const { return {fd.value(), address, port, announce}; }
};

// Everything the configuration asks for. Sockets are non-blocking and closed on exec.
struct BoundSockets {
  std::vector<BoundSocket> https;
  std::vector<BoundSocket> http_loopback;
  std::vector<BoundSocket> ops;
  std::vector<std::vector<BoundSocket>> udp;  // of each worker, one per media address
};

// Throws std::system_error that names address, port and key. An IPv6 listening address is left out with a warning where
// the machine has no IPv6.
BoundSockets bind_all(const Config& config, uint32_t workers);

// media.addresses, or the host's first address of each family that is neither loopback nor link-local.
std::vector<MediaAddress> media_addresses(const MediaConfig& media);
// media.workers, or the number of cores this process may run on.
uint32_t worker_count(const MediaConfig& media);

}  // namespace eir
