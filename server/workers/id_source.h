#pragma once

#include <cstdint>

namespace eir {

// Numbers for rooms, participants or transports: never given twice in one life of control, and beyond those that an
// earlier control gave to workers which outlived it.
template <class IdType>
class IdSource {
 public:
  // Far more than one run needs; a worker that reports more than this is not believed, so the count never wraps.
  static constexpr uint32_t kAdoptedMax = 1U << 31;

  IdType take() { return IdType(++last_); }

  // A worker reports `id` as in use. False: it may not be used, because this control has given the number to somebody
  // else already, or because it is none of ours.
  bool adopt(IdType id) {
    if (id.value == 0 || id.value > kAdoptedMax) return false;
    if (first_ == last_ && id.value > first_) first_ = id.value;  // nothing given yet
    if (id.value <= first_) {
      last_ = first_ > last_ ? first_ : last_;
      return true;
    }
    if (id.value <= last_) return false;
    last_ = id.value;
    return true;
  }

 private:
  uint32_t first_ = 0;  // the largest number adopted before one was given
  uint32_t last_ = 0;   // the last one given or passed by
};

}  // namespace eir
