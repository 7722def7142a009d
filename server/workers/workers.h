#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/channel/messages.h"
#include "server/channel/owned_fd.h"
#include "server/workers/worker_load.h"

namespace eir {

using WorkerIndex = uint32_t;

// What control does about the news of its workers. Called from the io_context, never from within a call of Workers.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  virtual void on_worker_event(WorkerIndex worker, const channel::Event& event) = 0;
  // The worker died, or its new self does not know them: their clients have to connect anew. May name a room whose
  // open_room() is still waiting and about to fail.
  virtual void on_rooms_lost(WorkerIndex worker, const std::vector<RoomId>& rooms) = 0;
  // A worker that was running before this control: its rooms are known to Workers from now on. The listener closes
  // those that it does not want. Called with an empty report for a fresh worker.
  virtual void on_worker_adopted(WorkerIndex worker, const channel::WorkerReport& report) = 0;
  // SIGHUP, SIGTERM and the end, passed on by the supervisor. A reload brings the configuration's text as a sealed
  // file, nothing if the daemon runs without one, and is answered by say_reloaded().
  virtual void on_reload_asked(OwnedFd text) = 0;
  virtual void on_drain_asked() = 0;
  virtual void on_stop_asked() = 0;
};

enum class WorkerFailure : uint8_t {
  kNoWorker,     // none is connected or all drain
  kUnknownRoom,  // never opened, closed, or lost
  kWorkerLost,   // while the call waited
  kTimeout,
  kRefused,  // see `refusal`
};

struct WorkerError {
  WorkerFailure failure = WorkerFailure::kNoWorker;
  channel::Refused refusal;
};

// Taking the value of a failed call is a programmer's error.
[[noreturn]] void throw_exception_from_error(const WorkerError& error, const boost::source_location& where);

template <class T>
using WorkerResult = Result<T, WorkerError>;

struct RoomOptions {
  std::string tag;  // ≤ channel::kTagBytesMax; comes back at adoption
  bool audio_only = false;
  uint32_t participants_max = 0;
};

struct WorkerStatus {
  WorkerIndex worker = 0;
  bool connected = false;
  bool adopted = false;  // its report has come, it takes rooms
  uint32_t rooms = 0;
  uint32_t restarts = 0;
  // Since its last counter snapshot; a worker silent for more than 5 s makes the node unhealthy.
  std::chrono::milliseconds silence{0};
  std::vector<channel::Counter> counters;
  // When they came, on a clock that only grows: rates are of this time, not of whoever asks.
  std::chrono::milliseconds counted_at{0};
  // Of its core, in the last seconds, with what is expected of who was let in just now.
  double cpu_percent = 0;
  double egress_mbit = 0;
  bool is_busy = false;  // at a limit of load: nobody new is let in
};

// A worker answers in microseconds; this is for one that hangs.
inline constexpr std::chrono::milliseconds kWorkerCallTimeout{2000};

// Control's view of all media workers: it places rooms (least loaded first), sends requests, dispatches events, adopts
// workers that outlived an earlier control. One thread: that of `io`.
class Workers {
 public:
  // `supervisor_link` is ControlStart::supervisor_fd. `io` and `listener` outlive this.
  Workers(boost::asio::io_context& io, uint32_t workers, OwnedFd supervisor_link, WorkerListener& listener);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Numbers that no live worker uses: adoption moves them beyond all that it reports.
  ParticipantId new_participant_id();
  TransportId new_transport_id();

  boost::asio::awaitable<WorkerResult<RoomId>> open_room(RoomOptions options);
  // Sends a request about this room (or about somebody in it) to the room's worker and waits for its reply:
  //   auto answer = co_await workers.call(room, channel::Negotiate{…});  // WorkerResult<channel::Answer>
  template <class Request>
  boost::asio::awaitable<WorkerResult<typename Request::Reply>> call(RoomId room, Request request);
  // CloseRoom forgets the room here as well, whatever the worker says.
  boost::asio::awaitable<WorkerResult<channel::Done>> close_room(RoomId room);

  // Hands an accepted ICE-TCP connection to a worker.
  bool give_connection(WorkerIndex worker, OwnedFd connection, bool on_https_port);
  // Whether the worker's loop turns: it answers within kWorkerCallTimeout.
  boost::asio::awaitable<WorkerResult<channel::Done>> ping(WorkerIndex worker);
  // To all workers, and to each that is adopted from now on.
  void configure(const channel::Configure& configuration);
  // What is asked by may_take(); a reload brings others.
  void set_load_limits(LoadLimits limits);
  // Whether one more person may be let in to this room, or with nothing to a room that is yet to be opened: not while
  // every worker that could take it is at a limit of its load. Says nothing about who is in already: open_room() and
  // call() refuse nobody for load.
  bool may_take(std::optional<RoomId> room) const;
  // All workers refuse new rooms and participants from now on.
  void drain();
  // Tells the supervisor: control serves; nothing runs any more.
  void say_ready();
  void say_drained();
  void say_reloaded(bool is_in_effect);
  // Has the supervisor do what SIGHUP and SIGTERM do.
  void ask_reload();
  void ask_drain();

  std::vector<WorkerStatus> status() const;
  // Nothing for a room that no worker has.
  std::optional<WorkerIndex> worker_of(RoomId room) const;
  // Whether open_room() would find a worker now.
  bool takes_rooms() const;

 private:
  boost::asio::awaitable<WorkerResult<channel::Reply>> call_any(RoomId room, channel::Request request);

  struct State;
  std::shared_ptr<State> state_;  // shared with waiting calls
};

template <class Request>
boost::asio::awaitable<WorkerResult<typename Request::Reply>> Workers::call(RoomId room, Request request) {
  auto reply = co_await call_any(room, channel::Request(std::move(request)));
  if (!reply) co_return reply.error();
  if (auto* wanted = std::get_if<typename Request::Reply>(&*reply)) co_return std::move(*wanted);
  co_return WorkerError{WorkerFailure::kRefused, {}};
}

}  // namespace eir
