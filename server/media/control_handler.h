#pragma once

#include <cstdint>

#include "lib/router/router.h"
#include "server/channel/messages.h"

namespace eir {

struct ControlHandlerOptions {
  uint32_t sessions_per_participant_max = 4;
};

// Does what control asks: one request, one verb of the Router, one reply. Owned by the worker; runs between batches of
// packets, and its caller flushes and drains events afterwards.
class ControlHandler {
 public:
  ControlHandler(Router& router, TransmitQueue& out, ControlHandlerOptions options)
      : router_(router), out_(out), options_(options) {}

  channel::Reply handle(Timestamp now, const channel::Request& request);

  // Datagrams thrown away because the rights under which they were made are gone.
  uint64_t revoked_in_queue() const { return revoked_in_queue_; }

 private:
  channel::Reply handle(Timestamp now, const channel::OpenRoom& request);
  channel::Reply handle(Timestamp now, const channel::CloseRoom& request);
  channel::Reply handle(Timestamp now, const channel::Join& request);
  channel::Reply handle(Timestamp now, const channel::Leave& request);
  channel::Reply handle(Timestamp now, const channel::SetRights& request);
  channel::Reply handle(Timestamp now, const channel::Negotiate& request);
  channel::Reply handle(Timestamp now, const channel::RestartIce& request);
  channel::Reply handle(Timestamp now, const channel::CloseTransport& request);
  channel::Reply handle(Timestamp now, const channel::SetView& request);
  channel::Reply handle(Timestamp now, const channel::SetMute& request);
  channel::Reply handle(Timestamp now, const channel::SetLabel& request);
  channel::Reply handle(Timestamp now, const channel::TakeConnection& request);
  channel::Reply handle(Timestamp now, const channel::Report& request);
  channel::Reply handle(Timestamp now, const channel::Ping& request);
  channel::Reply handle(Timestamp now, const channel::Drain& request);
  channel::Reply handle(Timestamp now, const channel::Configure& request);

  bool has_too_many_sessions(const channel::Negotiate& request) const;
  const ClientSession* find_session(TransportId transport) const;
  void drop_what_waits();

  Router& router_;
  TransmitQueue& out_;
  ControlHandlerOptions options_;
  uint64_t revoked_in_queue_ = 0;
};

}  // namespace eir
