#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "server/channel/channel_end.h"
#include "server/channel/supervisor_link.h"
#include "server/media/control_handler.h"
#include "server/media/media_loop.h"

namespace eir {

// A worker's line to control, which may end and begin anew while media flows, and its line to the supervisor, which
// brings the new one. Requests become verbs of the router between batches, its events become messages, and each second
// a snapshot of counters goes out. A worker that nobody has spoken to for long drains and ends. Owned by the worker.
class ControlLink final : public channel::ChannelListener, public RouterEventListener {
 public:
  static constexpr std::chrono::seconds kSnapshotInterval{1};

  struct Options {
    uint32_t worker = 0;
    std::chrono::seconds alone_max{600};  // without control for so long: drain, and end when the last transport is gone
    ControlHandlerOptions handler;
  };

  ControlLink(boost::asio::io_context& io, Router& router, TransmitQueue& queue, const PacketPool& pool,
              const Options& options);
  ~ControlLink() override;

  // `loop` outlives the link's use of it: both end with the io_context's run.
  void start(MediaLoop& loop, OwnedFd channel, OwnedFd supervisor);

  void on_message(channel::Message message, OwnedFd attached) override;
  void on_channel_closed(channel::CloseReason reason) override;
  void on_router_event(const RouterEvent& event) override;

 private:
  void handle_link(channel::LinkMessage message);
  void attach(OwnedFd channel);
  void send(channel::Event event);
  void wait_second();
  void handle_second();
  void handle_loneliness(Timestamp now);
  void stop();

  boost::asio::io_context& io_;
  Router& router_;
  TransmitQueue& queue_;
  const PacketPool& pool_;
  Options options_;
  ControlHandler handler_;
  MediaLoop* loop_ = nullptr;
  std::unique_ptr<channel::ChannelEnd> channel_;  // null while there is no control
  std::optional<channel::SupervisorLink> supervisor_;
  boost::asio::steady_timer second_;
  Timestamp alone_since_ = kNever;
};

}  // namespace eir
