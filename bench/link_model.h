#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir::bench {

// What one direction of an access line does to datagrams.
struct LinkOptions {
  double loss = 0;  // of each datagram by itself, 0 to 1
  Duration delay{};
  std::optional<DataRate> rate{};
  bool is_plain() const { return loss == 0 && delay == Duration{} && !rate; }
};

// Says of each datagram when it comes out, or that it does not. In order: nothing overtakes. Owned by a seat of the
// client loop; the randomness is its owner's, so that a seed repeats a run's losses.
class LinkModel {
 public:
  // What would wait longer for the rate is dropped, as a home router's queue does.
  static constexpr Duration kQueueMax = 300ms;

  explicit LinkModel(const LinkOptions& options) : options_(options) {}

  std::optional<Timestamp> pass(Timestamp now, size_t bytes, Random& random);
  uint64_t dropped() const { return dropped_; }

 private:
  LinkOptions options_;
  Timestamp free_at_{};  // when the rate has sent what waits
  uint64_t dropped_ = 0;
};

}  // namespace eir::bench
