#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/time.h"
#include "lib/base/timer_wheel.h"
#include "lib/router/participant.h"
#include "lib/router/shared.h"

namespace eir {

class PublishedTrack;
class ReceiveSlot;
class ReceiveStream;

// Who may see whom, and in which slot. Owned by the Router. Every change of participants, rights, tracks or wishes ends
// in assign(), which moves as few slots as it can. Between such changes only voices move slots: the tick plans the
// slots of those receivers for whom somebody louder waits, and costs little where nothing changes.
class Room : public TimerWheel<Room>::Node {
 public:
  static constexpr size_t kTagBytesMax = 64;
  static constexpr Duration kTick = 250ms;        // silence, active speakers, loudest voices
  static constexpr Duration kVoiceHold = 1500ms;  // a voice keeps its slot at least so long
  static constexpr double kShownBonus = 6.0;      // dB by which another voice must be louder to take its slot
  static constexpr Duration kRetiredKept = 2s;    // longer than PacketHistory::kAgeMax: what a late NACK may ask for
  static constexpr size_t kRetiredMax = 64;       // ended streams of one room; the oldest gives way
  static constexpr size_t kSpeakersMax = 8;       // named in ActiveSpeakers

  struct Options {
    std::string tag;
    bool audio_only = false;
    uint32_t participants_max = 0;
  };

  Room(RouterShared& shared, RoomId id, Options options);
  ~Room();

  RoomId id() const { return id_; }
  const Options& options() const { return options_; }
  std::vector<std::unique_ptr<Participant>>& participants() { return participants_; }
  const std::vector<std::unique_ptr<Participant>>& participants() const { return participants_; }

  Participant& add(ParticipantId id, const Rights& rights, Participant::Options options);
  void remove(Timestamp now, Participant& participant);
  void remove_session(Timestamp now, Participant& participant, const ClientSession& session);

  // New rights or mutes of one participant. When it returns, no slot sends against them.
  void change_rights(Timestamp now, Participant& participant, const Rights& rights);
  void change_muted(Timestamp now, Participant& participant, uint32_t kinds);
  void change_label(Timestamp now, PublishedTrack& track, TrackLabel label);

  // Fills every slot of the room by rights, wishes, pairs and voices, and tells whose slots changed.
  void assign(Timestamp now);

  // A line no longer carries what a slot showed, or does again: told with the next tick.
  void tell_slots_soon() { slots_changed_ = true; }
  // Speaks, and louder than the others.
  bool is_loudest(ParticipantId participant) const {
    return !told_speakers_.empty() && told_speakers_.front() == participant;
  }

  void note_published(const PublishedTrack& track);
  // Takes the track out of every slot; retransmissions of what was sent go on for a while.
  void note_ended(Timestamp now, PublishedTrack& track);
  // A stream that nobody writes to any more: kept while receivers may ask for its packets.
  void retire(Timestamp now, const PublishedTrack& track, std::unique_ptr<ReceiveStream> stream);

  // To be called every kTick.
  void handle_tick(Timestamp now);

 private:
  template <class F>
  void for_each_slot(F&& f);
  template <class F>
  void for_each_track(F&& f) const;
  void enforce(Timestamp now, const Participant& changed);
  // All tracks in the order of publication.
  std::vector<PublishedTrack*> list_tracks() const;
  void plan(Timestamp now, ClientSession& session, const std::vector<PublishedTrack*>& tracks);
  // Plans again whose slots voices move, or were moved by the plan before.
  void follow_voices(Timestamp now);
  bool louder_voice_waits(Timestamp now, const ClientSession& session) const;
  bool take_track_changes(Timestamp now);
  void tell_slots(Timestamp now);
  void tell_speakers(Timestamp now);
  void tell_layers(Timestamp now);
  void watch_pairs(Timestamp now);
  void drop_expired_streams(Timestamp now);

  RouterShared& shared_;
  RoomId id_;
  Options options_;
  std::vector<std::unique_ptr<Participant>> participants_;
  // Whose it was, because rights bind what can still be repeated as well.
  struct Retired {
    std::unique_ptr<ReceiveStream> stream;
    Timestamp until;
    ParticipantId publisher;
    RightKind right = RightKind::kAudio;
    Rights sending;  // the publisher's at that time, which hold if it is gone
  };
  std::vector<Retired> retired_;
  std::vector<ParticipantId> told_speakers_;
  bool slots_changed_ = false;
  // Kept for their memory from tick to tick: who is heard, and all microphones, the loudest first.
  std::vector<std::pair<double, ParticipantId>> heard_;
  std::vector<std::pair<double, const PublishedTrack*>> voices_;
};

}  // namespace eir
