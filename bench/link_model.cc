#include "bench/link_model.h"

#include <algorithm>

namespace eir::bench {

std::optional<Timestamp> LinkModel::pass(Timestamp now, size_t bytes, Random& random) {
  if (options_.loss > 0 && random.chance(options_.loss)) {
    ++dropped_;
    return std::nullopt;
  }
  if (!options_.rate) return now + options_.delay;
  const Timestamp begins = std::max(free_at_, now);
  if (begins - now > kQueueMax) {
    ++dropped_;
    return std::nullopt;
  }
  free_at_ = begins + options_.rate->time_for(static_cast<int64_t>(bytes));
  return free_at_ + options_.delay;
}

}  // namespace eir::bench
