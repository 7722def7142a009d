#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "server/channel/owned_fd.h"

namespace boost::asio {
class io_context;
}

// The thin line between the supervisor and each of its children: fixed two-word messages over a Unix SOCK_SEQPACKET
// pair, so that the supervisor parses nothing.
namespace eir::channel {

enum class LinkKind : uint32_t {
  kChannel = 1,  // supervisor → child: the attached descriptor is the new channel end (to control: of worker `worker`)
  kWorkerDied,   // supervisor → control: worker `worker` is gone with its rooms; a kChannel follows when it is back
  kReload,  // supervisor → control: take the configuration whose text is attached; answer kReloaded or kReloadRefused
  kDrain,   // supervisor → control: SIGTERM, take nothing new; answer kDrained when nothing runs any more
  kStop,    // supervisor → child: close what is open and exit with 0
  kReady,   // child → supervisor: it serves
  kAlive,   // child → supervisor: each second, from the loop that does the work
  kDrained,        // control → supervisor: nothing runs any more
  kChannelBroken,  // control → supervisor: the channel to `worker` failed; answer with a kChannel to both ends
  kReloadWanted,   // control → supervisor: as SIGHUP
  kDrainWanted,    // control → supervisor: as SIGTERM
  kReloaded,       // control → supervisor: the text of the oldest kReload without an answer is in effect
  kReloadRefused,  // control → supervisor: it is wrong, nothing has changed
};

struct LinkMessage {
  LinkKind kind = LinkKind::kAlive;
  uint32_t worker = 0;
  OwnedFd fd;
};

// How often a child says kAlive, and after how long a silence the supervisor ends it. The health page turns red at
// five seconds; this leaves a machine that swaps or stands in a debugger's breakpoint some room.
inline constexpr int kAliveIntervalMs = 1000;
inline constexpr int kStallLimitMs = 10000;

// Neither blocks. False: the peer is gone or its buffer full.
bool send_link(int socket, const LinkMessage& message);
// Nothing: no message waits, or it was malformed, or the peer is gone (then *closed is set).
std::optional<LinkMessage> receive_link(int socket, bool* closed);

// The child's end on its io_context: says kAlive by itself. When the supervisor is gone the child ends too.
class SupervisorLink {
 public:
  using Handler = std::function<void(LinkMessage)>;
  SupervisorLink(boost::asio::io_context& io, OwnedFd socket, Handler handler);
  ~SupervisorLink();
  SupervisorLink(const SupervisorLink&) = delete;
  SupervisorLink& operator=(const SupervisorLink&) = delete;

  void send(LinkKind kind, uint32_t worker = 0);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace eir::channel
