#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eir::bench {

// Names and values as a worker's snapshot has them, without the "eir_" of the metrics page; several workers are summed.
using Counters = std::map<std::string, double, std::less<>>;

// One participant's signalling. Destroyed: the participant leaves.
class Session {
 public:
  virtual ~Session() = default;
  // The answer to an offer. Throws std::runtime_error if it is refused.
  virtual std::string exchange(const std::string& offer) = 0;
};

// What is measured: an SFU with rooms that clients can be put into.
class Host {
 public:
  virtual ~Host() = default;
  virtual std::string name() const = 0;
  // A participant in room number `room`, which is opened when it is first named. Throws std::runtime_error.
  virtual std::unique_ptr<Session> join(size_t room) = 0;
  // Keeps the sessions alive; to be called every second or so.
  virtual void poll() = 0;
  // The processes that forward media.
  virtual std::vector<pid_t> workers() const = 0;
  // Empty if it cannot be had.
  virtual Counters counters() = 0;
};

}  // namespace eir::bench
