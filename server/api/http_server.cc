#include "server/api/http_server.h"

#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <unordered_map>

#include "server/api/async_lock.h"
#include "server/api/http_connection.h"
#include "server/channel/start.h"

namespace eir {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
// After a failed accept (most often: no descriptors left) wait, so that the loop does not burn a core.
constexpr std::chrono::milliseconds kAcceptPause{50};

int select_http11(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                  unsigned int in_length, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_length, kHttp11, sizeof kHttp11, in, in_length);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

struct HttpServer::State {
  State(asio::io_context& context, std::shared_ptr<asio::ssl::context> secured, HttpHandler& answering,
        const HttpLimits& limited)
      : io(context), tls(std::move(secured)), handler(answering), limits(limited) {}

  asio::io_context& io;
  std::shared_ptr<asio::ssl::context> tls;
  HttpHandler& handler;
  HttpLimits limits;
  HttpCounters counters;
  std::list<tcp::acceptor> acceptors;
  std::unordered_map<std::string, uint32_t> per_source;
};

namespace {

template <class State>
asio::awaitable<void> serve_counted(std::shared_ptr<State> state, tcp::socket socket, std::string source) {
  // Counts down however the coroutine ends.
  struct Place {
    State& state;
    const std::string source;
    ~Place() {
      --state.counters.open;
      const auto found = state.per_source.find(source);
      if (--found->second == 0) state.per_source.erase(found);
    }
  };
  const Place place{*state, source};
  const std::shared_ptr<asio::ssl::context> tls = state->tls;  // a reload may bring another meanwhile
  HttpContext context{state->handler, state->limits, state->counters, tls.get()};
  co_await serve_http(std::move(socket), std::move(source), context);
}

template <class State>
asio::awaitable<void> accept_all(std::shared_ptr<State> state, tcp::acceptor& acceptor) {
  asio::steady_timer pause(state->io);
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kTuple);
    if (error == asio::error::operation_aborted) co_return;
    boost::system::error_code unknown;
    const auto peer = error ? tcp::endpoint() : socket.remote_endpoint(unknown);
    if (error || unknown) {
      pause.expires_after(kAcceptPause);
      if (error) co_await pause.async_wait(kTuple);
      continue;
    }
    std::string source = peer.address().to_string();
    const auto known = state->per_source.find(source);
    const bool is_greedy = known != state->per_source.end() && known->second >= state->limits.connections_per_source;
    if (is_greedy || state->counters.open >= state->limits.connections) {
      ++state->counters.refused_connections;
      continue;  // the socket closes here
    }
    ++state->counters.accepted;
    ++state->counters.open;
    ++state->per_source[source];
    socket.set_option(tcp::no_delay(true), unknown);
    spawn(state->io.get_executor(), "http_connection", serve_counted(state, std::move(socket), std::move(source)));
  }
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls, HttpHandler& handler,
                       const HttpLimits& limits)
    : state_(std::make_shared<State>(io, std::move(tls), handler, limits)) {}

HttpServer::~HttpServer() { close(); }

void HttpServer::listen(const channel::InheritedSocket& socket) {
  const bool is_v6 = socket.address.find(':') != std::string::npos;
  tcp::acceptor& acceptor = state_->acceptors.emplace_back(state_->io, is_v6 ? tcp::v6() : tcp::v4(), socket.fd);
  spawn(state_->io.get_executor(), "http_listener", accept_all(state_, acceptor));
}

void HttpServer::set_limits(const HttpLimits& limits) { state_->limits = limits; }
void HttpServer::set_tls(std::shared_ptr<asio::ssl::context> tls) { state_->tls = std::move(tls); }

void HttpServer::close() {
  boost::system::error_code ignored;
  for (tcp::acceptor& acceptor : state_->acceptors) acceptor.close(ignored);
}

const HttpCounters& HttpServer::counters() const { return state_->counters; }

std::shared_ptr<asio::ssl::context> make_tls_context(const std::string& certificate_file, const std::string& key_file) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // TLS 1.2: forward secrecy and authenticated encryption or nothing (RFC 9325 section 4.2).
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(native, select_http11, nullptr);
  boost::system::error_code error;
  tls->use_certificate_chain_file(certificate_file, error);
  if (error) throw boost::system::system_error(error, certificate_file);
  tls->use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) throw boost::system::system_error(error, key_file);
  return tls;
}

}  // namespace eir
