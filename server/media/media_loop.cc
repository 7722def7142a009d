#include "server/media/media_loop.h"

#include <sys/socket.h>
#include <time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace eir {
namespace {

namespace asio = boost::asio;

int family_of(int fd) {
  NativeAddress name{};
  socklen_t size = sizeof name;
  if (getsockname(fd, &name.common, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "getsockname of a media socket");
  }
  return name.common.sa_family;
}

std::vector<UdpSendSocket> send_sockets(const std::vector<OwnedFd>& sockets) {
  std::vector<UdpSendSocket> out;
  out.reserve(sockets.size());
  for (const OwnedFd& socket : sockets) out.push_back({socket.value(), family_of(socket.value())});
  return out;
}

// Steady time is CLOCK_MONOTONIC on Linux. A signal ends it early, which does no harm.
void sleep_until(Timestamp at) {
  const auto since_boot = at.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  const timespec until{.tv_sec = whole.count(), .tv_nsec = (since_boot - whole).count()};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

void ask_for_stamps(int fd) {
  const int one = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) != 0) {
    throw std::system_error(errno, std::generic_category(), "SO_TIMESTAMPNS of a media socket");
  }
}

// The clock of the kernel's stamps.
Duration wall_clock() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

MediaLoop::MediaLoop(asio::io_context& io, std::vector<OwnedFd> sockets, const Parts& parts)
    : io_(io),
      parts_(parts),
      receiver_(parts.pool, parts.measures_delay ? UdpReceiver::Stamps::kOldest : UdpReceiver::Stamps::kNone),
      sender_(send_sockets(sockets), parts.dscp),
      timer_(io) {
  if (parts.measures_delay) {
    for (const OwnedFd& socket : sockets) ask_for_stamps(socket.value());
    delay_.emplace();
  }
  sockets_.reserve(sockets.size());
  for (OwnedFd& socket : sockets) sockets_.emplace_back(io, socket.release());
}

Timestamp MediaLoop::now() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

void MediaLoop::start() {
  for (uint32_t i = 0; i < sockets_.size(); ++i) wait_readable(i);
  settle(now());
}

void MediaLoop::wait_readable(uint32_t socket) {
  sockets_[socket].async_wait(Descriptor::wait_read, [this, socket](const boost::system::error_code& error) {
    if (!error) handle_readable(socket);
  });
}

void MediaLoop::handle_readable(uint32_t socket) {
  ++counters_.turns;
  bool more = true;
  const Timestamp begin = now();
  Timestamp at = begin;
  size_t datagrams = 0;
  for (size_t i = 0; i < kBatchesPerTurn && more; ++i) {
    const UdpReceiver::Batch batch = receiver_.receive(sockets_[socket].native_handle());
    more = batch.more;
    if (batch.datagrams.empty()) continue;
    ++counters_.batches;
    datagrams += batch.datagrams.size();
    if (delay_ && batch.oldest != Duration{}) {
      delay_->handle_batch(batch.oldest, batch.datagrams.size(), sender_.counters().datagrams);
    }
    at = now();
    for (ReceivedDatagram& datagram : batch.datagrams) {
      parts_.router.handle_datagram(at, std::move(datagram.packet), {socket, datagram.remote}, parts_.queue);
    }
    flush(at);
  }
  if (more) ++counters_.turns_cut;
  settle(at);
  spacing_.note_turn(begin, datagrams);
  if (!more) rest_later();
  // With datagrams left this completes in the loop's next round.
  wait_readable(socket);
}

// After the turns of the other sockets that are ready now: the loop keeps handlers in order.
void MediaLoop::rest_later() {
  if (will_rest_ || spacing_.next_turn() <= now()) return;
  will_rest_ = true;
  asio::post(io_, [this] {
    will_rest_ = false;
    const Timestamp until = spacing_.next_turn();
    if (until <= now()) return;
    ++counters_.rests;
    sleep_until(until);
  });
}

void MediaLoop::settle(Timestamp at) {
  flush(at);
  while (const std::optional<RouterEvent> event = parts_.router.poll_event()) parts_.events.on_router_event(*event);
  arm();
}

void MediaLoop::flush(Timestamp at) {
  // While a socket is blocked the router drops what finds no room, so this ends.
  while (!parts_.router.flush(at, parts_.queue)) {
    ++counters_.flushes_repeated;
    send();
  }
  send();
  // What a full socket buffer holds back has not left yet.
  if (delay_ && parts_.queue.empty() && delay_->has_sent(sender_.counters().datagrams))
    delay_->handle_sent(wall_clock());
}

void MediaLoop::send() {
  if (parts_.queue.is_blocked()) return;
  if (sender_.send(parts_.queue) == SendOutcome::kDone) return;
  parts_.queue.set_blocked(true);
  sockets_[sender_.blocked_socket()].async_wait(Descriptor::wait_write, [this](const boost::system::error_code& error) {
    if (!error) handle_writable();
  });
}

void MediaLoop::handle_writable() {
  parts_.queue.set_blocked(false);
  settle(now());
}

// An earlier wake-up than needed costs less than setting the timer after every batch; a later one is never allowed.
void MediaLoop::arm() {
  const Timestamp next = parts_.router.next_timeout();
  if (next >= armed_for_) return;
  armed_for_ = next;
  timer_.expires_at(std::chrono::steady_clock::time_point(next.time_since_epoch()));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) handle_timer();
  });
}

void MediaLoop::handle_timer() {
  ++counters_.timeouts;
  armed_for_ = kNever;
  const Timestamp at = now();
  parts_.router.handle_timeout(at, parts_.queue);
  settle(at);
}

}  // namespace eir
