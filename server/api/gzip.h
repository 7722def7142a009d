#pragma once

#include <string>
#include <string_view>

namespace eir {

// `text` as one gzip member (RFC 1952) at zlib's best compression: for files that are compressed once and sent often.
// Throws std::runtime_error if zlib refuses, which it does only without memory.
std::string gzip(std::string_view text);

// Whether an Accept-Encoding header (RFC 9110 section 12.5.3) takes gzip: named, or meant by "*", with a weight above
// 0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace eir
