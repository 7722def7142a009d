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
constexpr int kSocketBufferBytes = 1 << 20;
// A turn takes at most this many batches from one socket, so that the others get theirs.
constexpr int kBatchesPerTurn = 4;

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

}  // namespace

Timestamp now() { return Timestamp(std::chrono::steady_clock::now().time_since_epoch()); }

OwnedFd open_udp_socket(const SocketAddress& local) {
  OwnedFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  // What the kernel does not give is missed as loss, and counted.
  setsockopt(fd.value(), SOL_SOCKET, SO_RCVBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
  setsockopt(fd.value(), SOL_SOCKET, SO_SNDBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
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

ClientLoop::ClientLoop(const DtlsContext& dtls)
    : dtls_(dtls), pool_(kPacketsMax), receiver_(pool_), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1");
}

ClientLoop::~ClientLoop() = default;

size_t ClientLoop::add(ClientOptions options) {
  auto seat = std::make_unique<Seat>();
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
    for (size_t i = 0; i < seats_.size(); ++i) {
      if (due_[i] > at) continue;
      seats_[i]->client->handle_timeout(at);
      settle(i);
    }
    wait(until);
  }
}

void ClientLoop::wait(Timestamp until) {
  for (const Timestamp due : due_) until = std::min(until, due);
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

// Single datagrams, as browsers send them: runs on this side would spare the server work that it has in truth.
void ClientLoop::send_due(size_t index) {
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
