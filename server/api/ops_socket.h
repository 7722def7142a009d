#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace eir {

// What eirctl talks to: a Unix socket in the state directory that only eird's own user and root can use (its mode is
// 0600, and the peer is asked for). One line in, the command; one JSON document out, to the end. Owned by
// run_control(); closing it removes the file.
class OpsSocket {
 public:
  static constexpr size_t kLineBytesMax = 64;
  static constexpr size_t kConnectionsMax = 16;
  static constexpr std::chrono::seconds kLineWithin{5};

  // Answers a command with JSON.
  using Handler = std::function<boost::asio::awaitable<std::string>(std::string)>;

  // Throws boost::system::system_error that names the path: it is too long for a socket (107 bytes), or not writable.
  OpsSocket(boost::asio::io_context& io, const std::string& path, Handler handler);
  ~OpsSocket();
  OpsSocket(const OpsSocket&) = delete;
  OpsSocket& operator=(const OpsSocket&) = delete;

  void close();

  // Where both sides look for it.
  static std::string path_in(const std::string& state_dir);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the coroutines of its connections
};

}  // namespace eir
