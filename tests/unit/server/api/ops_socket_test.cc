#include "server/api/ops_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>
#include <fstream>

#include "server/channel/owned_fd.h"
#include "tests/unit/server/store/store_folder.h"

namespace eir {
namespace {

boost::asio::awaitable<std::string> echo(std::string command) { co_return "{" + command + "}"; }

class OpsSocketTest : public testing::Test {
 protected:
  OwnedFd connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    OwnedFd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::connect(out.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return out;
  }
  void run() {
    io.restart();
    while (io.poll() > 0) {
    }
  }
  // All that came back until the end, or "open" if it has not ended.
  std::string answer(const OwnedFd& socket, const std::string& sent) {
    EXPECT_EQ(::send(socket.value(), sent.data(), sent.size(), MSG_NOSIGNAL), static_cast<ssize_t>(sent.size()));
    run();
    std::string out;
    char block[256];
    ssize_t got = 0;
    while ((got = ::recv(socket.value(), block, sizeof block, 0)) > 0) out.append(block, static_cast<size_t>(got));
    return got < 0 && errno == EAGAIN ? "open" : out;
  }

  StoreFolder folder;
  boost::asio::io_context io{1};
  std::string path = OpsSocket::path_in(folder.path());
};

TEST_F(OpsSocketTest, OneLineIsAnsweredToTheEnd) {
  const OpsSocket socket(io, path, echo);
  EXPECT_EQ(answer(connect(), "status\n"), "{status}\n");
  EXPECT_EQ(answer(connect(), "rooms\nmore"), "{rooms}\n");
  EXPECT_EQ(answer(connect(), "stat"), "open");
}

TEST_F(OpsSocketTest, OnlyTheOwnerMayUseTheFile) {
  const OpsSocket socket(io, path, echo);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(OpsSocketTest, LineThatIsTooLongIsClosedWithoutAnswer) {
  const OpsSocket socket(io, path, echo);
  EXPECT_EQ(answer(connect(), std::string(OpsSocket::kLineBytesMax + 1, 'x')), "");
  EXPECT_EQ(answer(connect(), std::string(OpsSocket::kLineBytesMax - 1, 'x') + "\n"),
            "{" + std::string(OpsSocket::kLineBytesMax - 1, 'x') + "}\n");
}

TEST_F(OpsSocketTest, ConnectionsAboveTheLimitAreClosed) {
  const OpsSocket socket(io, path, echo);
  std::vector<OwnedFd> idle;
  for (size_t i = 0; i < OpsSocket::kConnectionsMax; ++i) idle.push_back(connect());
  run();
  char byte = 0;
  const OwnedFd above = connect();
  run();
  EXPECT_EQ(::recv(above.value(), &byte, 1, 0), 0);
  idle.pop_back();
  run();
  EXPECT_EQ(answer(connect(), "status\n"), "{status}\n");
}

TEST_F(OpsSocketTest, FileOfAnEarlierLifeIsReplacedAndGoneAtTheEnd) {
  std::ofstream(path) << "left behind";
  {
    const OpsSocket socket(io, path, echo);
    EXPECT_EQ(answer(connect(), "status\n"), "{status}\n");
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(OpsSocketTest, PathThatIsTooLongIsNamed) {
  const std::string too_long = folder.path() + "/" + std::string(108, 'x');
  try {
    const OpsSocket socket(io, too_long, echo);
    FAIL();
  } catch (const boost::system::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("name too long"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace eir
