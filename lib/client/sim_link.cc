#include "lib/client/sim_link.h"

#include <algorithm>

namespace eir {

SimLink::Arrivals SimLink::transmit(Timestamp now, size_t size, Random& random) {
  while (planned_ < plan_.size() && plan_[planned_].at <= now) condition_ = plan_[planned_++].condition;
  size += condition_.overhead;
  ++counters_.entered;
  Arrivals arrivals;
  if (drops(now, size, random)) return arrivals;
  arrivals.times[arrivals.count++] = arrival(now, size, random);
  if (condition_.duplication > 0 && random.chance(condition_.duplication)) {
    arrivals.times[arrivals.count++] = arrival(now, size, random);
    ++counters_.duplicated;
  }
  counters_.delivered += arrivals.count;
  return arrivals;
}

bool SimLink::drops(Timestamp now, size_t size, Random& random) {
  if (condition_.is_down) {
    ++counters_.dropped_down;
    return true;
  }
  if (condition_.burst_enter > 0) {
    in_burst_ = in_burst_ ? !random.chance(condition_.burst_leave) : random.chance(condition_.burst_enter);
    if (in_burst_ && random.chance(condition_.burst_loss)) {
      ++counters_.dropped_burst;
      return true;
    }
  }
  if (condition_.loss > 0 && random.chance(condition_.loss)) {
    ++counters_.dropped_loss;
    return true;
  }
  if (!condition_.rate) return false;
  const Duration waits = queue(now);
  const auto waiting = static_cast<size_t>(condition_.rate->bytes_in(waits));
  if (waits <= condition_.queue && waiting + size <= condition_.queue_bytes) return false;
  ++counters_.dropped_queue;
  return true;
}

Duration SimLink::queue(Timestamp now) const {
  return free_at_ == Timestamp::min() ? Duration{} : std::max(Duration{}, free_at_ - now);
}

Timestamp SimLink::arrival(Timestamp now, size_t size, Random& random) {
  Timestamp at = now;
  if (condition_.rate) {
    free_at_ = std::max(free_at_, now) + condition_.rate->time_for(static_cast<int64_t>(size));
    at = free_at_;
  }
  at += condition_.delay;
  if (condition_.jitter > 0ms) at += Duration(static_cast<int64_t>(random.unit() * double(condition_.jitter.count())));
  if (condition_.reordering > 0 && random.chance(condition_.reordering)) return at + condition_.reordering_delay;
  if (!condition_.reorders) at = std::max(at, last_arrival_);
  last_arrival_ = std::max(last_arrival_, at);
  return at;
}

}  // namespace eir
