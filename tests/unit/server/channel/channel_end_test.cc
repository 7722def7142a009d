#include "server/channel/channel_end.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <functional>

#include "server/channel/frame.h"
#include "server/channel/supervisor_link.h"

namespace eir::channel {
namespace {

struct Listener : ChannelListener {
  void on_message(Message message, OwnedFd attached) override {
    messages.push_back(std::move(message));
    descriptors.push_back(std::move(attached));
    if (then) then();
  }
  void on_channel_closed(CloseReason reason) override { closed.push_back(reason); }

  std::vector<Message> messages;
  std::vector<OwnedFd> descriptors;
  std::vector<CloseReason> closed;
  std::function<void()> then;
};

// Two ends, or one end and a bare socket, on one loop. Socket pairs need no port and no waiting.
class ChannelEndTest : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    first_ = OwnedFd(fds[0]);
    second_ = OwnedFd(fds[1]);
  }
  void open_first() { left_ = std::make_unique<ChannelEnd>(io_, std::move(first_), left_hears_); }
  void open_both() {
    open_first();
    right_ = std::make_unique<ChannelEnd>(io_, std::move(second_), right_hears_);
  }
  void run() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }

  boost::asio::io_context io_;
  OwnedFd first_;
  OwnedFd second_;
  Listener left_hears_;
  Listener right_hears_;
  std::unique_ptr<ChannelEnd> left_;
  std::unique_ptr<ChannelEnd> right_;
};

TEST_F(ChannelEndTest, MessagesArriveInOrder) {
  open_both();
  for (uint32_t id = 1; id <= 1000; ++id) EXPECT_TRUE(left_->send({id, Request(Ping{})}));
  run();
  ASSERT_EQ(right_hears_.messages.size(), 1000U);
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(right_hears_.messages[i].id, i + 1);
  EXPECT_EQ(left_->counters().messages_out, 1000U);
  EXPECT_EQ(right_->counters().messages_in, 1000U);
}

TEST_F(ChannelEndTest, AMessageLargerThanTheSocketBufferArrivesWhole) {
  open_both();
  const std::string sdp(200'000, 'x');
  for (uint32_t id = 1; id <= 10; ++id) left_->send({id, Reply(Answer{sdp, {}})});
  run();
  ASSERT_EQ(right_hears_.messages.size(), 10U);
  EXPECT_EQ(std::get<Answer>(std::get<Reply>(right_hears_.messages[9].body)).sdp, sdp);
}

TEST_F(ChannelEndTest, ADescriptorArrivesWithItsMessage) {
  open_both();
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const OwnedFd reading(pipe_ends[0]);
  left_->send({1, Request(Ping{})});
  left_->send({2, Request(TakeConnection{true})}, OwnedFd(pipe_ends[1]));
  left_->send({3, Request(Ping{})});
  run();
  ASSERT_EQ(right_hears_.messages.size(), 3U);
  EXPECT_FALSE(right_hears_.descriptors[0]);
  EXPECT_FALSE(right_hears_.descriptors[2]);
  ASSERT_TRUE(right_hears_.descriptors[1]);
  ASSERT_EQ(write(right_hears_.descriptors[1].value(), "!", 1), 1);
  char got = 0;
  ASSERT_EQ(read(reading.value(), &got, 1), 1);
  EXPECT_EQ(got, '!');
}

TEST_F(ChannelEndTest, AnUnknownMessageIsCountedAndTheNextOneRead) {
  open_first();
  const std::string stream = make_frame(R"({"v":2,"id":1,"kind":"pong","body":{}})", false) + make_frame("x", false) +
                             make_frame(encode({7, Request(Ping{})}), false);
  ASSERT_EQ(write(second_.value(), stream.data(), stream.size()), static_cast<ssize_t>(stream.size()));
  run();
  ASSERT_EQ(left_hears_.messages.size(), 1U);
  EXPECT_EQ(left_hears_.messages[0].id, 7U);
  EXPECT_EQ(left_->counters().undecodable, 2U);
  EXPECT_TRUE(left_hears_.closed.empty());
}

TEST_F(ChannelEndTest, ABrokenFrameClosesTheChannelOnce) {
  open_first();
  ASSERT_EQ(write(second_.value(), "\x7f\xff\xff\xff more", 9), 9);
  run();
  EXPECT_EQ(left_hears_.closed, std::vector<CloseReason>{CloseReason::kBadFrame});
  EXPECT_FALSE(left_->send({1, Request(Ping{})}));
  EXPECT_EQ(left_->counters().dropped, 1U);
}

TEST_F(ChannelEndTest, AFrameThatPromisesADescriptorAndHasNoneIsBroken) {
  open_first();
  const std::string frame = make_frame(encode({7, Request(Ping{})}), true);
  ASSERT_EQ(write(second_.value(), frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  run();
  EXPECT_TRUE(left_hears_.messages.empty());
  EXPECT_EQ(left_hears_.closed, std::vector<CloseReason>{CloseReason::kBadFrame});
}

TEST_F(ChannelEndTest, APeerThatLeavesIsTold) {
  open_both();
  run();
  right_.reset();
  run();
  EXPECT_EQ(left_hears_.closed, std::vector<CloseReason>{CloseReason::kPeerClosed});
}

TEST_F(ChannelEndTest, APeerThatReadsNothingFillsTheQueueAndNoMore) {
  open_first();
  size_t accepted = 0;
  while (left_->send({1, Request(Ping{})})) ++accepted;
  EXPECT_EQ(accepted, kQueueMessagesMax);
  EXPECT_TRUE(left_hears_.closed.empty());  // not from within send()
  run();
  EXPECT_EQ(left_hears_.closed, std::vector<CloseReason>{CloseReason::kQueueFull});
}

TEST_F(ChannelEndTest, MayBeDestroyedByItsListener) {
  open_both();
  right_hears_.then = [this] { right_.reset(); };
  left_->send({1, Request(Ping{})});
  left_->send({2, Request(Ping{})});
  run();
  EXPECT_EQ(right_hears_.messages.size(), 1U);
  EXPECT_TRUE(right_hears_.closed.empty());
}

class LinkTest : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    ours_ = OwnedFd(fds[0]);
    theirs_ = OwnedFd(fds[1]);
  }
  OwnedFd ours_;
  OwnedFd theirs_;
};

TEST_F(LinkTest, KindWorkerAndDescriptorArrive) {
  EXPECT_TRUE(send_link(ours_.value(), {LinkKind::kChannel, 3, OwnedFd(dup(2))}));
  EXPECT_TRUE(send_link(ours_.value(), {LinkKind::kWorkerDied, 4, {}}));
  bool closed = false;
  auto first = receive_link(theirs_.value(), &closed);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->kind, LinkKind::kChannel);
  EXPECT_EQ(first->worker, 3U);
  EXPECT_TRUE(first->fd);
  auto second = receive_link(theirs_.value(), &closed);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->worker, 4U);
  EXPECT_FALSE(second->fd);
  EXPECT_FALSE(receive_link(theirs_.value(), &closed).has_value());
  EXPECT_FALSE(closed);
}

TEST_F(LinkTest, MalformedMessagesAreSkipped) {
  for (const std::string& bytes :
       {std::string("\0\0\0\1", 4), std::string(8, '\0'), std::string(9, '\1'), std::string("\0\0\0\xff\0\0\0\0", 8)}) {
    ASSERT_EQ(write(ours_.value(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    bool closed = false;
    EXPECT_FALSE(receive_link(theirs_.value(), &closed).has_value());
    EXPECT_FALSE(closed);
  }
}

TEST_F(LinkTest, AChildSaysThatItLivesAndHearsTheEnd) {
  boost::asio::io_context io;
  std::vector<LinkKind> heard;
  SupervisorLink link(io, std::move(theirs_), [&](LinkMessage message) { heard.push_back(message.kind); });
  link.send(LinkKind::kReady);
  send_link(ours_.value(), {LinkKind::kDrain, 0, {}});
  while (io.poll() > 0) {
  }
  bool closed = false;
  EXPECT_EQ(receive_link(ours_.value(), &closed)->kind, LinkKind::kReady);
  EXPECT_EQ(receive_link(ours_.value(), &closed)->kind, LinkKind::kAlive);
  ours_.reset();
  while (io.poll() > 0) {
  }
  EXPECT_EQ(heard, (std::vector<LinkKind>{LinkKind::kDrain, LinkKind::kStop}));
}

}  // namespace
}  // namespace eir::channel
