#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/time.h"
#include "lib/media/clock_mapping.h"
#include "lib/router/events.h"
#include "lib/router/rights.h"

namespace eir {

class ClientSession;
class Room;

// What a client wants to see in one of its slots.
struct SlotWish {
  std::string mid;
  ParticipantId source;  // 0: whatever the room chooses
  TrackLabel label = TrackLabel::kCamera;
  bool hidden = false;  // not visible: send nothing
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t priority = 0;
};

// One person or device of a room: rights, wishes, and the sessions over which its media comes and goes. Owned by its
// Room.
class Participant {
 public:
  static constexpr size_t kSessionsMax = 4;
  static constexpr size_t kTagBytesMax = 64;
  static constexpr size_t kWishesMax = 64;

  struct Options {
    std::string tag;     // the owner's own, at most kTagBytesMax
    bool echo = false;   // slots show one's own tracks
    bool signs = false;  // uses sign language or interprets: PictureProfile::kSign, and pinned for everybody
  };

  Participant(Room& room, ParticipantId id, Options options);
  ~Participant();

  ParticipantId id() const { return id_; }
  const std::string& tag() const { return options_.tag; }
  Room& room() const { return room_; }
  bool echo() const { return options_.echo; }
  bool signs() const { return options_.signs; }

  const Rights& rights() const { return rights_; }
  void set_rights(const Rights& rights) { rights_ = rights; }
  // A host's mute takes the right to send away until it is taken back.
  void set_muted(uint32_t kinds) { muted_ = kinds; }
  uint32_t muted() const { return muted_; }
  bool is_muted(RightKind kind) const { return (muted_ & right_bit(kind)) != 0; }
  // With the mutes: what counts in the packet path.
  Rights effective_rights() const { return {rights_.send & ~muted_, rights_.receive, rights_.groups}; }

  PublisherClock& clock() { return clock_; }
  const PublisherClock& clock() const { return clock_; }
  std::vector<std::unique_ptr<ClientSession>>& sessions() { return sessions_; }
  const std::vector<std::unique_ptr<ClientSession>>& sessions() const { return sessions_; }
  std::vector<SlotWish>& wishes() { return wishes_; }
  const SlotWish* find_wish(const std::string& mid) const;

  // From now on this participant may receive something: its next packet is MediaStarted.
  void await_media() { awaits_media_ = true; }
  // True at the first packet since then.
  bool take_media_started() { return std::exchange(awaits_media_, false); }

  // What SlotsChanged said last.
  std::vector<SlotInfo>& told_slots() { return told_slots_; }

 private:
  Room& room_;
  ParticipantId id_;
  Options options_;
  Rights rights_;
  uint32_t muted_ = 0;
  PublisherClock clock_;
  std::vector<std::unique_ptr<ClientSession>> sessions_;
  std::vector<SlotWish> wishes_;
  std::vector<SlotInfo> told_slots_;
  bool awaits_media_ = false;
};

}  // namespace eir
