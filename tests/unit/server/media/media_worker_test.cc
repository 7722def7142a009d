// The whole worker process as its supervisor starts it, sandbox included where the build allows one; this program plays
// supervisor, control and a stranger on the network.
#include "server/media/media_worker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <fstream>
#include <functional>
#include <sstream>
#include <utility>

#include "server/channel/channel_end.h"
#include "server/channel/supervisor_link.h"
#include "tests/unit/server/media/udp_loopback.h"

namespace eir {
namespace {

// Far above what any step takes, for a loaded machine; a test that waits so long fails.
constexpr std::chrono::seconds kPatience{20};

std::pair<OwnedFd, OwnedFd> socket_pair(int type) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

std::string read_offer() {
  std::ifstream file(std::string(EIR_SOURCE_DIR) + "/tests/fixtures/sdp/chromium156_sendrecv.sdp");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class MediaWorkerTest : public testing::Test, public channel::ChannelListener {
 protected:
  explicit MediaWorkerTest(bool measures_delay = false) {
    auto [our_link, its_link] = socket_pair(SOCK_SEQPACKET);
    auto [our_channel, its_channel] = socket_pair(SOCK_STREAM);
    channel::WorkerStart start;
    start.worker = 3;
    start.channel_fd = its_channel.value();
    start.supervisor_fd = its_link.value();
    start.udp = {{media_.fd.value(), "127.0.0.1", media_.address.port, "127.0.0.1"}};
    start.participants_max = 100;
    start.transports_per_participant_max = 4;
    start.alone_s = 600;
    start.measure_delay = measures_delay;
    worker_ = fork();
    if (worker_ == 0) {
      our_link.reset();
      our_channel.reset();
      // These belong to the worker from here on, and it closes them.
      static_cast<void>(its_link.release());
      static_cast<void>(its_channel.release());
      static_cast<void>(media_.fd.release());
      _exit(run_media_worker(start));
    }
    link_ = std::move(our_link);
    attach(std::move(our_channel));
  }
  ~MediaWorkerTest() override {
    if (worker_ > 0) {
      kill(worker_, SIGKILL);
      waitpid(worker_, nullptr, 0);
    }
  }

  void attach(OwnedFd channel) { control_ = std::make_unique<channel::ChannelEnd>(io_, std::move(channel), *this); }
  void on_message(channel::Message message, OwnedFd) override {
    if (auto* reply = std::get_if<channel::Reply>(&message.body)) replies_.push_back(std::move(*reply));
    if (auto* event = std::get_if<channel::Event>(&message.body)) events_.push_back(std::move(*event));
  }
  void on_channel_closed(channel::CloseReason) override { is_closed_ = true; }

  bool run_until(const std::function<bool()>& done) {
    using Clock = std::chrono::steady_clock;  // io: another process is waited for
    const Clock::time_point deadline = Clock::now() + kPatience;
    while (!done() && Clock::now() < deadline) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(50));
    }
    return done();
  }
  template <class Event>
  std::optional<Event> next_event() {
    std::optional<Event> out;
    run_until([&] {
      while (!out && !events_.empty()) {
        if (auto* wanted = std::get_if<Event>(&events_.front())) out = std::move(*wanted);
        events_.pop_front();
      }
      return out.has_value();
    });
    return out;
  }
  channel::Reply ask(channel::Request request) {
    replies_.clear();
    control_->send({++request_, std::move(request)});
    EXPECT_TRUE(run_until([&] { return !replies_.empty(); }));
    return replies_.empty() ? channel::Reply(channel::Refused{}) : replies_.front();
  }
  int wait_for_end() {
    int status = 0;
    EXPECT_TRUE(run_until([&] { return waitpid(worker_, &status, WNOHANG) != 0; }));
    worker_ = -1;
    return status;
  }

  LoopbackSocket media_;
  boost::asio::io_context io_;
  pid_t worker_ = -1;
  OwnedFd link_;
  std::unique_ptr<channel::ChannelEnd> control_;
  std::deque<channel::Reply> replies_;
  std::deque<channel::Event> events_;
  uint32_t request_ = 0;
  bool is_closed_ = false;
};

double value_of(const channel::Counters& counters, std::string_view name) {
  for (const channel::Counter& counter : counters.values) {
    if (counter.name == name) return counter.value;
  }
  ADD_FAILURE() << "no counter " << name;
  return -1;
}

TEST_F(MediaWorkerTest, SaysHelloAnswersAnOfferAndEndsWhenTold) {
  const auto hello = next_event<channel::Hello>();
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->worker, 3U);
  EXPECT_EQ(hello->pid, static_cast<uint32_t>(worker_));
  EXPECT_TRUE(std::holds_alternative<channel::WorkerReport>(ask(channel::Report{})));
  ask(channel::OpenRoom{RoomId(1), "tag", false, 0});
  ask(channel::Join{RoomId(1), ParticipantId(2), "p", {{channel::RightKind::kVideo}, {}, 1}, false});
  const auto reply =
      ask(channel::Negotiate{ParticipantId(2), TransportId(3), channel::SessionKind::kWeb, read_offer()});
  ASSERT_TRUE(std::holds_alternative<channel::Answer>(reply));
  const std::string& sdp = std::get<channel::Answer>(reply).sdp;
  const std::string candidate = " 127.0.0.1 " + std::to_string(media_.address.port) + " typ host";
  EXPECT_NE(sdp.find(candidate), std::string::npos) << sdp;
  EXPECT_TRUE(next_event<channel::TrackPublished>().has_value());
  channel::send_link(link_.value(), {channel::LinkKind::kStop, 0, {}});
  const int status = wait_for_end();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(MediaWorkerTest, GarbageFromStrangersIsCountedAndNotAnswered) {
  ASSERT_TRUE(next_event<channel::Hello>().has_value());
  const LoopbackSocket stranger;
  stranger.send_to(media_.address, "no protocol of this port begins like this");
  // A STUN binding request by its first bytes (RFC 8489 section 5), cut short; then what looks like DTLS and like RTP.
  stranger.send_to(media_.address, std::string("\x00\x01\x00\x08\x21\x12\xa4\x42", 8));
  stranger.send_to(media_.address, std::string("\x16\xfe\xfd", 3) + std::string(40, 'x'));
  stranger.send_to(media_.address, std::string("\x80\x60", 2) + std::string(40, 'x'));
  stranger.send_to(media_.address, std::string(2000, 'x'));
  channel::Counters counters;
  ASSERT_TRUE(run_until([&] {
    if (auto next = next_event<channel::Counters>()) counters = std::move(*next);
    return value_of(counters, "udp_datagrams_in_total") >= 5;
  }));
  EXPECT_EQ(value_of(counters, "udp_datagrams_in_total"), 5);
  EXPECT_EQ(value_of(counters, "udp_drop_truncated_total"), 1);
  EXPECT_EQ(value_of(counters, "router_datagrams_total"), 4);
  EXPECT_EQ(value_of(counters, "router_drop_unclassified_total"), 1);
  EXPECT_EQ(value_of(counters, "router_drop_stun_malformed_total"), 1);
  EXPECT_EQ(value_of(counters, "router_drop_unknown_path_total"), 2);
  EXPECT_EQ(value_of(counters, "udp_datagrams_out_total"), 0);
  EXPECT_EQ(stranger.receive(), "");
  for (const channel::Counter& counter : counters.values) EXPECT_FALSE(counter.name.starts_with("added_delay"));
}

class MeasuringWorkerTest : public MediaWorkerTest {
 protected:
  MeasuringWorkerTest() : MediaWorkerTest(true) {}
};

TEST_F(MeasuringWorkerTest, TellsOfTheDelayAndLeavesOutWhatIsNotAnswered) {
  ASSERT_TRUE(next_event<channel::Hello>().has_value());
  const LoopbackSocket stranger;
  for (int i = 0; i < 3; ++i) stranger.send_to(media_.address, "no protocol of this port begins like this");
  channel::Counters counters;
  ASSERT_TRUE(run_until([&] {
    if (auto next = next_event<channel::Counters>()) counters = std::move(*next);
    return value_of(counters, "udp_datagrams_in_total") >= 3;
  }));
  EXPECT_EQ(value_of(counters, "added_delay_datagrams_total"), 0);
  EXPECT_EQ(value_of(counters, "added_delay_upto_524288us_total"), 0);
}

TEST_F(MediaWorkerTest, KeepsItsRoomsForTheNextControl) {
  ASSERT_TRUE(next_event<channel::Hello>().has_value());
  ask(channel::OpenRoom{RoomId(7), "kept", false, 0});
  control_.reset();
  auto [ours, its] = socket_pair(SOCK_STREAM);
  attach(std::move(ours));
  ASSERT_TRUE(channel::send_link(link_.value(), {channel::LinkKind::kChannel, 3, std::move(its)}));
  ASSERT_TRUE(next_event<channel::Hello>().has_value());
  const auto reply = ask(channel::Report{});
  ASSERT_TRUE(std::holds_alternative<channel::WorkerReport>(reply));
  const auto& report = std::get<channel::WorkerReport>(reply);
  ASSERT_EQ(report.rooms.size(), 1U);
  EXPECT_EQ(report.rooms[0].room, RoomId(7));
  EXPECT_EQ(report.rooms[0].tag, "kept");
}

}  // namespace
}  // namespace eir
