#include "lib/client/candidate_pairs.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "lib/base/bytes.h"

namespace eir {
namespace {

std::optional<uint32_t> parse_number(std::string_view text, int base, uint32_t max) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::optional<std::array<uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<uint8_t, 4> address{};
  for (size_t i = 0; i < address.size(); ++i) {
    const size_t dot = i + 1 < address.size() ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto value = parse_number(text.substr(0, dot), 10, UINT8_MAX);
    if (!value) return std::nullopt;
    address[i] = static_cast<uint8_t>(*value);
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  return address;
}

// Colon-separated groups of a side of "::"; nullopt if one is malformed or there are more than eight.
struct Groups {
  std::array<uint16_t, 8> values{};
  size_t count = 0;
};
std::optional<Groups> parse_groups(std::string_view text) {
  Groups groups;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const auto value = parse_number(text.substr(0, colon), 16, UINT16_MAX);
    if (!value || groups.count == groups.values.size()) return std::nullopt;
    groups.values[groups.count++] = static_cast<uint16_t>(*value);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return groups;
}

std::optional<std::array<uint8_t, 16>> parse_v6(std::string_view text) {
  const size_t gap = text.find("::");
  const auto head = parse_groups(text.substr(0, gap));
  const auto tail = parse_groups(gap == std::string_view::npos ? std::string_view{} : text.substr(gap + 2));
  if (!head || !tail) return std::nullopt;
  const size_t given = head->count + tail->count;
  if (gap == std::string_view::npos ? given != 8 : given > 7) return std::nullopt;
  std::array<uint8_t, 16> address{};
  for (size_t i = 0; i < head->count; ++i) store_u16(&address[2 * i], head->values[i]);
  for (size_t i = 0; i < tail->count; ++i) store_u16(&address[2 * (8 - tail->count + i)], tail->values[i]);
  return address;
}

}  // namespace

std::optional<SocketAddress> parse_address(std::string_view text, uint16_t port) {
  if (const auto v4 = parse_v4(text)) return SocketAddress::v4(*v4, port);
  if (text.find(':') == std::string_view::npos) return std::nullopt;
  const auto v6 = parse_v6(text);
  if (!v6) return std::nullopt;
  return SocketAddress{*v6, port};
}

std::vector<SocketAddress> usable_addresses(std::span<const sdp::Candidate> candidates) {
  struct Usable {
    uint32_t priority;
    SocketAddress address;
  };
  std::vector<Usable> usable;
  for (const sdp::Candidate& candidate : candidates) {
    if (candidate.tcp || candidate.component != 1) continue;
    if (const auto address = parse_address(candidate.address, candidate.port)) {
      usable.push_back({candidate.priority, *address});
    }
  }
  std::ranges::stable_sort(usable, [](const Usable& a, const Usable& b) { return a.priority > b.priority; });
  std::vector<SocketAddress> addresses;
  addresses.reserve(usable.size());
  for (const Usable& one : usable) addresses.push_back(one.address);
  return addresses;
}

std::vector<Path> candidate_pairs(uint32_t sockets, std::span<const SocketAddress> servers) {
  std::vector<Path> pairs;
  pairs.reserve(servers.size() * sockets);
  for (const SocketAddress& server : servers) {
    for (uint32_t socket = 0; socket < sockets; ++socket) pairs.push_back({socket, server});
  }
  return pairs;
}

}  // namespace eir
