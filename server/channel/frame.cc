#include "server/channel/frame.h"

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "server/channel/messages.h"

namespace eir::channel {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr uint32_t kDescriptorBit = 0x80000000;

}  // namespace

std::string make_frame(std::string_view json, bool has_descriptor) {
  EIR_CHECK(json.size() <= kMessageBytesMax);
  uint8_t header[kHeaderBytes];
  store_u32(header, static_cast<uint32_t>(json.size()) | (has_descriptor ? kDescriptorBit : 0));
  std::string out;
  out.reserve(kHeaderBytes + json.size());
  out.append(as_text(header));
  out.append(json);
  return out;
}

std::optional<Frame> FrameReader::next() {
  const std::string_view left = std::string_view(buffer_).substr(read_);
  if (is_broken_) return std::nullopt;
  if (left.size() >= kHeaderBytes) {
    const uint32_t header = load_u32(as_bytes(left).data());
    const size_t length = header & ~kDescriptorBit;
    is_broken_ = length > kMessageBytesMax;
    if (!is_broken_ && left.size() - kHeaderBytes >= length) {
      read_ += kHeaderBytes + length;
      return Frame{std::string(left.substr(kHeaderBytes, length)), (header & kDescriptorBit) != 0};
    }
  }
  buffer_.erase(0, read_);
  read_ = 0;
  return std::nullopt;
}

}  // namespace eir::channel
