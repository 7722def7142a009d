#pragma once

#include <optional>
#include <string>

#include "lib/base/path.h"

namespace eir {

// "192.0.2.1", "2001:db8::1"; no brackets, no zone, no host names.
std::optional<SocketAddress> parse_ip_address(const std::string& text, uint16_t port = 0);
// 127.0.0.0/8 and ::1.
bool is_loopback(const SocketAddress& address);
// 0.0.0.0 and ::.
bool is_wildcard(const SocketAddress& address);

}  // namespace eir
