#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api/problem.h"

namespace eir {

// A request as the handlers see it: parsed, within the limits, nothing of Beast.
struct HttpRequest {
  std::string method;
  std::string path;  // without the query, which no route has
  std::string host;  // the Host header, checked for its characters
  std::string origin;
  std::string bearer;
  std::string content_type;  // with its parameters, as it came
  std::string accept;
  std::string accept_encoding;
  std::string if_match;
  std::string if_none_match;
  std::string idempotency_key;
  std::string last_event_id;
  std::string access_control_request_method;
  std::string source;  // the peer's IP address: for rate limits and Pii only
  std::string body;
  bool is_tls = false;
};

// A body that is written while it comes about, for instance text/event-stream. Owned by its answer; destroyed when the
// last piece is written or the peer is gone, whichever is first.
class AnswerStream {
 public:
  virtual ~AnswerStream() = default;
  // The next piece, or nothing at the end. Waits as long as it likes, but an event stream sends a comment every 15 s so
  // that proxies keep the connection. When the peer is gone the wait is cancelled (what it awaits ends with
  // operation_aborted) and next() is not called again.
  virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;
};

struct HttpAnswer {
  uint16_t status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Instead of `body`; the connection is closed at its end.
  std::unique_ptr<AnswerStream> stream = nullptr;
};

// True if the body is declared to be of this media type, whatever its parameters (RFC 9110 section 8.3.1).
bool has_content_type(const HttpRequest& request, std::string_view media_type);
HttpAnswer answer_json(uint16_t status, std::string body);
HttpAnswer answer_problem(const Problem& problem);
// No body and no Content-Type.
HttpAnswer answer_empty(uint16_t status);

}  // namespace eir
