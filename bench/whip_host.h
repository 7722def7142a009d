#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/api_client.h"
#include "bench/host.h"

namespace eir::bench {

// An http:// URL of this host. Throws std::runtime_error for any other.
struct LocalUrl {
  ApiAddress address;
  std::string path;  // with its query; "/" if there is none
};
LocalUrl parse_local_url(std::string_view url);
// What a Location header means for the URL that was posted to: an absolute URL of the same server, an absolute path or
// a path beside the one posted to (RFC 3986 section 5.2). Throws std::runtime_error if it leads to another server.
LocalUrl resolve_location(const LocalUrl& posted, std::string_view location);
// Puts the numbers of room and person in place of {room} and {person}.
std::string fill_in(std::string_view url_template, const Seat& seat);

struct WhipOptions {
  std::string whip;  // URL templates; see fill_in()
  std::string whep;
  // Of the first connection, the second, …; the last one is that of all that follow. None: no Authorization.
  std::vector<std::string> bearers;
  pid_t pid = 0;  // the server's, for its CPU time and memory; 0: unknown
};

// Any server with WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03) on this host that answers a=setup:active with
// passive. Where WHEP serves one stream a resource, only a fan-out of one publisher makes sense.
class WhipHost final : public Host {
 public:
  explicit WhipHost(WhipOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "whip"; }
  void open_rooms(size_t /*count*/) override {}  // the server's own matter
  // Done when it returns: one HTTP request.
  std::unique_ptr<Session> join(const Seat& seat, std::string offer) override;
  bool is_one_way() const override { return true; }
  void poll() override {}
  std::vector<pid_t> workers() const override;
  Counters counters() override { return {}; }

 private:
  WhipOptions options_;
  size_t connections_ = 0;
};

}  // namespace eir::bench
