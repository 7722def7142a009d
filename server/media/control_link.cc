#include "server/media/control_link.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <utility>

#include "server/media/conversions.h"
#include "server/telemetry/log.h"

namespace eir {

ControlLink::ControlLink(boost::asio::io_context& io, Router& router, TransmitQueue& queue, const PacketPool& pool,
                         const Options& options)
    : io_(io),
      router_(router),
      queue_(queue),
      pool_(pool),
      options_(options),
      handler_(router, queue, options.handler),
      second_(io) {}

ControlLink::~ControlLink() = default;

void ControlLink::start(MediaLoop& loop, OwnedFd channel, OwnedFd supervisor) {
  loop_ = &loop;
  attach(std::move(channel));
  supervisor_.emplace(io_, std::move(supervisor),
                      [this](channel::LinkMessage message) { handle_link(std::move(message)); });
  wait_second();
  supervisor_->send(channel::LinkKind::kReady);
}

void ControlLink::handle_link(channel::LinkMessage message) {
  switch (message.kind) {
    case channel::LinkKind::kChannel:
      return attach(std::move(message.fd));
    case channel::LinkKind::kStop:
      return stop();
    case channel::LinkKind::kWorkerDied:
    case channel::LinkKind::kReload:
    case channel::LinkKind::kDrain:
    case channel::LinkKind::kReady:
    case channel::LinkKind::kAlive:
    case channel::LinkKind::kDrained:
    case channel::LinkKind::kChannelBroken:
    case channel::LinkKind::kReloadWanted:
    case channel::LinkKind::kDrainWanted:
    case channel::LinkKind::kReloaded:
    case channel::LinkKind::kReloadRefused:
      return;  // for control, or what children say themselves
  }
}

void ControlLink::attach(OwnedFd channel) {
  if (!channel) return;
  channel_ = std::make_unique<channel::ChannelEnd>(io_, std::move(channel), *this);
  alone_since_ = kNever;
  send(channel::Hello{options_.worker, static_cast<uint32_t>(getpid())});
}

// `attached` is closed with the end of this call: no request that brings a descriptor is served.
void ControlLink::on_message(channel::Message message, OwnedFd) {
  const auto* request = std::get_if<channel::Request>(&message.body);
  if (request == nullptr) return;  // control answers nothing and has no events of its own
  if (const auto* configure = std::get_if<channel::Configure>(request)) {
    options_.alone_max = std::chrono::seconds(configure->alone_s);
  }
  const Timestamp now = MediaLoop::now();
  channel::Reply reply = handler_.handle(now, *request);
  // The reply goes first, so that control knows a transport before it hears of its tracks.
  if (channel_) channel_->send({message.id, std::move(reply)});
  loop_->settle(now);
}

void ControlLink::on_channel_closed(channel::CloseReason reason) {
  log::warn("control_gone", {{"reason", static_cast<int>(reason)},
                             {"rooms", router_.rooms().size()},
                             {"transports", router_.transport_count()}});
  channel_.reset();
  alone_since_ = MediaLoop::now();
}

void ControlLink::on_router_event(const RouterEvent& event) { send(to_channel(event)); }

// Without control nobody listens; the next one asks for a report.
void ControlLink::send(channel::Event event) {
  if (channel_) channel_->send({0, std::move(event)});
}

void ControlLink::wait_second() {
  second_.expires_after(kSnapshotInterval);
  second_.async_wait([this](const boost::system::error_code& error) {
    if (!error) handle_second();
  });
}

void ControlLink::handle_second() {
  send(snapshot({.router = router_,
                 .pool = pool_,
                 .receive = loop_->receive_counters(),
                 .send = loop_->send_counters(),
                 .loop = loop_->counters(),
                 .revoked_in_queue = handler_.revoked_in_queue(),
                 .added_delay = loop_->added_delay()}));
  log::tell_suppressed();
  handle_loneliness(MediaLoop::now());
  wait_second();
}

void ControlLink::handle_loneliness(Timestamp now) {
  if (alone_since_ == kNever || now - alone_since_ < options_.alone_max) return;
  if (!router_.is_draining()) {
    log::error("alone_too_long", {{"alone_s", options_.alone_max.count()}});
    router_.drain();
  }
  if (router_.transport_count() == 0) stop();
}

// Every client hears close_notify instead of silence.
void ControlLink::stop() {
  const Timestamp now = MediaLoop::now();
  log::info("stopping", {{"rooms", router_.rooms().size()}, {"transports", router_.transport_count()}});
  while (!router_.rooms().empty()) static_cast<void>(router_.close_room(now, router_.rooms().begin()->first, queue_));
  loop_->settle(now);
  io_.stop();
}

}  // namespace eir
