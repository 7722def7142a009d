#include "bench/janus_host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "bench/client_loop.h"
#include "bench/janus_connection.h"

namespace eir::bench {
namespace {

constexpr std::chrono::seconds kReadyDeadline{20};
constexpr std::chrono::milliseconds kPoll{20};
// A publisher is known to the plugin a moment after its own DTLS is done.
constexpr std::chrono::seconds kFeedDeadline{5};
constexpr size_t kPublishersMax = 250;
constexpr uint64_t kFirstRoom = 1000;

// Janus gathers no candidates on the loopback interface while there is another one. Packets to an address of the
// machine itself go through loopback all the same. Empty: there is no other interface, and loopback is what it takes.
std::string address_of_this_host() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::string out;
  for (const ifaddrs* one = list; one != nullptr && out.empty(); one = one->ifa_next) {
    const bool is_usable = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (!is_usable || one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto& address = reinterpret_cast<const sockaddr_in&>(*one->ifa_addr);
    if (inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr) out = text.data();
  }
  freeifaddrs(list);
  return out;
}

// The end of what Janus wrote: why it did not start.
std::string last_words(const std::filesystem::path& log) {
  constexpr size_t kBytesMax = 500;
  std::ifstream file(log, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return all.size() > kBytesMax ? all.substr(all.size() - kBytesMax) : all;
}

// One handle of the plugin, given back when this is destroyed.
class JanusHandle {
 public:
  explicit JanusHandle(JanusConnection& connection) : connection_(connection), address_(connection.attach()) {}
  ~JanusHandle() {
    try {
      connection_.send(janus_detach(address_, connection_.next_transaction()));
    } catch (const std::exception&) {
      // The connection is gone, and all its handles with it.
      return;
    }
  }
  JanusHandle(const JanusHandle&) = delete;
  JanusHandle& operator=(const JanusHandle&) = delete;

  // `make` writes the request for an address and a transaction.
  template <class Make>
  JanusMessage call(const Make& make) {
    const std::string transaction = connection_.next_transaction();
    return connection_.call(make(address_, transaction), transaction);
  }

 private:
  JanusConnection& connection_;
  JanusAddress address_;
};

}  // namespace

OwnJanus::OwnJanus(const Options& options) : port_(options.port) {
  write_files(options);
  const std::vector<std::string> arguments = {"--disable-colors", "--log-stdout",
                                              "--configs-folder=" + directory_.path().string()};
  process_.emplace(options.program, arguments, directory_.path() / "log");
  await_ready();
}

// What differs from Debian's files: ports, folders, one network interface, ICE-lite (lib/client answers no checks, and
// Eir is lite as well), and no plugin or transport that is not used: each would open ports, none forwards a packet
// here.
void OwnJanus::write_files(const Options& options) {
  std::ofstream core(directory_.path() / "janus.jcfg");
  core << "general: {\n  configs_folder = \"" << directory_.path().string() << "\"\n  debug_level = 4\n";
  if (options.event_loops > 0) core << "  event_loops = " << options.event_loops << "\n";
  core << "}\nnat: {\n  nice_debug = false\n  ice_ignore_list = \"vmnet\"\n";
  if (const std::string address = address_of_this_host(); !address.empty()) {
    core << "  ice_enforce_list = \"" << address << "\"\n";
  }
  core << "}\nplugins: {\n  disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,"
          "libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,"
          "libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so\"\n}\n"
          "transports: {\n  disable = \"libjanus_http.so,libjanus_pfunix.so,libjanus_mqtt.so,libjanus_nanomsg.so,"
          "libjanus_rabbitmq.so\"\n}\n";
  std::ofstream(directory_.path() / "janus.transport.websockets.jcfg")
      << "general: {\n  json = \"compact\"\n  ws = true\n  ws_port = " << options.port
      << "\n  ws_ip = \"127.0.0.1\"\n  wss = false\n}\nadmin: {\n  admin_ws = false\n  admin_wss = false\n}\n";
  std::ofstream(directory_.path() / "janus.plugin.videoroom.jcfg") << "general: {\n}\n";
}

void OwnJanus::await_ready() {
  const auto end = std::chrono::steady_clock::now() + kReadyDeadline;
  while (std::chrono::steady_clock::now() < end) {
    if (!process_->is_running()) break;
    try {
      JanusConnection probe(port_);
      return;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(kPoll);
    }
  }
  throw std::runtime_error("Janus does not get ready: " + last_words(directory_.path() / "log"));
}

class JanusHost::Publisher final : public Session {
 public:
  Publisher(JanusConnection& connection, Room& room, size_t person)
      : handle_(connection), room_(room), person_(person) {
    progress_.begun = now();
  }

  const JoinProgress& progress() const override { return progress_; }
  void offer(const std::string& sdp) {
    progress_.answer = exchange(sdp);
    progress_.answered = now();
  }

 private:
  std::string exchange(const std::string& offer) {
    const JanusMessage joined = handle_.call([&](const JanusAddress& address, const std::string& transaction) {
      return janus_publish(address, transaction, room_.number, offer);
    });
    check_janus(joined, "a publisher");
    if (joined.sdp_type != "answer") throw std::runtime_error("Janus did not answer the offer");
    room_.feeds.push_back({joined.feed, person_});
    return joined.sdp;
  }

  JanusHandle handle_;
  Room& room_;
  size_t person_;
  JoinProgress progress_;
};

class JanusHost::Watcher final : public Session {
 public:
  Watcher(JanusConnection& connection, const Room& room, size_t person) : handle_(connection), room_(room.number) {
    progress_.begun = now();
    for (const Feed& feed : room.feeds) {
      if (feed.person != person) feeds_.push_back(feed.id);
    }
  }

  const JoinProgress& progress() const override { return progress_; }
  void await_offer() {
    const auto end = std::chrono::steady_clock::now() + kFeedDeadline;
    JanusMessage attached = subscribe();
    while (attached.error_code == kJanusNoSuchFeed && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kPoll);
      attached = subscribe();
    }
    check_janus(attached, "a subscriber");
    if (attached.sdp_type != "offer") throw std::runtime_error("Janus made no offer");
    progress_.offer = attached.sdp;
  }

  void give_answer(const std::string& answer) override {
    const JanusMessage started = handle_.call([&](const JanusAddress& address, const std::string& transaction) {
      return janus_start(address, transaction, answer);
    });
    check_janus(started, "an answer");
    progress_.answered = now();
  }

 private:
  JanusMessage subscribe() {
    return handle_.call([&](const JanusAddress& address, const std::string& transaction) {
      return janus_subscribe(address, transaction, room_, feeds_);
    });
  }

  JanusHandle handle_;
  uint64_t room_;
  std::vector<uint64_t> feeds_;
  JoinProgress progress_;
};

JanusHost::JanusHost(const OwnJanus::Options& options)
    : options_(options), janus_(options), connection_(std::make_unique<JanusConnection>(janus_.port())) {}

JanusHost::~JanusHost() = default;

std::string JanusHost::name() const {
  return options_.event_loops == 0 ? "janus" : "janus event_loops=" + std::to_string(options_.event_loops);
}

void JanusHost::open_rooms(size_t count) {
  for (size_t index = 0; index < count; ++index) {
    if (!rooms_.contains(index)) open_room(index);
  }
}

void JanusHost::open_room(size_t index) {
  const uint64_t number = kFirstRoom + index;
  JanusHandle handle(*connection_);
  const JanusMessage made = handle.call([&](const JanusAddress& address, const std::string& transaction) {
    return janus_create_room(address, transaction, number, kPublishersMax);
  });
  check_janus(made, "a room");
  rooms_.emplace(index, Room{number, {}});
}

std::unique_ptr<Session> JanusHost::join(const Seat& seat, std::string offer) {
  Room& in = rooms_.at(seat.room);
  if (seat.part == Part::kPublishes) {
    auto publisher = std::make_unique<Publisher>(*connection_, in, seat.person);
    publisher->offer(offer);
    return publisher;
  }
  auto watcher = std::make_unique<Watcher>(*connection_, in, seat.person);
  watcher->await_offer();
  return watcher;
}

void JanusHost::poll() { connection_->poll(); }

}  // namespace eir::bench
