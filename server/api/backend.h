#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "server/api/rest_api.h"
#include "server/api/whip.h"
#include "server/telemetry/histogram.h"

namespace boost::asio {
class io_context;
}

namespace eir {

struct BackendOptions {
  uint32_t workers = 1;
  std::unique_ptr<Store> store;
  StoredState stored;  // what the store held
  OwnedFd supervisor_link;
  JournalTimes journal_times = {};  // tests set less
};

// All of control but its listeners: the domain, the media workers and what clients may ask, put together. Owned by
// run_control(), or by a test that plays the workers.
class Backend final : public WorkerListener {
 public:
  // Everything passed by reference outlives it.
  Backend(boost::asio::io_context& io, const Config& config, const Templates& templates, Random& random,
          const Clock& clock, BackendOptions options);

  // What the supervisor asks of the process beyond Backend. A reload comes with the configuration's text, if the daemon
  // has a file and it can be read.
  std::function<void(OwnedFd)> on_reload;
  std::function<void()> on_stop;

  void on_worker_event(WorkerIndex worker, const channel::Event& event) override;
  void on_rooms_lost(WorkerIndex worker, const std::vector<RoomId>& rooms) override;
  void on_worker_adopted(WorkerIndex worker, const channel::WorkerReport& report) override;
  void on_reload_asked(OwnedFd text) override;
  void on_drain_asked() override;
  void on_stop_asked() override;

  // The configuration's limits are others now.
  void take_limits();
  // Several times a second.
  void handle_tick();
  bool is_draining() const { return is_draining_; }

  Journal journal;
  Consultations consultations;
  Recorder recorder;
  EventBell bell;
  Workers workers;
  RoomBridge bridge;
  Signalling signalling;
  RestApi rest;
  WhipApi whip;
  // What a worker itself took of a join: from a connected transport to the first packet sent to the participant.
  Histogram first_media{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

 private:
  LoadLimits load_limits() const;

  const Config& config_;
  const Clock& clock_;
  boost::asio::any_io_executor executor_;
  Timestamp drain_until_ = kNever;
  bool is_draining_ = false;
  bool said_drained_ = false;
};

}  // namespace eir
