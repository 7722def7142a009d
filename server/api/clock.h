#pragma once

#include "server/consultation/consultation.h"

namespace eir {

// Where control takes its time from; tests have a clock of their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Now now() const override {
    return {Timestamp(std::chrono::steady_clock::now().time_since_epoch()),
            std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())};
  }
};

}  // namespace eir
