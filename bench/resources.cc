#include "bench/resources.h"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace eir::bench {

void allow_descriptors(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::max<rlim_t>(wanted, limit.rlim_cur);
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  throw std::runtime_error("the scenario needs " + std::to_string(wanted) +
                           " open descriptors; raise the limit (ulimit -n)");
}

}  // namespace eir::bench
