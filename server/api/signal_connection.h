#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

// What the WebSocket and the signalling know of each other. Nothing more is included here, because what includes
// Beast's WebSocket takes minutes to compile.
namespace eir {

// RFC 6455 section 7.4.2: 4000–4999 are ours. README.md says what each means.
enum class CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kViolation = 4400,
  kUnauthorized = 4401,
  kTimeout = 4408,
  kTakenOver = 4409,
  kRemoved = 4410,
  kTooFast = 4429,
};

// The WebSocket under a session. Both calls only queue; close() comes after what was sent before.
class SignalConnection {
 public:
  virtual ~SignalConnection() = default;
  virtual void send(std::string text) = 0;
  virtual void close(CloseCode code) = 0;
};

// What takes the frames of one connection. Owned by the connection; its end is the connection's end.
class SignalReceiver {
 public:
  virtual ~SignalReceiver() = default;
  // One text frame; returns when its one effect has happened.
  virtual boost::asio::awaitable<void> handle(std::string text) = 0;
  virtual bool said_hello() const = 0;
};

}  // namespace eir
