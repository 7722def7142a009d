#include "bench/in_process_host.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "bench/client_loop.h"
#include "bench/scenario_spec.h"
#include "lib/router/router.h"
#include "lib/transport/dtls_certificate.h"
#include "lib/transport/srtp_crypto.h"
#include "server/media/media_loop.h"
#include "server/media/worker_counters.h"

namespace eir::bench {
namespace {

// As server/media/media_worker.cc has them.
constexpr size_t kPacketsMax = size_t{1} << 17;
constexpr int kBufferBytes = 4 << 20;
constexpr size_t kQueueDatagrams = 2048;
constexpr size_t kQueueBytes = kQueueDatagrams * 1280;
// One request and one answer, a datagram of a local socket each; an offer of 40 m-lines has 30 kB.
constexpr size_t kMessageMax = size_t{96} << 10;

using Descriptor = boost::asio::posix::stream_descriptor;

RouterOptions router_options(uint16_t port) {
  sdp::Candidate candidate;
  candidate.foundation = "1";
  candidate.priority = 2130706431;  // RFC 8445 section 5.1.2.1: the only host candidate
  candidate.address = "127.0.0.1";
  candidate.port = port;
  RouterOptions options;
  options.candidates = {candidate};
  options.participants_max = kPeopleMax;
  options.participants_per_room_max = kPeopleMax;
  return options;
}

// The child: a router, its loop, and requests of one line ("join <room> <participant>\n<offer>", "counters").
class RouterProcess final : public RouterEventListener {
 public:
  RouterProcess(int link, const DtlsContext& dtls, OwnedFd udp, bool measures_delay)
      : pool_(kPacketsMax),
        queue_(kQueueDatagrams, kQueueBytes),
        router_(router_options(port_of(udp.value())), dtls, random_),
        link_(io_, link),
        loop_(io_, sockets(std::move(udp)),
              {.router = router_,
               .pool = pool_,
               .queue = queue_,
               .events = *this,
               .dscp = kUnmarked,
               .measures_delay = measures_delay}) {}

  void run() {
    loop_.start();
    wait_request();
    io_.run();
  }
  void on_router_event(const RouterEvent&) override {}

 private:
  static std::vector<OwnedFd> sockets(OwnedFd udp) {
    std::vector<OwnedFd> out;
    out.push_back(std::move(udp));
    return out;
  }

  void wait_request() {
    link_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (error) return;
      std::string request(kMessageMax, '\0');
      const ssize_t size = recv(link_.native_handle(), request.data(), request.size(), 0);
      if (size <= 0) return io_.stop();  // the parent is done
      request.resize(static_cast<size_t>(size));
      const std::string reply = handle(request);
      if (send(link_.native_handle(), reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return io_.stop();
      loop_.settle(MediaLoop::now());
      wait_request();
    });
  }

  std::string handle(const std::string& request) {
    if (request == "counters") return counters();
    std::istringstream words(request);
    std::string verb;
    uint32_t room = 0;
    uint32_t participant = 0;
    words >> verb >> room >> participant;
    return join(RoomId(room), participant, std::string_view(request).substr(request.find('\n') + 1));
  }

  std::string join(RoomId room, uint32_t number, std::string_view offer) {
    const Timestamp at = MediaLoop::now();
    static_cast<void>(router_.open_room(room, {.tag = "bench", .audio_only = false, .participants_max = kPeopleMax}));
    const Rights all{.send = kAllKinds, .receive = kAllKinds, .groups = 1};
    const ParticipantId id(number);
    if (!router_.join(at, room, id, all, {.tag = "bench"})) return "!the room refuses the participant";
    const auto answer = router_.negotiate(
        at, {.participant = id, .transport = TransportId(number), .kind = SessionKind::kWeb, .offer = offer});
    if (!answer) return "!the router refuses the offer";
    return answer->sdp;
  }

  std::string counters() const {
    std::ostringstream out;
    out << std::fixed;
    const channel::Counters values = snapshot({.router = router_,
                                               .pool = pool_,
                                               .receive = loop_.receive_counters(),
                                               .send = loop_.send_counters(),
                                               .loop = loop_.counters(),
                                               .revoked_in_queue = 0,
                                               .added_delay = loop_.added_delay()});
    for (const channel::Counter& counter : values.values) out << counter.name << ' ' << counter.value << '\n';
    return out.str();
  }

  boost::asio::io_context io_{1};
  OpensslRandom random_;
  PacketPool pool_;
  TransmitQueue queue_;
  Router router_;
  Descriptor link_;
  MediaLoop loop_;
};

[[noreturn]] void run_child(int link, const InProcessHost::Options& options) {
  try {
    if (!options.has_engine && !install_srtp_engine(SrtpEngine::kAutomatic)) _exit(2);
    const DtlsCertificate certificate = DtlsCertificate::generate(std::time(nullptr));
    const DtlsContext dtls(certificate);
    RouterProcess(link, dtls, open_udp_socket(SocketAddress::v4({127, 0, 0, 1}, 0), kBufferBytes),
                  options.measures_delay)
        .run();
  } catch (const std::exception&) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace

class InProcessHost::RouterSession final : public Session {
 public:
  explicit RouterSession(JoinProgress progress) : progress_(std::move(progress)) {}
  const JoinProgress& progress() const override { return progress_; }

 private:
  JoinProgress progress_;
};

InProcessHost::InProcessHost(const Options& options) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  for (const int end : ends) {
    const int bytes = 4 * static_cast<int>(kMessageMax);
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  link_.reset(ends[0]);
  OwnedFd child_end(ends[1]);
  child_ = fork();
  if (child_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child_ > 0) return;
  link_.reset();
  run_child(child_end.release(), options);
}

// The closed link ends the child.
InProcessHost::~InProcessHost() {
  link_.reset();
  waitpid(child_, nullptr, 0);
}

std::string InProcessHost::request(const std::string& text) {
  std::string reply(kMessageMax, '\0');
  const bool is_sent = ::send(link_.value(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
  const ssize_t size = is_sent ? recv(link_.value(), reply.data(), reply.size(), 0) : -1;
  if (size <= 0) throw std::runtime_error("the router's process is gone");
  reply.resize(static_cast<size_t>(size));
  return reply;
}

std::unique_ptr<Session> InProcessHost::join(const Seat& seat, std::string offer) {
  JoinProgress progress;
  progress.begun = now();
  std::string reply =
      request("join " + std::to_string(seat.room + 1) + ' ' + std::to_string(next_participant_++) + '\n' + offer);
  if (reply.starts_with('!')) {
    progress.refusal = reply.substr(1);
  } else {
    progress.answer = std::move(reply);
    progress.answered = now();
  }
  return std::make_unique<RouterSession>(std::move(progress));
}

Counters InProcessHost::counters() {
  Counters out;
  std::istringstream lines(request("counters"));
  std::string name;
  double value = 0;
  while (lines >> name >> value) out[name] = value;
  return out;
}

}  // namespace eir::bench
