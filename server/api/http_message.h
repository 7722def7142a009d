#pragma once

#include <cstdint>
#include <string>
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
  std::string if_none_match;
  std::string source;  // the peer's IP address: for rate limits and Pii only
  std::string body;
  bool is_tls = false;
};

struct HttpAnswer {
  uint16_t status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

HttpAnswer answer_json(uint16_t status, std::string body);
HttpAnswer answer_problem(const Problem& problem);

}  // namespace eir
