#include "server/media/media_worker.h"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/packet.h"
#include "lib/router/router.h"
#include "lib/transport/dtls_certificate.h"
#include "lib/transport/dtls_context.h"
#include "lib/transport/srtp_crypto.h"
#include "server/media/candidates.h"
#include "server/media/control_link.h"
#include "server/media/media_loop.h"
#include "server/media/openssl_random.h"
#include "server/media/sandbox.h"
#include "server/telemetry/log.h"

namespace eir {
namespace {

// 1.5 s (PacketHistory::kAgeMax) of 87,000 packets a second, more than one core takes in; 210 MB if ever all are used.
constexpr size_t kPacketsMax = size_t{1} << 17;
// What one flush may write before it is sent: small enough to stay in the second-level cache, large enough that a key
// frame to all of a room's receivers leaves in long runs.
constexpr size_t kQueueDatagrams = 2048;
constexpr size_t kQueueBytes = kQueueDatagrams * 1280;

constexpr int kExitEnvironment = 1;

std::string_view reason_of(SrtpEngineError error) {
  switch (error) {
    case SrtpEngineError::kLibrary:
      return "libsrtp does not start";
    case SrtpEngineError::kUnavailable:
      return "the cipher engine is not available here";
    case SrtpEngineError::kRefused:
      return "the cipher engine failed its self-test";
  }
  return "";
}

std::vector<SrtpProfile> profiles(bool forbid_cm80) {
  std::vector<SrtpProfile> out(kAllSrtpProfiles.begin(), kAllSrtpProfiles.end());
  if (forbid_cm80) std::erase(out, SrtpProfile::kAes128CmSha1_80);
  return out;
}

int64_t unix_seconds() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

RouterOptions router_options(const channel::WorkerStart& start) {
  RouterOptions out;
  if (start.participants_max != 0) out.participants_max = start.participants_max;
  out.candidates = host_candidates(start.udp);
  return out;
}

ControlLink::Options link_options(const channel::WorkerStart& start) {
  ControlLink::Options out;
  out.worker = start.worker;
  out.alone_max = std::chrono::seconds(start.alone_s);
  out.handler.sessions_per_participant_max = start.transports_per_participant_max;
  return out;
}

std::vector<OwnedFd> take_sockets(const channel::WorkerStart& start) {
  std::vector<OwnedFd> out;
  for (const channel::InheritedSocket& socket : start.udp) out.emplace_back(socket.fd);
  return out;
}

}  // namespace

int run_media_worker(const channel::WorkerStart& start) {
  const auto engine = install_srtp_engine(SrtpEngine::kAutomatic);
  if (!engine) {
    log::error("srtp_engine_failed", {{"why", reason_of(engine.error())}});
    return kExitEnvironment;
  }
  const DtlsCertificate certificate = DtlsCertificate::generate(unix_seconds());
  const DtlsContext dtls(certificate, profiles(start.forbid_cm80));
  OpensslRandom random;
  // What follows is destroyed in reverse order: the router gives its packets back before the pool goes.
  PacketPool pool(kPacketsMax);
  TransmitQueue queue(kQueueDatagrams, kQueueBytes);
  Router router(router_options(start), dtls, random);
  boost::asio::io_context io(1);
  ControlLink control(io, router, queue, pool, link_options(start));
  MediaLoop loop(io, take_sockets(start),
                 {.router = router,
                  .pool = pool,
                  .queue = queue,
                  .events = control,
                  .dscp = start.dscp,
                  .measures_delay = start.measure_delay});
  // Logged before the filter, because the first line of all reads the time zone from a file.
  log::info("worker_started", {{"srtp_engine", engine->name}, {"sockets", start.udp.size()}});
  const bool is_sandboxed = enter_sandbox();
  if (!is_sandboxed) log::warn("worker_without_sandbox");
  control.start(loop, OwnedFd(start.channel_fd), OwnedFd(start.supervisor_fd));
  loop.start();
  io.run();
  log::info("worker_ended");
  return 0;
}

}  // namespace eir
