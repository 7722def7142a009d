#include "server/channel/channel_end.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <deque>

#include "server/channel/frame.h"
#include "server/channel/pass_descriptor.h"
#include "server/telemetry/log.h"

namespace asio = boost::asio;

namespace eir::channel {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Descriptors whose frames have not come yet; the peer sends each with its frame's first byte, so more than a few that
// wait are a fault.
constexpr size_t kDescriptorsWaitingMax = 64;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

struct Outgoing {
  std::string frame;
  OwnedFd descriptor;
};

}  // namespace

struct ChannelEnd::State {
  State(asio::io_context& io, OwnedFd fd, ChannelListener& listens)
      : socket(io, asio::local::stream_protocol(), fd.release()), listener(&listens) {}

  asio::local::stream_protocol::socket socket;
  ChannelListener* listener;  // null once closed; says to the coroutines that they end
  FrameReader frames;
  std::array<char, kReadBytes> buffer{};
  std::deque<OwnedFd> descriptors;
  std::deque<Outgoing> queue;
  size_t front_sent = 0;  // bytes of the queue's first frame
  bool is_writing = false;
  ChannelCounters counters;

  void close(CloseReason reason) {
    if (listener == nullptr) return;
    ChannelListener* told = std::exchange(listener, nullptr);
    boost::system::error_code ignored;
    socket.close(ignored);
    told->on_channel_closed(reason);
  }

  // False: the frames or their descriptors make no sense.
  bool deliver() {
    while (listener != nullptr) {
      auto frame = frames.next();
      if (!frame) return !frames.is_broken() && descriptors.size() <= kDescriptorsWaitingMax;
      OwnedFd attached;
      if (frame->has_descriptor) {
        if (descriptors.empty()) return false;
        attached = std::move(descriptors.front());
        descriptors.pop_front();
      }
      auto message = decode(frame->json);
      if (!message) {
        ++counters.undecodable;
        log::warn("channel_message_refused", {{"error", static_cast<int>(message.error())}});
        continue;
      }
      ++counters.messages_in;
      listener->on_message(std::move(*message), std::move(attached));
    }
    return true;
  }

  // One wake-up's reading; false: the channel is closed.
  bool read_some() {
    const ssize_t got = receive_with_descriptor(socket.native_handle(), buffer.data(), buffer.size(), descriptors);
    if (got < 0 && would_block()) return true;
    if (got <= 0) {
      close(got == 0 ? CloseReason::kPeerClosed : CloseReason::kReadFailed);
      return false;
    }
    frames.append({buffer.data(), static_cast<size_t>(got)});
    if (!deliver()) close(CloseReason::kBadFrame);
    return listener != nullptr;
  }

  // Sends until the queue is empty (true) or the socket takes no more (false).
  bool write_some() {
    while (!queue.empty()) {
      const OwnedFd none;
      const Outgoing& front = queue.front();
      const std::string_view rest = std::string_view(front.frame).substr(front_sent);
      const ssize_t sent =
          send_with_descriptor(socket.native_handle(), rest, front_sent == 0 ? front.descriptor : none);
      if (sent < 0) {
        if (!would_block()) close(CloseReason::kWriteFailed);
        return false;
      }
      front_sent += static_cast<size_t>(sent);
      if (front_sent < front.frame.size()) continue;
      queue.pop_front();
      front_sent = 0;
      ++counters.messages_out;
    }
    return true;
  }

  static asio::awaitable<void> read_loop(std::shared_ptr<State> self) {
    boost::system::error_code error;
    do {
      co_await self->socket.async_wait(asio::socket_base::wait_read, asio::redirect_error(asio::use_awaitable, error));
    } while (!error && self->listener != nullptr && self->read_some());
  }

  static asio::awaitable<void> write_loop(std::shared_ptr<State> self) {
    boost::system::error_code error;
    while (self->listener != nullptr && !error && !self->write_some() && self->listener != nullptr) {
      co_await self->socket.async_wait(asio::socket_base::wait_write, asio::redirect_error(asio::use_awaitable, error));
    }
    self->is_writing = false;
  }
};

ChannelEnd::ChannelEnd(asio::io_context& io, OwnedFd socket, ChannelListener& listener)
    : state_(std::make_shared<State>(io, std::move(socket), listener)) {
  asio::co_spawn(io, State::read_loop(state_), asio::detached);
}

ChannelEnd::~ChannelEnd() {
  state_->listener = nullptr;
  boost::system::error_code ignored;
  state_->socket.close(ignored);
}

bool ChannelEnd::send(const Message& message, OwnedFd attached) {
  State& state = *state_;
  std::string json = encode(message);
  const bool is_full = state.queue.size() >= kQueueMessagesMax;
  if (state.listener == nullptr || is_full || json.size() > kMessageBytesMax) {
    ++state.counters.dropped;
    if (is_full && state.listener != nullptr) {
      asio::post(state.socket.get_executor(), [keep = state_] { keep->close(CloseReason::kQueueFull); });
    }
    return false;
  }
  state.queue.push_back({make_frame(json, static_cast<bool>(attached)), std::move(attached)});
  if (!state.is_writing) {
    state.is_writing = true;
    asio::co_spawn(state.socket.get_executor(), State::write_loop(state_), asio::detached);
  }
  return true;
}

const ChannelCounters& ChannelEnd::counters() const { return state_->counters; }

}  // namespace eir::channel
