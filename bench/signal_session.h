#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "bench/host.h"

namespace eir::bench {

// Who wants in, and where.
struct JoinRequest {
  boost::asio::ip::tcp::endpoint server;
  std::string host;  // for the Host header
  std::string invitation;
  std::string display_name;
  std::string offer;
};

// One participant's way in and signalling: POST /v1/join with an invitation, a WebSocket that says hello, an offer and
// its answer. Goes on whenever the io_context runs; nothing of it waits but the farewell.
class SignalSession final : public Session {
 public:
  SignalSession(boost::asio::io_context& io, JoinRequest request);
  ~SignalSession() override;
  SignalSession(const SignalSession&) = delete;
  SignalSession& operator=(const SignalSession&) = delete;

  const JoinProgress& progress() const override;
  // Keeps the session alive, if it is time.
  void ping();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the coroutine, which ends when the io_context runs next
};

}  // namespace eir::bench
