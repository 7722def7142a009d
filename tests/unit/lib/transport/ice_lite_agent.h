#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/transport/ice_lite.h"

namespace eir {

inline constexpr Timestamp kIceStart{Duration(1000s)};
inline const IceCredentials kIceLocal{"locl1234", "localpasswordlocalpassword"};
inline const IceCredentials kIceNext{"next5678", "nextpasswordnextpasswordnext"};

inline Path path_of(uint8_t host, uint32_t socket = 0) { return {socket, SocketAddress::v4({192, 0, 2, host}, 5000)}; }

struct IceCheckOptions {
  bool use_candidate = false;
  uint32_t priority = 100;
  std::string username = "locl1234:peer";
  std::string pwd = kIceLocal.pwd;
};

inline std::vector<uint8_t> make_check(const IceCheckOptions& options) {
  StunKey key(options.pwd);
  std::vector<uint8_t> bytes(kStunWriteBytesMax);
  const StunCheck check{.transaction_id = {1, 2, 3},
                        .username = options.username,
                        .priority = options.priority,
                        .tie_breaker = 7,
                        .use_candidate = options.use_candidate};
  bytes.resize(write_binding_request(check, key, bytes));
  return bytes;
}

// IceLite with a clock, and all it said.
struct IceLiteAgent {
  Timestamp now = kIceStart;
  IceLite ice{now, kIceLocal};
  std::array<uint8_t, kStunWriteBytesMax> reply{};

  StunOutcome receive(const std::vector<uint8_t>& bytes, const Path& path) {
    const auto message = StunMessage::parse(bytes);
    EXPECT_TRUE(message);
    if (!message) return {};
    return ice.handle_binding_request(now, *message, path, reply);
  }
  StunOutcome check(const Path& path, const IceCheckOptions& options = {}) {
    return receive(make_check(options), path);
  }
  void nominate(const Path& path, uint32_t priority = 100) {
    EXPECT_EQ(check(path, {.use_candidate = true, .priority = priority}).rejection, StunRejection::kNone);
  }
  void media(const Path& path) { ice.handle_authenticated_packet(now, path); }
  void wait(Duration d) {
    now += d;
    ice.handle_timeout(now);
  }
  bool is_selected(const Path& path) const { return ice.selected_path() != nullptr && *ice.selected_path() == path; }
  template <class Event>
  std::vector<Event> drain() {
    std::vector<Event> found;
    while (auto event = ice.poll_event()) {
      if (const Event* match = std::get_if<Event>(&*event)) found.push_back(*match);
    }
    return found;
  }
};

}  // namespace eir
