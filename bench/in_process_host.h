#pragma once

#include "bench/host.h"
#include "server/channel/owned_fd.h"

namespace eir::bench {

// lib/router behind UDP sockets by the media worker's own loop, in a child of this process, without control and without
// HTTP: what the packet path costs by itself.
class InProcessHost final : public Host {
 public:
  struct Options {
    // install_srtp_engine() has been called in this process, so that the child has its own copy already.
    bool has_engine = false;
    bool measures_delay = false;  // as media.measure_delay of eird
  };
  explicit InProcessHost(const Options& options);
  ~InProcessHost() override;
  InProcessHost(const InProcessHost&) = delete;
  InProcessHost& operator=(const InProcessHost&) = delete;

  std::string name() const override { return "router"; }
  void open_rooms(size_t /*count*/) override {}  // each with its first participant
  std::unique_ptr<Session> join(const Seat& seat, std::string offer) override;
  void poll() override {}
  std::vector<pid_t> workers() const override { return {child_}; }
  Counters counters() override;

 private:
  class RouterSession;
  std::string request(const std::string& text);

  pid_t child_ = -1;
  OwnedFd link_;
  uint32_t next_participant_ = 1;
};

}  // namespace eir::bench
