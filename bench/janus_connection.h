#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/janus_messages.h"

namespace eir::bench {

// One WebSocket to a Janus on loopback and one session of its API, in which all handles live. Blocking, with deadlines:
// joins are not what is measured under load.
class JanusConnection {
 public:
  // Throws std::runtime_error or boost::system::system_error if nobody answers there.
  explicit JanusConnection(uint16_t port);
  ~JanusConnection();

  std::string next_transaction();
  // Sends a request and returns its success, or the event that follows its acknowledgement, errors included.
  JanusMessage call(const std::string& request, const std::string& transaction);
  // Nobody waits for what comes of it.
  void send(const std::string& request);
  JanusAddress attach();
  uint64_t session() const { return session_; }
  // Keeps the session alive, which would end after 60 s of silence.
  void poll();

 private:
  struct Io;
  std::unique_ptr<Io> io_;
  uint64_t session_ = 0;
  uint64_t transactions_ = 0;
};

// Throws std::runtime_error with Janus' own words if the message is an error.
void check_janus(const JanusMessage& message, const std::string& what);

}  // namespace eir::bench
