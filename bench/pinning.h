#pragma once

#include <sched.h>

#include <optional>
#include <string>

namespace eir::bench {

// The first and the last processor that this program may use: a server gets one for itself, the load the other. On a
// machine with a single one both share it, and nothing is pinned. Restores what was allowed when it is destroyed.
class Pinning {
 public:
  Pinning();
  ~Pinning();
  Pinning(const Pinning&) = delete;
  Pinning& operator=(const Pinning&) = delete;

  bool is_possible() const { return server_cpu_ != load_cpu_; }
  // This thread, and with it the processes that it starts. Before a server is started, and after.
  void enter_server_cpu();
  void enter_load_cpu();
  // "server on CPU 0, load on CPU 1"
  std::string text() const;

 private:
  void enter(int cpu);

  cpu_set_t allowed_{};
  int server_cpu_ = 0;
  int load_cpu_ = 0;
};

}  // namespace eir::bench
