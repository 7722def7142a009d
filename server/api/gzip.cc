#include "server/api/gzip.h"

#include <zlib.h>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <optional>
#include <stdexcept>

namespace eir {
namespace {

// deflateInit2: the largest window, and 16 more for gzip's header and check sum instead of zlib's.
constexpr int kGzipWindowBits = MAX_WBITS + 16;
constexpr int kMemoryLevel = 8;

// True if the weight says "not at all" (RFC 9110 section 12.4.2): 0, 0.0, 0.00 or 0.000.
bool is_nothing(std::string_view weight) {
  return !weight.empty() && weight.front() == '0' && weight.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("zlib does not start");
  }
  std::string packed(deflateBound(&stream, text.size()), '\0');
  // zlib reads through a pointer that its interface forgets to call const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("zlib does not end");
  return packed;
}

bool accepts_gzip(std::string_view accept_encoding) {
  namespace beast = boost::beast;
  std::optional<bool> any;
  for (const auto& [coding, parameters] :
       beast::http::ext_list(beast::string_view(accept_encoding.data(), accept_encoding.size()))) {
    bool takes = true;
    for (const auto& [name, value] : parameters) {
      if (beast::iequals(name, "q")) takes = !is_nothing({value.data(), value.size()});
    }
    if (beast::iequals(coding, "gzip")) return takes;
    if (coding == "*") any = takes;
  }
  return any.value_or(false);
}

}  // namespace eir
