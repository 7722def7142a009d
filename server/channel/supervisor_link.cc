#include "server/channel/supervisor_link.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <deque>

#include "lib/base/bytes.h"
#include "server/channel/pass_descriptor.h"
#include "server/telemetry/log.h"

namespace asio = boost::asio;

namespace eir::channel {
namespace {

constexpr size_t kLinkBytes = 8;  // kind, worker; network order

}  // namespace

bool send_link(int socket, const LinkMessage& message) {
  uint8_t bytes[kLinkBytes];
  store_u32(bytes, static_cast<uint32_t>(message.kind));
  store_u32(bytes + 4, message.worker);
  return send_with_descriptor(socket, as_text(bytes), message.fd) == static_cast<ssize_t>(kLinkBytes);
}

std::optional<LinkMessage> receive_link(int socket, bool* closed) {
  uint8_t bytes[kLinkBytes + 1];  // one more, to tell a longer message
  std::deque<OwnedFd> descriptors;
  const ssize_t got = receive_with_descriptor(socket, reinterpret_cast<char*>(bytes), sizeof bytes, descriptors);
  *closed = got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != EMSGSIZE);
  if (got != static_cast<ssize_t>(kLinkBytes)) return std::nullopt;
  const uint32_t kind = load_u32(bytes);
  if (kind < static_cast<uint32_t>(LinkKind::kChannel) || kind > static_cast<uint32_t>(LinkKind::kReloadRefused)) {
    return std::nullopt;
  }
  LinkMessage out{static_cast<LinkKind>(kind), load_u32(bytes + 4), {}};
  if (!descriptors.empty()) out.fd = std::move(descriptors.front());
  return out;
}

struct SupervisorLink::State {
  State(asio::io_context& io_context, OwnedFd socket, Handler h)
      : io(io_context), descriptor(io_context, socket.release()), timer(io_context), handler(std::move(h)) {}

  asio::io_context& io;
  asio::posix::stream_descriptor descriptor;
  asio::steady_timer timer;
  Handler handler;
  bool is_open = true;

  static asio::awaitable<void> read_loop(std::shared_ptr<State> self) {
    boost::system::error_code error;
    while (self->is_open) {
      co_await self->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                           asio::redirect_error(asio::use_awaitable, error));
      if (error || !self->is_open) co_return;
      bool closed = false;
      auto message = receive_link(self->descriptor.native_handle(), &closed);
      if (closed) {
        // Without a supervisor nobody replaces or stops this process: PR_SET_PDEATHSIG normally comes first.
        log::error("supervisor_gone");
        message = LinkMessage{LinkKind::kStop, 0, {}};
        self->is_open = false;
      }
      if (message) self->handler(std::move(*message));
    }
  }

  static asio::awaitable<void> alive_loop(std::shared_ptr<State> self) {
    boost::system::error_code error;
    while (self->is_open && !error) {
      send_link(self->descriptor.native_handle(), {LinkKind::kAlive, 0, {}});
      self->timer.expires_after(std::chrono::milliseconds(kAliveIntervalMs));
      co_await self->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
};

SupervisorLink::SupervisorLink(asio::io_context& io, OwnedFd socket, Handler handler)
    : state_(std::make_shared<State>(io, std::move(socket), std::move(handler))) {
  asio::co_spawn(io, State::read_loop(state_), asio::detached);
  asio::co_spawn(io, State::alive_loop(state_), asio::detached);
}

SupervisorLink::~SupervisorLink() {
  state_->is_open = false;
  state_->timer.cancel();
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
}

void SupervisorLink::send(LinkKind kind, uint32_t worker) {
  if (!send_link(state_->descriptor.native_handle(), {kind, worker, {}})) log::warn("supervisor_link_full");
}

}  // namespace eir::channel
