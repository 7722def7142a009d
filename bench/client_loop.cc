#include "bench/client_loop.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "server/media/native_address.h"

namespace eir::bench {
namespace {

constexpr size_t kPacketsMax = 1024;
// A turn takes at most this many batches from one socket, so that the others get theirs.
constexpr int kBatchesPerTurn = 4;

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

// Since the socket was opened (SO_MEMINFO of linux/sock_diag.h; a kernel that does not know it counts nothing).
uint64_t overflows_of(int socket) {
  constexpr size_t kDrops = 8;
  std::array<uint32_t, kDrops + 1> values{};
  socklen_t size = sizeof values;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0) return 0;
  return values[kDrops];
}

int receive_buffer_of(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  if (getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, &size) != 0) fail("getsockopt");
  return bytes;
}

}  // namespace

Timestamp now() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

OwnedFd open_udp_socket(const SocketAddress& local, int buffer_bytes) {
  OwnedFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  // Beyond the system's limit where that is allowed. What the kernel does not give is missed as loss, and counted.
  for (const auto& [forced, plain] : {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}}) {
    if (setsockopt(fd.value(), SOL_SOCKET, forced, &buffer_bytes, sizeof buffer_bytes) == 0) continue;
    setsockopt(fd.value(), SOL_SOCKET, plain, &buffer_bytes, sizeof buffer_bytes);
  }
  NativeAddress name{};
  const socklen_t size = to_native(local, AF_INET, name);
  if (bind(fd.value(), &name.common, size) != 0) fail("bind");
  return fd;
}

uint16_t port_of(int socket) {
  NativeAddress name{};
  socklen_t size = sizeof name;
  if (getsockname(socket, &name.common, &size) != 0) fail("getsockname");
  return from_native(name).port;
}

ClientLoop::ClientLoop(const DtlsContext& dtls, const std::optional<LinkCondition>& line, uint64_t seed)
    : dtls_(dtls),
      pool_(kPacketsMax),
      receiver_(pool_),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      line_(line),
      line_random_(seed) {
  if (!epoll_) fail("epoll_create1");
}

ClientLoop::~ClientLoop() = default;

size_t ClientLoop::add(ClientOptions options) {
  auto seat = std::make_unique<Seat>(line_.value_or(LinkCondition{}));
  seat->socket = open_udp_socket(SocketAddress::v4({0, 0, 0, 0}, 0));
  // Some servers want to hear of an address, though these clients' checks would tell it.
  options.addresses = {SocketAddress::v4({127, 0, 0, 1}, port_of(seat->socket.value()))};
  seat->client = std::make_unique<Client>(std::move(options), dtls_, random_);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = seats_.size();
  if (epoll_ctl(epoll_.value(), EPOLL_CTL_ADD, seat->socket.value(), &event) != 0) fail("epoll_ctl");
  seats_.push_back(std::move(seat));
  due_.push_back(kNever);
  return seats_.size() - 1;
}

void ClientLoop::remove(size_t index) {
  Seat& seat = *seats_[index];
  seat.client->close(now());
  settle(index);
  due_[index] = kNever;
  seat.overflows = overflows_of(seat.socket.value());
  seat.socket.reset();
}

uint64_t ClientLoop::overflows() const {
  uint64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->socket ? overflows_of(seat->socket.value()) : seat->overflows;
  return sum;
}

int ClientLoop::receive_buffer() const {
  for (const auto& seat : seats_) {
    if (seat->socket) return receive_buffer_of(seat->socket.value());
  }
  return 0;
}

uint64_t ClientLoop::dropped_by_lines() const {
  uint64_t sum = 0;
  for (const auto& seat : seats_) sum += seat->up.counters().dropped() + seat->down.counters().dropped();
  return sum;
}

uint32_t ClientLoop::take_key_frame_requests(size_t index) {
  return std::exchange(seats_[index]->key_frame_requests, 0);
}

void ClientLoop::settle(size_t index) {
  send_due(index);
  take_events(index);
  due_[index] = seats_[index]->client->next_timeout();
}

void ClientLoop::run_until(Timestamp until) {
  for (Timestamp at = now(); at < until; at = now()) {
    deliver_due(at);
    for (size_t i = 0; i < seats_.size(); ++i) {
      if (due_[i] > at) continue;
      // A client that has more to send at once says so by a time that is long past.
      if (due_[i] != Timestamp::min()) lateness_.add(at - due_[i]);
      seats_[i]->client->handle_timeout(at);
      settle(i);
    }
    wait(until);
  }
}

void ClientLoop::wait(Timestamp until) {
  for (const Timestamp due : due_) until = std::min(until, due);
  if (!delayed_.empty()) until = std::min(until, delayed_.front().at);
  const Duration left = std::max(until - now(), Duration{});
  const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  std::array<epoll_event, 64> events{};
  const int ready = epoll_pwait2(epoll_.value(), events.data(), events.size(), &timeout, nullptr);
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) receive(events[static_cast<size_t>(i)].data.u64);
}

void ClientLoop::receive(size_t index) {
  Seat& seat = *seats_[index];
  bool more = true;
  for (int i = 0; i < kBatchesPerTurn && more; ++i) {
    const UdpReceiver::Batch batch = receiver_.receive(seat.socket.value());
    more = batch.more;
    const Timestamp at = now();
    for (ReceivedDatagram& datagram : batch.datagrams) {
      if (line_) {
        const ByteView bytes = datagram.packet->bytes();
        const SimLink::Arrivals out = seat.down.transmit(at, bytes.size(), line_random_);
        for (size_t copy = 0; copy < out.count; ++copy) {
          delay({out.times[copy], 0, index, false, datagram.remote, {bytes.begin(), bytes.end()}});
        }
        continue;
      }
      seat.client->handle_datagram(at, datagram.packet->bytes(), {0, datagram.remote});
    }
  }
  settle(index);
}

void ClientLoop::send(size_t index, ByteView datagram) {
  const Path* const path = client(index).transport().send_path();
  if (path == nullptr) return;
  NativeAddress address{};
  const socklen_t size = to_native(path->remote, AF_INET, address);
  // A full socket loses it, as a network would.
  static_cast<void>(
      sendto(seats_[index]->socket.value(), datagram.data(), datagram.size(), MSG_DONTWAIT, &address.common, size));
}

void ClientLoop::send_through_line(size_t index) {
  Seat& seat = *seats_[index];
  Path path;
  const Timestamp at = now();
  while (const size_t size = seat.client->poll_transmit(buffers_[0], path)) {
    const SimLink::Arrivals out = seat.up.transmit(at, size, line_random_);
    const auto begin = buffers_[0].begin();
    for (size_t copy = 0; copy < out.count; ++copy) {
      delay({out.times[copy], 0, index, true, path.remote, {begin, begin + static_cast<ptrdiff_t>(size)}});
    }
  }
}

void ClientLoop::delay(Delayed datagram) {
  datagram.serial = ++delayed_count_;
  delayed_.push_back(std::move(datagram));
  std::push_heap(delayed_.begin(), delayed_.end());
}

void ClientLoop::deliver_due(Timestamp at) {
  while (!delayed_.empty() && delayed_.front().at <= at) {
    std::pop_heap(delayed_.begin(), delayed_.end());
    Delayed datagram = std::move(delayed_.back());
    delayed_.pop_back();
    Seat& seat = *seats_[datagram.seat];
    if (!seat.socket) continue;
    if (!datagram.is_outgoing) {
      seat.client->handle_datagram(at, datagram.bytes, {0, datagram.remote});
      settle(datagram.seat);
      continue;
    }
    NativeAddress address{};
    const socklen_t size = to_native(datagram.remote, AF_INET, address);
    static_cast<void>(
        sendto(seat.socket.value(), datagram.bytes.data(), datagram.bytes.size(), MSG_DONTWAIT, &address.common, size));
  }
}

// Single datagrams, as browsers send them: runs on this side would spare the server work that it has in truth.
void ClientLoop::send_due(size_t index) {
  if (line_) return send_through_line(index);
  Client& peer = *seats_[index]->client;
  std::array<NativeAddress, kSendBatch> addresses{};
  std::array<iovec, kSendBatch> areas{};
  std::array<mmsghdr, kSendBatch> headers{};
  bool more = true;
  while (more) {
    size_t count = 0;
    while (count < kSendBatch) {
      Path path;
      const size_t size = peer.poll_transmit(buffers_[count], path);
      if (size == 0) break;
      const socklen_t name_size = to_native(path.remote, AF_INET, addresses[count]);
      if (name_size == 0) continue;  // an IPv6 candidate
      areas[count] = {buffers_[count].data(), size};
      msghdr& header = headers[count].msg_hdr;
      header.msg_name = &addresses[count];
      header.msg_namelen = name_size;
      header.msg_iov = &areas[count];
      header.msg_iovlen = 1;
      ++count;
    }
    if (count > 0) sendmmsg(seats_[index]->socket.value(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    more = count == kSendBatch;
  }
}

void ClientLoop::take_events(size_t index) {
  Seat& seat = *seats_[index];
  while (const auto event = seat.client->poll_event()) {
    if (std::holds_alternative<ClientPathSelected>(*event)) {
      if (seat.times.path_selected == kNever) seat.times.path_selected = now();
    } else if (std::holds_alternative<ClientConnected>(*event)) {
      seat.times.connected = now();
    } else if (const auto* closed = std::get_if<ClientClosed>(&*event)) {
      seat.closed = closed->reason;
    } else if (std::holds_alternative<KeyFrameRequested>(*event)) {
      ++seat.key_frame_requests;
    }
  }
}

}  // namespace eir::bench
