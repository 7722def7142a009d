#include "server/api/named_files.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <iterator>

#include "server/api/http_server.h"

namespace eir {
namespace {

void read_tls(const Config& config, const ParsedConfig& parsed, NamedFiles& out, std::vector<ConfigError>& errors) {
  const HttpsListener& https = config.listeners.https;
  if (https.certificate_file.empty()) return;
  try {
    out.tls = make_tls_context(https.certificate_file, https.key_file);
  } catch (const std::exception& error) {
    const std::string what = error.what();
    const bool is_key = what.starts_with(https.key_file + ":") || what.starts_with(https.key_file + " ");
    const char* key = is_key ? "listeners.https.key_file" : "listeners.https.certificate_file";
    return errors.push_back(parsed.error(key, "cannot be used: " + what));
  }
  const X509* certificate = SSL_CTX_get0_certificate(out.tls->native_handle());
  std::tm time{};
  if (certificate != nullptr && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1) {
    out.certificate_expires = WallTime(std::chrono::seconds(timegm(&time)));
  }
}

// Each mistake of the templates' file, as a mistake of the key that names it.
void read_templates(const Config& config, const ParsedConfig& parsed, NamedFiles& out,
                    std::vector<ConfigError>& errors) {
  if (config.templates_file.empty()) return;
  std::ifstream file(config.templates_file, std::ios::binary);
  out.templates_text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) {
    return errors.push_back(parsed.error("templates_file", "cannot be read: " + config.templates_file));
  }
  for (const std::string& mistake : out.templates.add(out.templates_text, config.templates_file)) {
    errors.push_back(parsed.error("templates_file", "is wrong: " + mistake));
  }
}

}  // namespace

NamedFiles read_named_files(const Config& config, const ParsedConfig& parsed, std::vector<ConfigError>& errors) {
  NamedFiles out;
  read_tls(config, parsed, out, errors);
  read_templates(config, parsed, out, errors);
  try {
    out.credentials = Credentials::load(config.state_dir);
  } catch (const std::exception& error) {
    errors.push_back(parsed.error("state_dir", std::string("holds credentials that cannot be used: ") + error.what()));
  }
  return out;
}

void check_named_files(const ParsedConfig& parsed, std::vector<ConfigError>& errors) {
  NamedFiles out;
  read_tls(parsed.config, parsed, out, errors);
  read_templates(parsed.config, parsed, out, errors);
}

}  // namespace eir
