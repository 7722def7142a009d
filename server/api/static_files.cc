#include "server/api/static_files.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "server/api/gzip.h"
#include "server/consultation/token.h"

#ifndef EIR_WEB_DIR
#define EIR_WEB_DIR ""
#endif

namespace eir {
namespace {

namespace fs = std::filesystem;

// No inline script or style, nothing from elsewhere; the client's own WebSocket and media blobs only.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view content_type_of(const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".html") return "text/html; charset=utf-8";
  if (extension == ".js") return "text/javascript; charset=utf-8";
  if (extension == ".css") return "text/css; charset=utf-8";
  if (extension == ".svg") return "image/svg+xml";
  if (extension == ".ico") return "image/x-icon";
  return "";
}

}  // namespace

std::string StaticFiles::default_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path().parent_path() / "share/eir/web";
  if (fs::exists(installed / "index.html", error)) return installed.string();
  return EIR_WEB_DIR;
}

StaticFiles StaticFiles::load(const std::string& folder, std::string_view except) {
  StaticFiles files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string_view content_type = content_type_of(at->path());
    if (at->is_directory() && at.depth() == 0 && at->path().filename() == except) at.disable_recursion_pending();
    if (!at->is_regular_file() || content_type.empty()) continue;
    std::ifstream in(at->path(), std::ios::binary);
    std::string body{std::istreambuf_iterator<char>(in), {}};
    std::string name = '/' + fs::relative(at->path(), folder).generic_string();
    if (name == "/index.html") name = "/";
    if (name == "/j.html") name = "/j";
    std::string etag = to_hex(hash_token(body)).substr(0, 32);
    File file{.content_type = std::string(content_type),
              .body = std::move(body),
              .etag = '"' + etag + '"',
              .packed = {},
              .packed_etag = {}};
    std::string packed = gzip(file.body);
    if (packed.size() < file.body.size()) {
      file.packed = std::move(packed);
      file.packed_etag = '"' + etag + "-gzip\"";
    }
    files.files_.emplace(std::move(name), std::move(file));
  }
  if (!files.has("/")) throw std::runtime_error(folder + ": no index.html, the web client's files are not there");
  return files;
}

HttpAnswer StaticFiles::answer(const HttpRequest& request) const {
  const auto found = files_.find(request.path);
  if (found == files_.end()) return answer_problem({404, "not_found", ""});
  if (request.method != "GET" && request.method != "HEAD") {
    HttpAnswer refused = answer_problem({405, "method_not_allowed", ""});
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  const File& file = found->second;
  const bool is_packed = !file.packed.empty() && accepts_gzip(request.accept_encoding);
  const std::string& etag = is_packed ? file.packed_etag : file.etag;
  HttpAnswer answer{.status = 200, .content_type = file.content_type, .body = {}, .headers = {}};
  const bool is_page = file.content_type.starts_with("text/html");
  // A page is asked for again each time; its parts may be kept but are checked by their ETag.
  answer.headers = {{"Cache-Control", is_page ? "no-store" : "no-cache"},
                    {"ETag", etag},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (is_page) answer.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
  if (!file.packed.empty()) answer.headers.emplace_back("Vary", "Accept-Encoding");
  if (request.if_none_match == etag) {
    answer.status = 304;
    return answer;
  }
  if (is_packed) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = is_packed ? file.packed : file.body;
  return answer;
}

}  // namespace eir
