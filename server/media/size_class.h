#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace eir {

// Batches and messages are counted by how many datagrams they have: 1, 2–3, 4–7, 8–15, 16–31, 32–64.
inline constexpr size_t kSizeClasses = 6;

// Of at least one datagram.
constexpr size_t size_class(size_t datagrams) {
  return std::min(static_cast<size_t>(std::bit_width(datagrams)) - 1, kSizeClasses - 1);
}

}  // namespace eir
