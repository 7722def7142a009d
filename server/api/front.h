#pragma once

#include "server/api/backend.h"
#include "server/api/http_server.h"
#include "server/api/static_files.h"

namespace eir {

// What clients reach: REST, signalling and the web client's files. Owned by run_control().
class Front final : public HttpHandler {
 public:
  Front(const Config& config, Backend& backend, StaticFiles files)
      : config_(config), backend_(backend), files_(std::move(files)) {}

  boost::asio::awaitable<HttpAnswer> handle(const HttpRequest& request) override;
  std::optional<HttpAnswer> refuse_upgrade(const HttpRequest& request) override;
  std::unique_ptr<SignalReceiver> open_signal(SignalConnection& connection) override;

 private:
  boost::asio::awaitable<HttpAnswer> answer_api(const HttpRequest& request);

  const Config& config_;
  Backend& backend_;
  StaticFiles files_;
};

}  // namespace eir
