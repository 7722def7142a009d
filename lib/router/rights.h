#pragma once

#include <cstdint>

#include "lib/rtp/codec.h"

namespace eir {

// What a published track shows. The right that it needs follows from it.
enum class TrackLabel : uint8_t { kMicrophone, kCamera, kExtraCamera, kWound, kScreen, kScreenAudio };

// What a person may send or receive; bits of Rights.
enum class RightKind : uint8_t { kAudio, kVideo, kExtraVideo, kScreen };
inline constexpr unsigned kRightKinds = 4;

constexpr RightKind right_needed(TrackLabel label) {
  switch (label) {
    case TrackLabel::kMicrophone:
      return RightKind::kAudio;
    case TrackLabel::kCamera:
      return RightKind::kVideo;
    case TrackLabel::kExtraCamera:
    case TrackLabel::kWound:
      return RightKind::kExtraVideo;
    case TrackLabel::kScreen:
    case TrackLabel::kScreenAudio:
      return RightKind::kScreen;
  }
  return RightKind::kScreen;
}

constexpr uint32_t right_bit(RightKind kind) { return 1U << static_cast<unsigned>(kind); }
inline constexpr uint32_t kAllKinds = (1U << kRightKinds) - 1;

// One participant's rights in the packet path: two words. Nothing by default.
struct Rights {
  uint32_t send = 0;     // bits of RightKind
  uint32_t receive = 0;  // likewise
  uint64_t groups = 0;   // bit 0 is the consultation itself, others are side rooms

  bool operator==(const Rights&) const = default;
};

// The rule: the publisher may send the kind, the subscriber may receive it, and they share a group.
constexpr bool passes(const Rights& publisher, RightKind kind, const Rights& subscriber) {
  const uint32_t bit = right_bit(kind);
  return (publisher.send & bit) != 0 && (subscriber.receive & bit) != 0 && (publisher.groups & subscriber.groups) != 0;
}

}  // namespace eir
