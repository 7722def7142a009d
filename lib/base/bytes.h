#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace eir {

// Bytes that somebody else owns. Every parser reads through these or through ByteReader; nothing casts bytes to
// structs.
using ByteView = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

inline ByteView as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Network byte order at a fixed place. The caller has checked the length.
inline uint16_t load_u16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t load_u24(const uint8_t* at) { return uint32_t{at[0]} << 16 | uint32_t{at[1]} << 8 | at[2]; }
inline uint32_t load_u32(const uint8_t* at) { return uint32_t{load_u16(at)} << 16 | load_u16(at + 2); }
inline uint64_t load_u64(const uint8_t* at) { return uint64_t{load_u32(at)} << 32 | load_u32(at + 4); }

inline void store_u16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
inline void store_u24(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 16);
  store_u16(at + 1, static_cast<uint16_t>(value));
}
inline void store_u32(uint8_t* at, uint32_t value) {
  store_u16(at, static_cast<uint16_t>(value >> 16));
  store_u16(at + 2, static_cast<uint16_t>(value));
}
inline void store_u64(uint8_t* at, uint64_t value) {
  store_u32(at, static_cast<uint32_t>(value >> 32));
  store_u32(at + 4, static_cast<uint32_t>(value));
}

// Reads network-order integers from a bounded view. A read beyond the end yields 0, sets failed() for good and
// moves nothing, so a parser may read a whole fixed header and ask once. (The idea is dcSCTP's bounded_byte_reader.)
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  uint8_t u8() { return take(1) ? bytes_[at_ - 1] : 0; }
  uint16_t u16() { return take(2) ? load_u16(&bytes_[at_ - 2]) : 0; }
  uint32_t u24() { return take(3) ? load_u24(&bytes_[at_ - 3]) : 0; }
  uint32_t u32() { return take(4) ? load_u32(&bytes_[at_ - 4]) : 0; }
  uint64_t u64() { return take(8) ? load_u64(&bytes_[at_ - 8]) : 0; }
  // The next `count` bytes, or an empty view and failed().
  ByteView bytes(size_t count) { return take(count) ? bytes_.subspan(at_ - count, count) : ByteView{}; }
  void skip(size_t count) { take(count); }

  ByteView rest() const { return bytes_.subspan(at_); }
  size_t remaining() const { return bytes_.size() - at_; }
  size_t position() const { return at_; }
  bool failed() const { return failed_; }

 private:
  bool take(size_t count) {
    if (failed_ || count > remaining()) {
      failed_ = true;
      return false;
    }
    at_ += count;
    return true;
  }

  ByteView bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

// Writes network-order integers into a bounded buffer. A write that does not fit writes nothing and sets failed().
class ByteWriter {
 public:
  explicit ByteWriter(MutableBytes buffer) : buffer_(buffer) {}

  void u8(uint8_t value) {
    if (uint8_t* at = take(1)) *at = value;
  }
  void u16(uint16_t value) {
    if (uint8_t* at = take(2)) store_u16(at, value);
  }
  void u24(uint32_t value) {
    if (uint8_t* at = take(3)) store_u24(at, value);
  }
  void u32(uint32_t value) {
    if (uint8_t* at = take(4)) store_u32(at, value);
  }
  void u64(uint64_t value) {
    if (uint8_t* at = take(8)) store_u64(at, value);
  }
  void bytes(ByteView data) {
    uint8_t* at = take(data.size());
    if (at != nullptr && !data.empty()) std::memcpy(at, data.data(), data.size());
  }
  void zeros(size_t count) {
    uint8_t* at = take(count);
    if (at != nullptr && count > 0) std::memset(at, 0, count);
  }
  // Leaves `count` bytes to be filled in later (a length field, for example); nullptr and failed() if they do not fit.
  uint8_t* reserve(size_t count) { return take(count); }

  MutableBytes written() const { return buffer_.first(at_); }
  size_t size() const { return at_; }
  size_t remaining() const { return buffer_.size() - at_; }
  bool failed() const { return failed_; }

 private:
  uint8_t* take(size_t count) {
    if (failed_ || count > remaining()) {
      failed_ = true;
      return nullptr;
    }
    at_ += count;
    return buffer_.data() + at_ - count;
  }

  MutableBytes buffer_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace eir
