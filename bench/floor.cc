#include "bench/floor.h"

#include <poll.h>
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
#include "server/media/native_address.h"

namespace eir::bench {
namespace {

constexpr Duration kAudioInterval = 20ms;
constexpr Duration kGroupInterval = MediaEncoding::kGroupInterval;
constexpr uint16_t kGroupPackets = MediaEncoding::kGroupPackets;
constexpr uint16_t kFramePackets = 8;
constexpr int64_t kFramesPerSecond = 30;
constexpr size_t kPacketsMax = 1024;
constexpr auto kLoopback = std::array<uint8_t, 4>{127, 0, 0, 1};

// The publisher: what is due, protected and sent in groups.
class FloorPublisher {
 public:
  FloorPublisher(const FloorOptions& options, int socket, const SocketAddress& worker)
      : options_(options),
        socket_(socket),
        session_(SrtpSession::outbound(floor_publisher_keys(), std::array{kFloorVideoSsrc, kFloorAudioSsrc})) {
    address_size_ = to_native(worker, AF_INET, address_);
  }

  void start(Timestamp at) {
    started_ = at;
    next_audio_ = at;
    next_group_ = at;
  }
  Timestamp next_due() const { return std::min(next_audio_, next_group_); }
  void send_due(Timestamp at) {
    for (; next_audio_ <= at; next_audio_ += kAudioInterval) {
      send(kFloorAudioSsrc, audio_sequence_, options_.audio_bytes, 1);
    }
    while (next_group_ <= at) {
      send(kFloorVideoSsrc, video_sequence_, options_.video_bytes, kGroupPackets);
      in_frame_ = static_cast<uint16_t>(in_frame_ + kGroupPackets);
      next_group_ += kGroupInterval;
      if (in_frame_ < kFramePackets) continue;
      in_frame_ = 0;
      next_group_ = started_ + Duration(++frames_ * 1'000'000'000 / kFramesPerSecond);
    }
  }
  uint64_t packets() const { return packets_; }

 private:
  void send(Ssrc ssrc, uint16_t& sequence, size_t bytes, size_t count) {
    std::array<std::array<uint8_t, Packet::kPayloadMax>, kGroupPackets> buffers{};
    std::array<iovec, kGroupPackets> areas{};
    std::array<mmsghdr, kGroupPackets> headers{};
    for (size_t i = 0; i < count; ++i) {
      RtpHeader header;
      header.payload_type = 96;
      header.sequence_number = sequence++;
      header.ssrc = ssrc;
      size_t size = bytes;
      if (write_rtp_header(buffers[i], header, {}, {}) == 0 || !session_.protect_rtp(buffers[i], size)) continue;
      areas[i] = {buffers[i].data(), size};
      headers[i].msg_hdr.msg_name = &address_;
      headers[i].msg_hdr.msg_namelen = address_size_;
      headers[i].msg_hdr.msg_iov = &areas[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = sendmmsg(socket_, headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent > 0) packets_ += static_cast<uint64_t>(sent);
  }

  FloorOptions options_;
  int socket_;
  SrtpSession session_;
  NativeAddress address_{};
  socklen_t address_size_ = 0;
  Timestamp started_;
  Timestamp next_audio_;
  Timestamp next_group_;
  uint16_t in_frame_ = 0;
  int64_t frames_ = 0;
  uint16_t audio_sequence_ = 0;
  uint16_t video_sequence_ = 0;
  uint64_t packets_ = 0;
};

// The worker's process, seen from here.
class FloorChild {
 public:
  FloorChild(const std::vector<OwnedFd>& subscribers, const std::string& engine) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    link_.reset(ends[0]);
    FloorWorkerSetup setup;
    setup.engine = engine;
    setup.link.reset(ends[1]);
    setup.udp = open_udp_socket(SocketAddress::v4(kLoopback, 0));
    address_ = SocketAddress::v4(kLoopback, port_of(setup.udp.value()));
    for (const OwnedFd& one : subscribers) {
      setup.subscribers.push_back(SocketAddress::v4(kLoopback, port_of(one.value())));
    }
    pid_ = fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
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
      : sockets_(open_sockets(options.subscribers)),
        child_(sockets_, options.engine),
        socket_(open_udp_socket(SocketAddress::v4(kLoopback, 0))),
        publisher_(options, socket_.value(), child_.address()),
        pool_(kPacketsMax),
        receiver_(pool_) {
    for (const OwnedFd& one : sockets_) waits_.push_back({one.value(), POLLIN, 0});
  }

  void start() { publisher_.start(now()); }
  void run_until(Timestamp until) {
    for (Timestamp at = now(); at < until; at = now()) {
      publisher_.send_due(at);
      const Duration left = std::max(std::min(until, publisher_.next_due()) - now(), Duration{});
      const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      if (ppoll(waits_.data(), waits_.size(), &timeout, nullptr) <= 0) continue;
      for (const pollfd& one : waits_) {
        if (one.revents != 0) drain(one.fd);
      }
    }
  }

  // What is left once the measured time is over, without sending more.
  FloorFigures take() const {
    const FloorReport report = child_.report();
    FloorFigures out;
    out.packets_sent = publisher_.packets();
    out.packets_forwarded = report.forwarded;
    out.packets_received = received_;
    out.cpu = child_.cpu();
    std::copy(std::begin(report.runs), std::end(report.runs), out.runs.begin());
    out.engine = report.engine;
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
  std::vector<pollfd> waits_;
  uint64_t received_ = 0;
};

}  // namespace

FloorFigures measure_floor(const FloorOptions& options) {
  FloorDrive drive(options);
  drive.start();
  drive.run_until(now() + options.warm_up);
  const FloorFigures before = drive.take();
  drive.run_until(now() + options.duration);
  FloorFigures figures = drive.take();
  figures.packets_sent -= before.packets_sent;
  figures.packets_forwarded -= before.packets_forwarded;
  figures.packets_received -= before.packets_received;
  figures.cpu = figures.cpu - before.cpu;
  for (size_t i = 0; i < figures.runs.size(); ++i) figures.runs[i] -= before.runs[i];
  return figures;
}

}  // namespace eir::bench
