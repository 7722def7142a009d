#include "bench/impair_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace eir::bench {
namespace {

constexpr Duration kDelayMax = 10s;
constexpr double kRateMinBps = 1e3;
constexpr double kRateMaxBps = 1e10;
constexpr uint16_t kPortsMax = 64;
constexpr uint32_t kSecondsMax = 3600;
constexpr size_t kStepsMax = 256;

using Unit = std::pair<std::string_view, double>;

// "1.5M" with {"M", 1e6} → 1500000; a number alone has no unit and is refused.
std::optional<double> measure(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units) {
    if (unit == name) return number * factor;
  }
  return std::nullopt;
}

bool read_rate(std::string_view text, std::optional<DataRate>& out) {
  constexpr std::array<Unit, 2> kUnits = {{{"k", 1e3}, {"M", 1e6}}};
  out.reset();
  if (text == "none") return true;
  const std::optional<double> bps = measure(text, kUnits);
  if (!bps || *bps < kRateMinBps || *bps > kRateMaxBps) return false;
  out = DataRate::bps(std::llround(*bps));
  return true;
}

bool read_duration(std::string_view text, Duration max, Duration& out) {
  constexpr std::array<Unit, 2> kUnits = {{{"ms", 1e6}, {"s", 1e9}}};
  const std::optional<double> ns = measure(text, kUnits);
  if (!ns || *ns > static_cast<double>(max.count())) return false;
  out = Duration(std::llround(*ns));
  return true;
}

bool read_share(std::string_view text, double& out) {
  constexpr std::array<Unit, 1> kUnits = {{{"%", 0.01}}};
  const std::optional<double> share = measure(text, kUnits);
  if (!share || *share > 1) return false;
  out = *share;
  return true;
}

bool read_claim(std::string_view text, bool& out) {
  out = text == "yes";
  return out || text == "no";
}

// The bad state is left with 1/length, and entered so that it has its share of the datagrams.
bool read_burst(std::string_view text, LinkCondition& out) {
  const size_t slash = text.find('/');
  double share = 0;
  if (!read_share(text.substr(0, slash), share) || share >= 1) return false;
  double length = 1;
  if (slash != std::string_view::npos) {
    const std::string_view rest = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length, std::chars_format::fixed);
    if (error != std::errc{} || end != rest.data() + rest.size() || !(length >= 1 && length <= 1000)) return false;
  }
  out.burst_leave = 1 / length;
  out.burst_enter = share * out.burst_leave / (1 - share);
  return out.burst_enter <= 1;
}

bool read_value(std::string_view name, std::string_view value, LinkCondition& out) {
  if (name == "rate") return read_rate(value, out.rate);
  if (name == "queue") return read_duration(value, kDelayMax, out.queue);
  if (name == "delay") return read_duration(value, kDelayMax, out.delay);
  if (name == "jitter") return read_duration(value, kDelayMax, out.jitter);
  if (name == "overtaking") return read_claim(value, out.reorders);
  if (name == "loss") return read_share(value, out.loss);
  if (name == "burst") return read_burst(value, out);
  if (name == "reorder") return read_share(value, out.reordering);
  if (name == "reorder_delay") return read_duration(value, kDelayMax, out.reordering_delay);
  if (name == "duplicate") return read_share(value, out.duplication);
  if (name == "blackout") return read_claim(value, out.is_down);
  return false;
}

std::pair<std::string_view, std::string_view> split(std::string_view text, char at) {
  const size_t place = text.find(at);
  if (place == std::string_view::npos) return {text, {}};
  return {text.substr(0, place), text.substr(place + 1)};
}

template <class Number>
bool read_number(std::string_view text, Number max, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out > 0 && out <= max;
}

// IPv4 alone: "127.0.0.1:50000".
bool read_address(std::string_view text, SocketAddress& out) {
  std::array<uint8_t, 4> ip{};
  auto [host, port_text] = split(text, ':');
  for (uint8_t& byte : ip) {
    const auto [part, rest] = split(host, '.');
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), byte);
    if (error != std::errc{} || end != part.data() + part.size() || part.empty()) return false;
    host = rest;
  }
  uint16_t port = 0;
  if (!host.empty() || !read_number(port_text, uint16_t{65535}, port)) return false;
  out = SocketAddress::v4(ip, port);
  return true;
}

// "20s down rate=500k"; what is not named stays as it was before.
bool read_step(std::string_view text, ImpairOptions& options, LinkCondition& up, LinkCondition& down) {
  const auto [after, change] = split(text, ' ');
  ImpairStep step;
  if (!read_duration(after, std::chrono::seconds(kSecondsMax), step.after)) return false;
  if (!options.steps.empty() && step.after < options.steps.back().after) return false;
  const std::optional<Direction> direction = change_line(change, up, down);
  if (!direction || options.steps.size() == kStepsMax) return false;
  step.direction = *direction;
  step.condition = *direction == Direction::kUp ? up : down;
  options.steps.push_back(step);
  return true;
}

bool read_option(std::string_view word, std::string_view value, ImpairOptions& out) {
  if (word == "--listen") return read_address(value, out.listen);
  if (word == "--server") return read_address(value, out.server);
  if (word == "--ports") return read_number(value, kPortsMax, out.ports);
  if (word == "--seed") return read_number(value, UINT64_MAX, out.seed);
  if (word == "--seconds") return read_number(value, kSecondsMax, out.seconds);
  if (word == "--up") return change_condition(value, out.up);
  if (word == "--down") return change_condition(value, out.down);
  return word == "--then";
}

}  // namespace

LinkCondition plain_line() {
  LinkCondition line;
  line.delay = 0ms;
  line.queue = 300ms;  // as a home router's
  return line;
}

bool change_condition(std::string_view text, LinkCondition& condition) {
  LinkCondition changed = condition;
  while (!text.empty()) {
    const auto [change, rest] = split(text, ',');
    const auto [name, value] = split(change, '=');
    if (change == "plain") {
      changed = plain_line();
    } else if (!read_value(name, value, changed)) {
      return false;
    }
    text = rest;
  }
  condition = changed;
  return true;
}

std::optional<Direction> change_line(std::string_view text, LinkCondition& up, LinkCondition& down) {
  const auto [way, change] = split(text, ' ');
  if (change.empty()) return std::nullopt;
  if (way == "up" && change_condition(change, up)) return Direction::kUp;
  if (way == "down" && change_condition(change, down)) return Direction::kDown;
  return std::nullopt;
}

std::optional<ImpairOptions> parse_impair(const std::vector<std::string_view>& words) {
  ImpairOptions out;
  out.up = out.down = plain_line();
  std::vector<std::string_view> steps;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--control") {
      out.is_controlled = true;
      continue;
    }
    if (i + 1 == words.size() || !read_option(words[i], words[i + 1], out)) return std::nullopt;
    if (words[i] == "--then") steps.push_back(words[i + 1]);
    ++i;
  }
  LinkCondition up = out.up;
  LinkCondition down = out.down;
  const auto fits = [](const SocketAddress& first, uint16_t ports) { return first.port + ports <= 65536; };
  if (!fits(out.listen, out.ports) || !fits(out.server, out.ports)) return std::nullopt;
  for (const std::string_view step : steps) {
    if (!read_step(step, out, up, down)) return std::nullopt;
  }
  return out;
}

}  // namespace eir::bench
