#include "server/workers/workers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>

#include "server/channel/channel_end.h"
#include "server/channel/supervisor_link.h"
#include "server/workers/id_source.h"

namespace eir {
namespace {

using channel::LinkKind;

std::pair<OwnedFd, OwnedFd> socket_pair(int type) {
  int fds[2] = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
  return {OwnedFd(fds[0]), OwnedFd(fds[1])};
}

// A worker's end: keeps what was asked and answers Done, or what the test wants.
struct WorkerEnd : channel::ChannelListener {
  WorkerEnd(boost::asio::io_context& io, OwnedFd fd) : end(io, std::move(fd), *this) {}
  void on_message(channel::Message message, OwnedFd) override {
    asked.emplace_back(channel::kind_name(message));
    if (is_silent) return;
    const auto& request = std::get<channel::Request>(message.body);
    channel::Reply reply = channel::Done{};
    if (std::holds_alternative<channel::Report>(request)) reply = report;
    if (std::holds_alternative<channel::Negotiate>(request) && answer) reply = *answer;
    end.send({message.id, std::move(reply)});
  }
  void on_channel_closed(channel::CloseReason) override {}

  channel::ChannelEnd end;
  std::vector<std::string> asked;
  channel::WorkerReport report;
  std::optional<channel::Reply> answer;
  bool is_silent = false;
};

struct Listener : WorkerListener {
  void on_worker_event(WorkerIndex, const channel::Event&) override { ++events; }
  void on_rooms_lost(WorkerIndex worker, const std::vector<RoomId>& rooms) override { lost[worker] = rooms; }
  void on_worker_adopted(WorkerIndex worker, const channel::WorkerReport& report) override {
    adopted[worker] = report.rooms.size();
  }
  void on_reload_asked(OwnedFd) override { ++reloads; }
  void on_drain_asked() override { ++drains; }
  void on_stop_asked() override { ++stops; }

  int events = 0;
  int reloads = 0;
  int drains = 0;
  int stops = 0;
  std::map<WorkerIndex, std::vector<RoomId>> lost;
  std::map<WorkerIndex, size_t> adopted;
};

// The test plays the supervisor and two workers; control's side is real.
class WorkersTest : public testing::Test {
 protected:
  WorkersTest() {
    auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
    supervisor_ = std::move(ours);
    workers_ = std::make_unique<Workers>(io_, 2, std::move(theirs), listener_);
  }

  void connect(WorkerIndex worker, channel::WorkerReport report = {}) {
    auto [for_control, for_worker] = socket_pair(SOCK_STREAM);
    ends_[worker] = std::make_unique<WorkerEnd>(io_, std::move(for_worker));
    ends_[worker]->report = std::move(report);
    channel::send_link(supervisor_.value(), {LinkKind::kChannel, worker, std::move(for_control)});
    run();
  }
  void tell(LinkKind kind, uint32_t worker = 0) {
    channel::send_link(supervisor_.value(), {kind, worker, {}});
    run();
  }
  void run() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  // Starts the call; its result stands in the returned place once it has come.
  template <class T>
  std::shared_ptr<std::optional<WorkerResult<T>>> begin(boost::asio::awaitable<WorkerResult<T>> call) {
    auto out = std::make_shared<std::optional<WorkerResult<T>>>();
    boost::asio::co_spawn(io_, std::move(call), [out](std::exception_ptr, WorkerResult<T> result) { *out = result; });
    run();
    return out;
  }
  // Two snapshots of a worker, a second apart on its clock.
  void load(WorkerIndex worker, double cpu_percent, double mbit) {
    for (const double s : {0.0, 1.0}) {
      ends_[worker]->end.send({0, channel::Event(channel::Counters{{{"worker_clock_seconds", 500 + s},
                                                                    {"worker_cpu_seconds_total", s * cpu_percent / 100},
                                                                    {"udp_bytes_out_total", s * mbit * 1e6 / 8}}})});
    }
    run();
  }
  RoomId open_room() {
    const auto room = begin(workers_->open_room({}));
    EXPECT_TRUE(room->has_value() && (*room)->has_value());
    return room->has_value() && (*room)->has_value() ? **(*room) : RoomId();
  }

  boost::asio::io_context io_;
  Listener listener_;
  OwnedFd supervisor_;
  std::map<WorkerIndex, std::unique_ptr<WorkerEnd>> ends_;
  std::unique_ptr<Workers> workers_;
};

channel::WorkerReport report_of(std::vector<RoomId> rooms) {
  channel::WorkerReport out;
  for (const RoomId room : rooms) {
    out.rooms.push_back({room, "c_x", false, {{ParticipantId(50), "p_x", {}, {}, {{TransportId(60), {}, {}}}, {}}}});
  }
  return out;
}

TEST_F(WorkersTest, RoomsAreSpreadByTheirNumber) {
  connect(0);
  connect(1);
  for (int i = 0; i < 6; ++i) open_room();
  const auto status = workers_->status();
  EXPECT_EQ(status[0].rooms, 3U);
  EXPECT_EQ(status[1].rooms, 3U);
}

TEST_F(WorkersTest, RoomsGoToTheWorkerWithLessToDo) {
  connect(0);
  connect(1);
  load(0, 40, 0);
  load(1, 20, 0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(workers_->worker_of(open_room()), 1U);
  EXPECT_NEAR(workers_->status()[0].cpu_percent, 40, 0.1);
  EXPECT_NEAR(workers_->status()[1].cpu_percent, 20 + 4 * WorkerLoad::kRoomCost, 0.1);
}

TEST_F(WorkersTest, NobodyNewIsLetInToABusyWorkerAndWhoIsInIsServed) {
  connect(0);
  connect(1);
  workers_->set_load_limits({.cpu_percent = 80});
  const RoomId first = open_room();
  const RoomId second = open_room();
  ASSERT_EQ(workers_->worker_of(first), 0U);
  ASSERT_EQ(workers_->worker_of(second), 1U);
  load(0, 85, 0);
  EXPECT_FALSE(workers_->may_take(first));
  EXPECT_TRUE(workers_->may_take(second));
  EXPECT_TRUE(workers_->may_take(std::nullopt));  // the other worker opens it
  EXPECT_TRUE(workers_->status()[0].is_busy);
  EXPECT_FALSE(workers_->status()[1].is_busy);
  const auto joined = begin(workers_->call(first, channel::Join{}));
  EXPECT_TRUE(joined->has_value() && (*joined)->has_value());
  load(1, 85, 0);
  EXPECT_FALSE(workers_->may_take(std::nullopt));
  EXPECT_NE(open_room(), RoomId());  // for somebody who was let in before
  workers_->set_load_limits({.cpu_percent = 0});
  EXPECT_TRUE(workers_->may_take(first));
}

TEST_F(WorkersTest, WhoWasLetInIsExpectedToTakeItsShare) {
  connect(0);
  connect(1);
  workers_->set_load_limits({.cpu_percent = 80});
  load(0, 78, 0);
  load(1, 90, 0);
  const RoomId room = open_room();
  ASSERT_EQ(workers_->worker_of(room), 0U);
  EXPECT_TRUE(workers_->may_take(room));
  // 78 + 0.4 for the room + 10 × 0.2.
  for (int i = 0; i < 10; ++i) begin(workers_->call(room, channel::Join{}));
  EXPECT_FALSE(workers_->may_take(room));
}

TEST_F(WorkersTest, TheLineIsSharedByAllWorkers) {
  connect(0);
  connect(1);
  workers_->set_load_limits({.egress_mbit = 500});
  load(0, 10, 300);
  load(1, 10, 190);
  EXPECT_TRUE(workers_->may_take(std::nullopt));
  load(1, 10, 210);
  EXPECT_FALSE(workers_->may_take(std::nullopt));
}

TEST_F(WorkersTest, ADeadWorkersLoadDiesWithIt) {
  connect(0);
  connect(1);
  workers_->set_load_limits({.cpu_percent = 80});
  const RoomId room = open_room();
  load(0, 95, 0);
  EXPECT_FALSE(workers_->may_take(room));
  tell(LinkKind::kWorkerDied, 0);
  connect(0);
  EXPECT_FALSE(workers_->status()[0].is_busy);
}

TEST_F(WorkersTest, NoRoomIsOpenedBeforeEveryWorkerHasReported) {
  connect(0);
  const auto early = begin(workers_->open_room({}));
  ASSERT_TRUE(early->has_value());
  EXPECT_EQ((*early)->error().failure, WorkerFailure::kNoWorker);
  EXPECT_FALSE(workers_->takes_rooms());
  connect(1);
  EXPECT_TRUE(workers_->takes_rooms());
  EXPECT_NE(open_room(), RoomId());
}

TEST_F(WorkersTest, AReplyReachesItsCaller) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  ends_[0]->answer = channel::Answer{"v=0", {}};
  const auto answer = begin(workers_->call(room, channel::Negotiate{}));
  ASSERT_TRUE(answer->has_value() && (*answer)->has_value());
  EXPECT_EQ((**answer)->sdp, "v=0");
}

TEST_F(WorkersTest, ARefusalKeepsItsCodeAndLine) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  ends_[0]->answer = channel::Refused{channel::RefusalCode::kOfferRefused, "bundle_required", 12};
  const auto answer = begin(workers_->call(room, channel::Negotiate{}));
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->error().failure, WorkerFailure::kRefused);
  EXPECT_EQ((*answer)->error().refusal.detail, "bundle_required");
  EXPECT_EQ((*answer)->error().refusal.line, 12U);
}

TEST_F(WorkersTest, AReplyOfTheWrongKindIsARefusalNotACrash) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  const auto answer = begin(workers_->call(room, channel::Negotiate{}));  // the worker says Done
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->error().failure, WorkerFailure::kRefused);
}

TEST_F(WorkersTest, RoomsNobodyOpenedAreUnknown) {
  connect(0);
  connect(1);
  const auto answer = begin(workers_->call(RoomId(99), channel::Join{}));
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->error().failure, WorkerFailure::kUnknownRoom);
}

TEST_F(WorkersTest, AWorkersDeathEndsWaitingCallsAndItsRoomsAlone) {
  connect(0);
  connect(1);
  const RoomId first = open_room();
  const RoomId second = open_room();
  ends_[0]->is_silent = true;
  const auto waiting = begin(workers_->call(first, channel::Join{}));
  EXPECT_FALSE(waiting->has_value());
  ends_.erase(0);
  tell(LinkKind::kWorkerDied, 0);
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->error().failure, WorkerFailure::kWorkerLost);
  EXPECT_EQ(listener_.lost[0], std::vector<RoomId>{first});
  EXPECT_EQ(listener_.lost.count(1), 0U);
  const auto other = begin(workers_->call(second, channel::Join{}));
  EXPECT_TRUE(other->has_value() && (*other)->has_value());
  EXPECT_EQ(workers_->status()[0].restarts, 1U);
}

TEST_F(WorkersTest, AWorkerThatOutlivedControlIsAdoptedWithItsRooms) {
  connect(0, report_of({RoomId(7)}));
  connect(1);
  EXPECT_EQ(listener_.adopted[0], 1U);
  const auto call = begin(workers_->call(RoomId(7), channel::Join{}));
  EXPECT_TRUE(call->has_value() && (*call)->has_value());
  EXPECT_EQ(ends_[0]->asked, (std::vector<std::string>{"report", "join"}));
  EXPECT_GT(open_room().value, 7U);
  EXPECT_GT(workers_->new_participant_id().value, 50U);
  EXPECT_GT(workers_->new_transport_id().value, 60U);
}

TEST_F(WorkersTest, ARoomWhoseNumberIsTakenIsClosedInsteadOfAdopted) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  ends_.erase(1);
  tell(LinkKind::kWorkerDied, 1);
  connect(1, report_of({room}));
  EXPECT_EQ(listener_.adopted[1], 0U);
  EXPECT_EQ(ends_[1]->asked, (std::vector<std::string>{"report", "close_room"}));
}

TEST_F(WorkersTest, AFreshChannelToTheSameWorkerLosesNoRoom) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  connect(0, report_of({room}));
  EXPECT_TRUE(listener_.lost.empty());
  EXPECT_EQ(listener_.adopted[0], 1U);
  connect(0);  // its new self knows nothing
  EXPECT_EQ(listener_.lost[0], std::vector<RoomId>{room});
}

TEST_F(WorkersTest, SignalsArePassedOnAndDrainReachesAllWorkers) {
  connect(0);
  connect(1);
  tell(LinkKind::kReload);
  tell(LinkKind::kDrain);
  tell(LinkKind::kStop);
  EXPECT_EQ(listener_.reloads, 1);
  EXPECT_EQ(listener_.drains, 1);
  EXPECT_EQ(listener_.stops, 1);
  workers_->drain();
  run();
  EXPECT_EQ(ends_[0]->asked.back(), "drain");
  EXPECT_EQ(ends_[1]->asked.back(), "drain");
  const auto refused = begin(workers_->open_room({}));
  EXPECT_EQ((*refused)->error().failure, WorkerFailure::kNoWorker);
}

TEST_F(WorkersTest, EventsReachTheListenerAndCountersTheStatus) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  ends_[0]->end.send({0, channel::Event(channel::Counters{{{"packets_total", 5}}})});
  ends_[0]->end.send({0, channel::Event(channel::RoomLost{room, "out_of_memory"})});
  run();
  EXPECT_EQ(listener_.events, 2);
  ASSERT_EQ(workers_->status()[0].counters.size(), 1U);
  EXPECT_EQ(workers_->status()[0].counters[0].value, 5);
  EXPECT_EQ(workers_->status()[0].rooms, 0U);
}

TEST_F(WorkersTest, MayBeDestroyedWhileCallsWait) {
  connect(0);
  connect(1);
  const RoomId room = open_room();
  ends_[0]->is_silent = true;
  const auto waiting = begin(workers_->call(room, channel::Join{}));
  workers_.reset();
  run();
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->error().failure, WorkerFailure::kWorkerLost);
}

TEST(IdSource, AdoptedNumbersAreNeverGiven) {
  IdSource<RoomId> ids;
  EXPECT_TRUE(ids.adopt(RoomId(7)));
  EXPECT_TRUE(ids.adopt(RoomId(3)));
  EXPECT_EQ(ids.take(), RoomId(8));
  EXPECT_FALSE(ids.adopt(RoomId(8)));
  EXPECT_TRUE(ids.adopt(RoomId(5)));
  EXPECT_TRUE(ids.adopt(RoomId(20)));
  EXPECT_EQ(ids.take(), RoomId(21));
}

TEST(IdSource, AWorkerCannotExhaustTheNumbers) {
  IdSource<RoomId> ids;
  EXPECT_FALSE(ids.adopt(RoomId(0)));
  EXPECT_FALSE(ids.adopt(RoomId(0xffffffff)));
  EXPECT_FALSE(ids.adopt(RoomId((1U << 31) + 1)));
  EXPECT_TRUE(ids.adopt(RoomId(1U << 31)));
  EXPECT_EQ(ids.take(), RoomId((1U << 31) + 1));
}

TEST_F(WorkersTest, PingIsAnsweredByTheWorkerThatIsAsked) {
  connect(0);
  connect(1);
  const auto answered = begin(workers_->ping(1));
  ASSERT_TRUE(answered->has_value());
  EXPECT_TRUE((*answered)->has_value());
  EXPECT_EQ(ends_[1]->asked.back(), "ping");
  EXPECT_NE(ends_[0]->asked.back(), "ping");
}

TEST_F(WorkersTest, PingOfAWorkerThatIsGoneFails) {
  connect(0);
  const auto answered = begin(workers_->ping(1));
  ASSERT_TRUE(answered->has_value());
  EXPECT_EQ((*answered)->error().failure, WorkerFailure::kWorkerLost);
}

TEST_F(WorkersTest, ConfigurationGoesToAllWorkersAndToThoseThatComeLater) {
  connect(0);
  channel::Configure configuration;
  configuration.participants_max = 7;
  workers_->configure(configuration);
  run();
  EXPECT_EQ(ends_[0]->asked.back(), "configure");
  connect(1);
  EXPECT_EQ(ends_[1]->asked.back(), "configure");
}

TEST_F(WorkersTest, SupervisorIsToldHowAReloadWentAndWhatIsAskedFor) {
  workers_->ask_reload();
  workers_->ask_drain();
  workers_->say_reloaded(true);
  workers_->say_reloaded(false);
  bool closed = false;
  std::vector<LinkKind> told;
  while (const auto message = channel::receive_link(supervisor_.value(), &closed)) {
    if (message->kind != LinkKind::kAlive) told.push_back(message->kind);
  }
  EXPECT_EQ(told, (std::vector{LinkKind::kReloadWanted, LinkKind::kDrainWanted, LinkKind::kReloaded,
                               LinkKind::kReloadRefused}));
}

}  // namespace
}  // namespace eir
