#include "lib/base/random.h"

#include <algorithm>

namespace eir {

uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15U;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

void SeededRandom::fill(MutableBytes out) {
  for (size_t at = 0; at < out.size(); at += 8) {
    std::array<uint8_t, 8> word{};
    store_u64(word.data(), next());
    std::copy_n(word.begin(), std::min<size_t>(8, out.size() - at), out.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace eir
