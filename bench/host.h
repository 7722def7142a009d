#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace eir::bench {

// Names and values as a worker's snapshot has them, without the "eir_" of the metrics page; several workers are summed.
using Counters = std::map<std::string, double, std::less<>>;

// One connection's signalling. Destroyed: the participant leaves.
class Session {
 public:
  virtual ~Session() = default;
  // The answer to an offer. Throws std::runtime_error if it is refused.
  virtual std::string exchange(const std::string& offer) = 0;
  // Of servers that offer themselves: their offer, to be answered. Empty: the client offers.
  virtual std::string take_offer() { return {}; }
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
  // The room is opened when it is first named. Throws std::runtime_error.
  virtual std::unique_ptr<Session> join(const Seat& seat) = 0;
  // A connection publishes or watches, never both, and who watches comes after all who publish.
  virtual bool is_one_way() const { return false; }
  // Keeps the sessions alive; to be called every second or so.
  virtual void poll() = 0;
  // The processes that forward media.
  virtual std::vector<pid_t> workers() const = 0;
  // All processes of the server, those that forward nothing included.
  virtual std::vector<pid_t> processes() const { return workers(); }
  // Empty if it cannot be had.
  virtual Counters counters() = 0;
};

}  // namespace eir::bench
