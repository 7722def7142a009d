#include "bench/pinning.h"

#include <cerrno>
#include <system_error>

namespace eir::bench {

Pinning::Pinning() {
  if (sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
  }
  bool is_first = true;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(static_cast<size_t>(cpu), &allowed_)) continue;
    if (is_first) server_cpu_ = cpu;
    is_first = false;
    load_cpu_ = cpu;
  }
}

Pinning::~Pinning() { sched_setaffinity(0, sizeof allowed_, &allowed_); }

void Pinning::enter_server_cpu() { enter(server_cpu_); }

void Pinning::enter_load_cpu() { enter(load_cpu_); }

void Pinning::enter(int cpu) {
  if (!is_possible()) return;
  cpu_set_t one{};
  CPU_SET(static_cast<size_t>(cpu), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
  }
}

std::string Pinning::text() const {
  if (!is_possible()) return "server and load share one CPU";
  return "server on CPU " + std::to_string(server_cpu_) + ", load on CPU " + std::to_string(load_cpu_);
}

}  // namespace eir::bench
