#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace eir::bench {

// The JSON of Janus' API (its "WebSockets interface") and of its VideoRoom plugin, both of version 1.1: text out,
// values back. Pure functions.

// Who speaks: 0 where there is none yet.
struct JanusAddress {
  uint64_t session = 0;
  uint64_t handle = 0;
};

std::string janus_create_session(std::string_view transaction);
std::string janus_attach_video_room(uint64_t session, std::string_view transaction);
std::string janus_keep_alive(uint64_t session, std::string_view transaction);
std::string janus_detach(const JanusAddress& address, std::string_view transaction);
// A room for so many publishers, all else as the plugin has it by default (transport-cc is on, no limit of bit rate),
// Opus and VP8.
std::string janus_create_room(const JanusAddress& address, std::string_view transaction, uint64_t room,
                              size_t publishers);
std::string janus_publish(const JanusAddress& address, std::string_view transaction, uint64_t room,
                          const std::string& offer);
// All streams of these publishers on one connection.
std::string janus_subscribe(const JanusAddress& address, std::string_view transaction, uint64_t room,
                            std::span<const uint64_t> feeds);
std::string janus_start(const JanusAddress& address, std::string_view transaction, const std::string& answer);

// What came from Janus.
struct JanusMessage {
  enum class Kind : uint8_t {
    kAck,      // taken; the result comes as an event with the same transaction
    kSuccess,  // the result itself
    kEvent,
    kError,
    kOther,  // notifications: webrtcup, media, slowlink, hangup, timeout, …
  };
  Kind kind = Kind::kOther;
  std::string name;  // as it stands in "janus"
  std::string transaction;
  uint64_t id = 0;         // of a session or handle that was made
  uint64_t feed = 0;       // of who began to publish
  int64_t error_code = 0;  // of Janus or of the plugin, which says "success" or "event" all the same
  std::string error;
  std::string sdp_type;  // "offer" or "answer", or empty
  std::string sdp;
};
// VideoRoom's "No such feed": it is told of publishers a moment after their DTLS is done.
constexpr int64_t kJanusNoSuchFeed = 428;

// Throws std::runtime_error that says what is wrong with the text.
JanusMessage parse_janus_message(std::string_view text);

}  // namespace eir::bench
