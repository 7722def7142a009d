#pragma once

#include <cstdint>
#include <memory>

#include "server/channel/messages.h"
#include "server/channel/owned_fd.h"

namespace boost::asio {
class io_context;
}

namespace eir::channel {

enum class CloseReason : uint8_t { kPeerClosed, kReadFailed, kWriteFailed, kBadFrame, kQueueFull };

// Called from the io_context, never from within send().
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;
  // `attached` is empty unless the peer passed a descriptor with this message.
  virtual void on_message(Message message, OwnedFd attached) = 0;
  // Once; nothing comes after it.
  virtual void on_channel_closed(CloseReason reason) = 0;
};

struct ChannelCounters {
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  // Frames whose JSON was refused; the channel goes on with the next frame.
  uint64_t undecodable = 0;
  // Messages not sent because the queue was full or the channel closed.
  uint64_t dropped = 0;
};

// A peer that reads nothing for this many messages is as good as dead: the channel closes and is replaced.
inline constexpr size_t kQueueMessagesMax = 8192;

// One end of the channel between control and a worker, over a Unix stream socket. Owned by either side's peer object;
// destroying it closes the socket at once. `io` and `listener` outlive it. It may be destroyed from within a callback.
class ChannelEnd {
 public:
  ChannelEnd(boost::asio::io_context& io, OwnedFd socket, ChannelListener& listener);
  ~ChannelEnd();
  ChannelEnd(const ChannelEnd&) = delete;
  ChannelEnd& operator=(const ChannelEnd&) = delete;

  // Queues the message; false if the channel is closed or its queue full. Messages arrive in the order of sending.
  bool send(const Message& message, OwnedFd attached = {});
  const ChannelCounters& counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the two coroutines of the connection, which may outlive this object
};

}  // namespace eir::channel
