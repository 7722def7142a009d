#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace eir {

// Which outgoing sequence numbers of one slot have been sent. What was lost on the way to Eir stays a gap in the slot's
// numbers, to be filled if it comes after all; a receiver counts it as lost on the way from Eir. This tells the two
// apart. All numbers unwrapped. Owned by a SendStream.
class SentNumbers {
 public:
  // How far a report's highest number may lie behind the newest sent: 3.5 s of 20 Mbit/s.
  static constexpr int64_t kWindow = 8192;

  // A number was sent for the first time. In any order; each number once.
  void insert(int64_t number);

  // How many numbers from the first to `highest` were never sent so far; nullopt if nothing was sent, or `highest` was
  // not sent or lies beyond the window.
  std::optional<int64_t> open_up_to(int64_t highest) const;

  // The unwrapped number nearest to the newest sent.
  int64_t unwrap(uint16_t sequence) const;
  int64_t first() const { return first_; }
  bool empty() const { return count_ == 0; }

 private:
  static constexpr size_t kWordBits = 64;
  static size_t word_of(int64_t number) { return static_cast<size_t>(number % kWindow) / kWordBits; }
  static uint64_t bit_of(int64_t number) { return uint64_t{1} << (static_cast<size_t>(number) % kWordBits); }
  bool contains(int64_t number) const { return (bits_[word_of(number)] & bit_of(number)) != 0; }
  int64_t sent_after(int64_t number) const;

  std::array<uint64_t, kWindow / kWordBits> bits_{};  // of (newest_ − kWindow, newest_]
  int64_t first_ = 0;
  int64_t newest_ = 0;
  int64_t count_ = 0;
};

}  // namespace eir
