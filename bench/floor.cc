#include "bench/floor.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "bench/client_loop.h"
#include "bench/floor_worker.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/transport/srtp_session.h"
#include "lib/transport/transmit_queue.h"
#include "server/media/udp_sender.h"

namespace eir::bench {
namespace {

constexpr size_t kPacketsMax = 1024;
constexpr size_t kBatchDatagrams = 64;
constexpr auto kLoopback = std::array<uint8_t, 4>{127, 0, 0, 1};
// As eird's sockets.
constexpr int kWorkerBufferBytes = 4 << 20;
// What is later than this is left out instead of sent in one burst.
constexpr Duration kLateMax = 50ms;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// The publisher: the plan's batches when they are due, each as one run, so that the worker finds it whole.
class FloorPublisher {
 public:
  FloorPublisher(const FloorOptions& options, int socket, const SocketAddress& worker)
      : plan_(options.plan),
        size_(options.plan.bytes_in - floor_tag_size(options.srtp_profile)),
        path_({.socket = 0, .remote = worker}),
        session_(SrtpSession::outbound(floor_publisher_keys(options.srtp_profile), std::array{kFloorSsrc})),
        queue_(kBatchDatagrams, kBatchDatagrams * TransmitQueue::kDatagramMax),
        sender_({{socket, AF_INET}}) {}

  void start(Timestamp at) { due_ = at; }
  Timestamp next_due() const { return due_; }
  void send_due(Timestamp at) {
    for (; due_ <= at; due_ += plan_.interval) {
      const FloorPlan::Batch& batch = plan_.batches[next_];
      next_ = (next_ + 1) % plan_.batches.size();
      if (at - due_ > kLateMax) {
        ++left_out_;
      } else {
        send(batch.datagrams);
      }
    }
  }
  uint64_t packets() const { return sender_.counters().datagrams; }
  uint64_t left_out() const { return left_out_; }

 private:
  void send(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const MutableBytes out = queue_.reserve(TransmitKind::kControl);
      RtpHeader header;
      header.payload_type = 96;
      header.sequence_number = sequence_++;
      header.ssrc = kFloorSsrc;
      size_t size = size_;
      if (out.empty() || write_rtp_header(out, header, {}, {}) == 0 || !session_.protect_rtp(out, size)) continue;
      queue_.commit(path_, size, TransmitKind::kControl);
    }
    if (sender_.send(queue_) == SendOutcome::kBlocked) queue_.clear();
  }

  FloorPlan plan_;
  size_t size_;  // before it is protected
  Path path_;
  SrtpSession session_;
  TransmitQueue queue_;
  UdpSender sender_;
  Timestamp due_;
  size_t next_ = 0;
  uint16_t sequence_ = 0;
  uint64_t left_out_ = 0;
};

// The worker's process, seen from here.
class FloorChild {
 public:
  FloorChild(const std::vector<OwnedFd>& subscribers, const FloorOptions& options) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    link_.reset(ends[0]);
    FloorWorkerSetup setup;
    setup.plan = options.plan;
    setup.srtp_profile = options.srtp_profile;
    setup.link.reset(ends[1]);
    setup.udp = open_udp_socket(SocketAddress::v4(kLoopback, 0), kWorkerBufferBytes);
    address_ = SocketAddress::v4(kLoopback, port_of(setup.udp.value()));
    for (const OwnedFd& one : subscribers) {
      setup.subscribers.push_back(SocketAddress::v4(kLoopback, port_of(one.value())));
    }
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ > 0) return;
    link_.reset();
    run_floor_worker(std::move(setup));
  }
  // The closed link ends it.
  ~FloorChild() {
    link_.reset();
    waitpid(pid_, nullptr, 0);
  }
  FloorChild(const FloorChild&) = delete;
  FloorChild& operator=(const FloorChild&) = delete;

  FloorReport report() const {
    FloorReport out;
    const uint8_t byte = 1;
    const bool is_there = write(link_.value(), &byte, 1) == 1 &&
                          recv(link_.value(), &out, sizeof out, MSG_WAITALL) == static_cast<ssize_t>(sizeof out);
    if (!is_there) throw std::runtime_error("the floor's worker is gone");
    return out;
  }
  CpuTime cpu() const { return read_cpu_time(pid_).value_or(CpuTime{}); }
  const SocketAddress& address() const { return address_; }

 private:
  pid_t pid_ = -1;
  OwnedFd link_;
  SocketAddress address_;
};

class FloorDrive {
 public:
  explicit FloorDrive(const FloorOptions& options)
      : sockets_(open_sockets(options.plan.destinations)),
        child_(sockets_, options),
        socket_(open_udp_socket(SocketAddress::v4(kLoopback, 0))),
        publisher_(options, socket_.value(), child_.address()),
        pool_(kPacketsMax),
        receiver_(pool_),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) fail("epoll_create1");
    for (const OwnedFd& one : sockets_) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = one.value();
      if (epoll_ctl(epoll_.value(), EPOLL_CTL_ADD, one.value(), &event) != 0) fail("epoll_ctl");
    }
  }

  void start() { publisher_.start(now()); }
  void run_until(Timestamp until) {
    for (Timestamp at = now(); at < until; at = now()) {
      publisher_.send_due(at);
      const Duration left = std::max(std::min(until, publisher_.next_due()) - now(), Duration{});
      const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      std::array<epoll_event, 64> events{};
      const int ready = epoll_pwait2(epoll_.value(), events.data(), events.size(), &timeout, nullptr);
      for (int i = 0; i < ready; ++i) drain(events[static_cast<size_t>(i)].data.fd);
    }
  }

  // All since the start.
  FloorFigures take() const {
    const FloorReport report = child_.report();
    FloorFigures out;
    out.packets_sent = publisher_.packets();
    out.packets_forwarded = report.forwarded;
    out.packets_received = received_;
    out.left_out = publisher_.left_out();
    out.cpu = child_.cpu();
    std::copy(std::begin(report.batches), std::end(report.batches), out.batches.begin());
    std::copy(std::begin(report.runs), std::end(report.runs), out.runs.begin());
    out.send_calls = static_cast<double>(report.send_calls);
    return out;
  }

 private:
  static std::vector<OwnedFd> open_sockets(size_t count) {
    std::vector<OwnedFd> out;
    for (size_t i = 0; i < count; ++i) out.push_back(open_udp_socket(SocketAddress::v4(kLoopback, 0)));
    return out;
  }

  void drain(int socket) {
    bool more = true;
    while (more) {
      const UdpReceiver::Batch batch = receiver_.receive(socket);
      more = batch.more;
      received_ += batch.datagrams.size();
    }
  }

  std::vector<OwnedFd> sockets_;
  FloorChild child_;
  OwnedFd socket_;
  FloorPublisher publisher_;
  PacketPool pool_;
  UdpReceiver receiver_;
  OwnedFd epoll_;
  uint64_t received_ = 0;
};

SizeCounts difference(const SizeCounts& after, const SizeCounts& before) {
  SizeCounts out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = after[i] - before[i];
  return out;
}

}  // namespace

FloorFigures measure_floor(const FloorOptions& options) {
  if (options.pinning != nullptr) options.pinning->enter_server_cpu();
  FloorDrive drive(options);
  if (options.pinning != nullptr) options.pinning->enter_load_cpu();
  drive.start();
  drive.run_until(now() + options.warm_up);
  const FloorFigures before = drive.take();
  drive.run_until(now() + options.duration);
  FloorFigures figures = drive.take();
  figures.packets_sent -= before.packets_sent;
  figures.packets_forwarded -= before.packets_forwarded;
  figures.packets_received -= before.packets_received;
  figures.left_out -= before.left_out;
  figures.cpu = figures.cpu - before.cpu;
  figures.batches = difference(figures.batches, before.batches);
  figures.runs = difference(figures.runs, before.runs);
  figures.send_calls -= before.send_calls;
  figures.engine = options.engine;
  return figures;
}

}  // namespace eir::bench
