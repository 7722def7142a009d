#include "lib/media/sent_numbers.h"

#include <bit>

#include "lib/base/check.h"
#include "lib/base/sequence.h"

namespace eir {

void SentNumbers::insert(int64_t number) {
  EIR_DCHECK(number >= 0);
  if (empty()) {
    first_ = number;
    newest_ = number - 1;
  }
  if (number < first_) return;
  ++count_;
  if (number > newest_) {
    if (number - newest_ >= kWindow) {
      bits_.fill(0);
    } else {
      for (int64_t n = newest_ + 1; n <= number; ++n) bits_[word_of(n)] &= ~bit_of(n);
    }
    newest_ = number;
  }
  if (number > newest_ - kWindow) bits_[word_of(number)] |= bit_of(number);
}

int64_t SentNumbers::sent_after(int64_t number) const {
  int64_t count = 0;
  for (int64_t n = number + 1; n <= newest_;) {
    const auto offset = static_cast<size_t>(n) % kWordBits;
    uint64_t word = bits_[word_of(n)] >> offset;
    const int64_t left = newest_ - n + 1;
    if (left < static_cast<int64_t>(kWordBits - offset)) word &= (uint64_t{1} << left) - 1;
    count += std::popcount(word);
    n += static_cast<int64_t>(kWordBits - offset);
  }
  return count;
}

std::optional<int64_t> SentNumbers::open_up_to(int64_t highest) const {
  if (empty() || highest < first_ || highest > newest_ || highest <= newest_ - kWindow) return std::nullopt;
  if (!contains(highest)) return std::nullopt;
  return highest - first_ + 1 - (count_ - sent_after(highest));
}

int64_t SentNumbers::unwrap(uint16_t sequence) const {
  return newest_ + wrapped_difference(sequence, static_cast<uint16_t>(newest_));
}

}  // namespace eir
