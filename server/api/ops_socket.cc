#include "server/api/ops_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "server/api/async_lock.h"

namespace eir {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

// Bound under a mask that lets nobody else in, so that there is no moment in which others could connect.
void bind_private(Local::acceptor& acceptor, const std::string& path) {
  const mode_t before = ::umask(0177);
  boost::system::error_code error;
  acceptor.bind(Local::endpoint(path), error);
  ::umask(before);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw boost::system::system_error(error, path);
}

bool is_own_user(Local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

}  // namespace

struct OpsSocket::State {
  State(asio::io_context& context, std::string file, Handler answering)
      : io(context), path(std::move(file)), handler(std::move(answering)), acceptor(context) {}

  asio::io_context& io;
  std::string path;
  Handler handler;
  Local::acceptor acceptor;
  size_t connections = 0;

  static asio::awaitable<void> accept_all(std::shared_ptr<State> self) {
    asio::steady_timer pause(self->io);
    while (self->acceptor.is_open()) {
      auto [error, socket] = co_await self->acceptor.async_accept(kTuple);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        // Most often no descriptors are left: wait, so that the loop does not burn a core.
        pause.expires_after(std::chrono::milliseconds(50));
        co_await pause.async_wait(kTuple);
        continue;
      }
      if (self->connections >= kConnectionsMax || !is_own_user(socket)) continue;  // the socket closes here
      spawn(self->io.get_executor(), "ops_connection", serve(self, std::make_shared<Local::socket>(std::move(socket))));
    }
  }

  // Shared with the timer, whose handler may already be on its way when the connection ends.
  using SocketPtr = std::shared_ptr<Local::socket>;

  static void limit(asio::steady_timer& timer, const SocketPtr& socket) {
    timer.expires_after(kLineWithin);
    timer.async_wait([socket](const boost::system::error_code& error) {
      boost::system::error_code ignored;
      if (!error) socket->cancel(ignored);
    });
  }

  static asio::awaitable<void> serve(std::shared_ptr<State> self, SocketPtr socket) {
    struct Place {
      size_t& count;
      explicit Place(size_t& counted) : count(counted) { ++count; }
      ~Place() { --count; }
    };
    const Place place(self->connections);
    asio::steady_timer timer(self->io);
    limit(timer, socket);
    std::string line;
    auto buffer = asio::dynamic_buffer(line, kLineBytesMax);
    const auto [error, length] = co_await asio::async_read_until(*socket, buffer, '\n', kTuple);
    timer.cancel();
    if (error) co_return;
    line.resize(length - 1);
    std::string answer = co_await self->handler(line);
    answer += '\n';
    limit(timer, socket);
    co_await asio::async_write(*socket, asio::buffer(answer), kTuple);
    timer.cancel();
  }
};

OpsSocket::OpsSocket(asio::io_context& io, const std::string& path, Handler handler)
    : state_(std::make_shared<State>(io, path, std::move(handler))) {
  state_->acceptor.open();
  // Of an earlier control; the store is locked by now, so nobody serves it.
  ::unlink(path.c_str());
  bind_private(state_->acceptor, path);
  spawn(io.get_executor(), "ops_socket", State::accept_all(state_));
}

OpsSocket::~OpsSocket() { close(); }

void OpsSocket::close() {
  if (!state_->acceptor.is_open()) return;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  ::unlink(state_->path.c_str());
}

std::string OpsSocket::path_in(const std::string& state_dir) { return state_dir + "/eirctl.sock"; }

}  // namespace eir
