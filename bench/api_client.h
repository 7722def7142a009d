#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/host.h"

namespace eir::bench {

// The host and port of "http://127.0.0.1:8080". Throws std::runtime_error for anything but http and an address of
// loopback or of this machine: the bench loads nobody else's server.
struct ApiAddress {
  std::string host;
  uint16_t port = 8080;
};
ApiAddress parse_api_address(std::string_view url);

// Eir's API. post() and get() wait, with deadlines, and are for what nobody measures; joins go on with poll(), many at
// a time.
class ApiClient {
 public:
  explicit ApiClient(ApiAddress address);
  ~ApiClient();

  // Status 2xx or std::runtime_error with the problem's code. `bearer` may be empty.
  boost::json::value post(const std::string& path, const boost::json::value& body, const std::string& bearer);
  std::string get(const std::string& path);

  // Begins to join with an invitation; the session says how far it came.
  std::unique_ptr<Session> join(const std::string& invitation, std::string display_name, std::string offer);
  // Goes on with all joins, reads what came on all sessions and keeps them alive.
  void poll();

 private:
  struct Io;
  std::unique_ptr<Io> io_;
  ApiAddress address_;
};

}  // namespace eir::bench
