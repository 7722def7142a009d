#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace eir::channel {

// A message on the stream: four bytes in network order, then JSON. The top bit of the four says that a descriptor
// travels with the frame's first byte; the rest is the length of the JSON, at most kMessageBytesMax.
std::string make_frame(std::string_view json, bool has_descriptor);

struct Frame {
  std::string json;
  bool has_descriptor = false;
};

// Cuts the stream into frames. Holds at most one unfinished frame and what came with its last piece.
class FrameReader {
 public:
  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole frame; nothing while it is not complete, and for ever once is_broken().
  std::optional<Frame> next();
  // A length above the limit was read: where the next frame starts is not known any more.
  bool is_broken() const { return is_broken_; }

 private:
  std::string buffer_;
  size_t read_ = 0;  // bytes of buffer_ already given out
  bool is_broken_ = false;
};

}  // namespace eir::channel
