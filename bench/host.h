#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/base/time.h"

namespace eir::bench {

// Names and values as a worker's snapshot has them, without the "eir_" of the metrics page; several workers are summed.
using Counters = std::map<std::string, double, std::less<>>;

// How far one connection's signalling came. kNever: not yet, or not known to this host.
struct JoinProgress {
  Timestamp begun = kNever;     // the click
  Timestamp entered = kNever;   // the invitation was taken
  Timestamp welcomed = kNever;  // the WebSocket is open and knows who this is
  Timestamp answered = kNever;
  std::string answer;
  std::string offer;    // of servers that offer themselves: to be answered
  std::string refusal;  // why there will be none of these

  bool is_over() const { return answered != kNever || !offer.empty() || !refusal.empty(); }
};

// One connection's signalling. Destroyed: the participant leaves.
class Session {
 public:
  virtual ~Session() = default;
  virtual const JoinProgress& progress() const = 0;
  // To progress().offer. Throws std::runtime_error if it is refused.
  virtual void give_answer(const std::string&) { throw std::runtime_error("this host makes no offers"); }
};

// What one connection is for.
enum class Part : uint8_t { kBoth, kPublishes, kWatches };

// Who comes: person number `person` of room number `room`. Whoever watches does not see what the same person publishes.
struct Seat {
  size_t room = 0;
  size_t person = 0;
  Part part = Part::kBoth;
};

// What is measured: an SFU with rooms that clients can be put into.
class Host {
 public:
  virtual ~Host() = default;
  virtual std::string name() const = 0;
  // Rooms 0 to `count` − 1, before anybody joins. Throws std::runtime_error.
  virtual void open_rooms(size_t count) = 0;
  // Begins to bring in a connection, which offers this; poll() goes on with it. `offer` is empty where the server makes
  // the offer.
  virtual std::unique_ptr<Session> join(const Seat& seat, std::string offer) = 0;
  virtual bool makes_offer_to(Part) const { return false; }
  // A connection publishes or watches, never both, and who watches comes after all who publish.
  virtual bool is_one_way() const { return false; }
  // Goes on with joins and keeps the sessions alive; never waits long. To be called often while somebody joins, else
  // every second or so.
  virtual void poll() = 0;
  // The processes that forward media.
  virtual std::vector<pid_t> workers() const = 0;
  // All processes of the server, those that forward nothing included.
  virtual std::vector<pid_t> processes() const { return workers(); }
  // Empty if it cannot be had.
  virtual Counters counters() = 0;
};

}  // namespace eir::bench
