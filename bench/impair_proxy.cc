#include "bench/impair_proxy.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

#include "bench/client_loop.h"
#include "server/media/native_address.h"

namespace eir::bench {
namespace {

// What epoll calls a socket: a front by its number, a client's by its place above kClients, standard input kControl.
constexpr uint64_t kClients = uint64_t{1} << 32;
constexpr uint64_t kControl = UINT64_MAX;
// Of one socket at a time, so that the others get their turn.
constexpr int kDatagramsPerTurn = 64;

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

SocketAddress at_port(SocketAddress first, size_t index) {
  first.port = static_cast<uint16_t>(first.port + index);
  return first;
}

double ms(Duration d) { return to_seconds(d) * 1000; }

void append(std::string& out, const char* name, uint64_t value) {
  out += std::string("\"") + name + "\":" + std::to_string(value) + ',';
}
void append(std::string& out, const char* name, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  out += std::string("\"") + name + "\":" + text.data() + ',';
}

}  // namespace

ImpairProxy::ImpairProxy(const ImpairOptions& options)
    : options_(options),
      random_(options.seed),
      started_(now()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      lines_{Line(options.up), Line(options.down)},
      has_control_(options.is_controlled) {
  if (!epoll_) fail("epoll_create1");
  for (const ImpairStep& step : options.steps) {
    lines_[index_of(step.direction)].link.schedule(started_ + step.after, step.condition);
  }
  for (size_t port = 0; port < options.ports; ++port) {
    fronts_.push_back(open_udp_socket(at_port(options.listen, port)));
    watch(fronts_.back().value(), port);
  }
  if (has_control_) watch(STDIN_FILENO, kControl);
}

void ImpairProxy::watch(int socket, uint64_t name) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = name;
  if (epoll_ctl(epoll_.value(), EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
}

void ImpairProxy::run_until(Timestamp until) {
  for (Timestamp at = now(); at < until; at = now()) {
    deliver_due(at);
    wait(until);
  }
}

void ImpairProxy::wait(Timestamp until) {
  if (!held_.empty()) until = std::min(until, held_.front().at);
  const Duration left = std::max(until - now(), Duration{});
  const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  std::array<epoll_event, 64> events{};
  const int ready = epoll_pwait2(epoll_.value(), events.data(), events.size(), &timeout, nullptr);
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) {
    const uint64_t name = events[static_cast<size_t>(i)].data.u64;
    if (name == kControl) {
      read_control();
    } else if (name >= kClients) {
      receive_back(name - kClients);
    } else {
      receive_front(name);
    }
  }
}

// Whole lines in one write each, as a program sends them; what is not understood is said so.
void ImpairProxy::read_control() {
  std::array<char, 4096> text{};
  const ssize_t size = read(STDIN_FILENO, text.data(), text.size());
  if (size <= 0) {
    has_control_ = false;
    epoll_ctl(epoll_.value(), EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
    return;
  }
  std::string_view rest(text.data(), static_cast<size_t>(size));
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const bool is_understood = line.empty() || change(line);
    if (!is_understood) std::fprintf(stderr, "not understood: %.*s\n", static_cast<int>(line.size()), line.data());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

bool ImpairProxy::change(std::string_view text) {
  LinkCondition up = lines_[0].link.condition();
  LinkCondition down = lines_[1].link.condition();
  const std::optional<Direction> direction = change_line(text, up, down);
  if (!direction) return false;
  lines_[index_of(*direction)].link.set(*direction == Direction::kUp ? up : down);
  return true;
}

void ImpairProxy::receive_front(size_t port) {
  std::array<uint8_t, kDatagramMax> buffer;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    NativeAddress name{};
    socklen_t name_size = sizeof name;
    const ssize_t size = recvfrom(fronts_[port].value(), buffer.data(), buffer.size(), 0, &name.common, &name_size);
    if (size < 0) return;
    const Timestamp at = now();
    if (Client* const client = client_of(at, port, from_native(name))) {
      pass(at, Direction::kUp, *client, ByteView(buffer).first(static_cast<size_t>(size)));
    }
  }
}

void ImpairProxy::receive_back(size_t place) {
  std::array<uint8_t, kDatagramMax> buffer;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    const ssize_t size = recv(clients_[place]->socket.value(), buffer.data(), buffer.size(), 0);
    // Also what ICMP says of a server that is not there: nothing came.
    if (size < 0) return;
    const Timestamp at = now();
    clients_[place]->last_seen = at;
    pass(at, Direction::kDown, *clients_[place], ByteView(buffer).first(static_cast<size_t>(size)));
  }
}

ImpairProxy::Client* ImpairProxy::client_of(Timestamp at, size_t port, const SocketAddress& address) {
  size_t oldest = 0;
  for (size_t place = 0; place < clients_.size(); ++place) {
    Client& client = *clients_[place];
    if (client.port == port && client.address == address) {
      client.last_seen = at;
      return &client;
    }
    if (client.last_seen < clients_[oldest]->last_seen) oldest = place;
  }
  size_t place = clients_.size();
  if (place == kClientsMax) {
    if (at - clients_[oldest]->last_seen < kClientKept) {
      ++refused_;
      return nullptr;
    }
    place = oldest;
  } else {
    clients_.emplace_back();
  }
  replace(place, at, port, address);
  return clients_[place].get();
}

void ImpairProxy::replace(size_t place, Timestamp at, size_t port, const SocketAddress& address) {
  // From the address that the server's is reached by; the kernel chooses the port.
  auto client = std::make_unique<Client>();
  client->id = next_client_++;
  client->port = port;
  client->address = address;
  client->last_seen = at;
  client->socket = open_udp_socket(SocketAddress::v4({0, 0, 0, 0}, 0));
  NativeAddress name{};
  const socklen_t size = to_native(at_port(options_.server, port), AF_INET, name);
  if (connect(client->socket.value(), &name.common, size) != 0) fail("connect");
  watch(client->socket.value(), kClients + place);
  clients_[place] = std::move(client);
}

ImpairProxy::Client* ImpairProxy::find(uint64_t id) {
  for (const auto& client : clients_) {
    if (client->id == id) return client.get();
  }
  return nullptr;
}

void ImpairProxy::pass(Timestamp at, Direction direction, const Client& client, ByteView bytes) {
  Line& line = lines_[index_of(direction)];
  ++line.counters.in;
  line.counters.bytes_in += bytes.size();
  const SimLink::Arrivals arrivals = line.link.transmit(at, bytes.size() + kHeaderBytes, random_);
  line.queue_max = std::max(line.queue_max, line.link.queue(at));
  for (size_t copy = 0; copy < arrivals.count; ++copy) {
    hold({.at = arrivals.times[copy], .serial = ++serial_, .client = client.id, .direction = direction, .bytes = {}},
         bytes);
  }
}

void ImpairProxy::hold(Held datagram, ByteView bytes) {
  ImpairCounters& counters = lines_[index_of(datagram.direction)].counters;
  if (held_.size() >= kHeldMax) {
    ++counters.lost_here;
    return;
  }
  if (!spare_.empty()) {
    datagram.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  datagram.bytes.assign(bytes.begin(), bytes.end());
  held_.push_back(std::move(datagram));
  std::push_heap(held_.begin(), held_.end());
  ++counters.held;
}

void ImpairProxy::deliver_due(Timestamp at) {
  while (!held_.empty() && held_.front().at <= at) {
    std::pop_heap(held_.begin(), held_.end());
    Held datagram = std::move(held_.back());
    held_.pop_back();
    ImpairCounters& counters = lines_[index_of(datagram.direction)].counters;
    --counters.held;
    if (deliver(datagram)) {
      ++counters.out;
      counters.bytes_out += datagram.bytes.size();
    } else {
      ++counters.lost_here;
    }
    spare_.push_back(std::move(datagram.bytes));
  }
}

bool ImpairProxy::deliver(const Held& datagram) {
  const Client* const client = find(datagram.client);
  if (client == nullptr) return false;
  const auto size = static_cast<ssize_t>(datagram.bytes.size());
  if (datagram.direction == Direction::kUp) {
    return send(client->socket.value(), datagram.bytes.data(), datagram.bytes.size(), MSG_DONTWAIT) == size;
  }
  NativeAddress name{};
  const socklen_t name_size = to_native(client->address, AF_INET, name);
  return sendto(fronts_[client->port].value(), datagram.bytes.data(), datagram.bytes.size(), MSG_DONTWAIT, &name.common,
                name_size) == size;
}

std::string ImpairProxy::report(Timestamp at) {
  std::string out = "{";
  append(out, "t_ms", ms(at - started_));
  append(out, "clients", uint64_t{clients_.size()});
  append(out, "refused", refused_);
  for (const Direction direction : {Direction::kUp, Direction::kDown}) {
    Line& line = lines_[index_of(direction)];
    const LinkCounters& link = line.link.counters();
    ImpairCounters& counters = line.counters;
    counters.duplicated = link.duplicated;
    counters.dropped_loss = link.dropped_loss;
    counters.dropped_burst = link.dropped_burst;
    counters.dropped_queue = link.dropped_queue;
    counters.dropped_blackout = link.dropped_down;
    out += direction == Direction::kUp ? "\"up\":{" : "\"down\":{";
    append(out, "in", counters.in);
    append(out, "bytes_in", counters.bytes_in);
    append(out, "out", counters.out);
    append(out, "bytes_out", counters.bytes_out);
    append(out, "duplicated", counters.duplicated);
    append(out, "dropped_loss", counters.dropped_loss);
    append(out, "dropped_burst", counters.dropped_burst);
    append(out, "dropped_queue", counters.dropped_queue);
    append(out, "dropped_blackout", counters.dropped_blackout);
    append(out, "lost_here", counters.lost_here);
    append(out, "held", counters.held);
    append(out, "queue_ms", ms(line.link.queue(at)));
    append(out, "queue_max_ms", ms(std::exchange(line.queue_max, Duration{})));
    out.back() = '}';
    out += ',';
  }
  out.back() = '}';
  return out;
}

namespace {

// Set by a signal; the loop wakes at least once a second.
volatile std::sig_atomic_t is_ended = 0;

void end(int) { is_ended = 1; }

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

void run_impair(const ImpairOptions& options) {
  std::signal(SIGINT, end);
  std::signal(SIGTERM, end);
  ImpairProxy proxy(options);
  const Timestamp begin = now();
  const Timestamp stop = options.seconds == 0 ? kNever : begin + std::chrono::seconds(options.seconds);
  say("{\"ready\":true}");
  Timestamp next = begin + ImpairProxy::kReportInterval;
  while (is_ended == 0 && now() < stop && proxy.has_control() == options.is_controlled) {
    // Short turns: a signal or the end of control is seen soon.
    proxy.run_until(std::min({next, stop, now() + 100ms}));
    if (now() < next) continue;
    say(proxy.report(now()));
    next += ImpairProxy::kReportInterval;
  }
  say(proxy.report(now()));
}

}  // namespace eir::bench
