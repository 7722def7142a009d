#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/api/credentials.h"
#include "server/config/config.h"
#include "server/consultation/templates.h"
#include "server/consultation/wall_time.h"

namespace boost::asio::ssl {
class context;
}

namespace eir {

// What control reads besides the configuration, because the configuration names it. Read whole and judged before any of
// it takes effect.
struct NamedFiles {
  std::shared_ptr<boost::asio::ssl::context> tls;  // null without a certificate
  WallTime certificate_expires{};                  // of the first in its file
  Templates templates = Templates::built_in();
  std::string templates_text;
  Credentials credentials;
};

// `config` is what is to be in effect; `parsed` is the text that lines of errors are told of. What is wrong is added to
// `errors`, all of it; the result is then not to be used.
NamedFiles read_named_files(const Config& config, const ParsedConfig& parsed, std::vector<ConfigError>& errors);
// The same without credentials, which a person who only checks a configuration may not read.
void check_named_files(const ParsedConfig& parsed, std::vector<ConfigError>& errors);

}  // namespace eir
