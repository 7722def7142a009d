#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

namespace eir {

// Messages that wait for a client to read, bounded in number and in bytes: a client that has stopped reading is given
// up, it does not fill the memory of the node. Owned by a connection.
class TextQueue {
 public:
  // A roster of 250 and its changes fit.
  static constexpr size_t kTextsMax = 2048;
  // With what the media worker holds of the same client it stays below 4 MB.
  static constexpr size_t kBytesMax = size_t{3} << 20;

  // False, and not taken, beyond a limit.
  [[nodiscard]] bool push(std::string text) {
    if (texts_.size() >= kTextsMax || bytes_ + text.size() > kBytesMax) return false;
    bytes_ += text.size();
    texts_.push_back(std::move(text));
    return true;
  }
  // The oldest; not of an empty queue.
  std::string pop() {
    std::string text = std::move(texts_.front());
    texts_.pop_front();
    bytes_ -= text.size();
    return text;
  }
  bool empty() const { return texts_.empty(); }
  size_t bytes() const { return bytes_; }

 private:
  std::deque<std::string> texts_;
  size_t bytes_ = 0;
};

}  // namespace eir
