#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "server/api/async_lock.h"
#include "server/api/clock.h"
#include "server/api/problem.h"
#include "server/api/signal_messages.h"
#include "server/api/whip_resource.h"
#include "server/consultation/consultations.h"
#include "server/workers/workers.h"

namespace eir {

// The rights of the domain in the words of a media worker.
channel::Rights media_rights(const Consultation& consultation, const Participant& participant);
std::vector<channel::RightKind> media_kinds(MuteKinds kinds);

struct IceRestartWish {
  std::string ufrag;
  std::string password;
  // Only if this is still the current one.
  std::optional<uint32_t> ice_session;
};
// A room of the media workers, for operations: ids and numbers, nobody's name.
struct RoomSummary {
  ConsultationKey consultation;
  RoomId number;  // 0: no worker has it now
  size_t participants = 0;
  size_t transports = 0;
};
struct RestartedIce {
  WhipResource resource;
  channel::IceCredentials credentials;
};

// Carries the domain over to the media workers: consultations are rooms there, people are numbers. A worker learns of a
// participant when it first signals; from then on sync() makes the worker's picture equal to the domain's. All requests
// about one room go one after the other. Owned by Backend; the things it refers to outlive it.
class RoomBridge {
 public:
  RoomBridge(Workers& workers, Consultations& consultations, const Clock& clock)
      : workers_(workers), consultations_(consultations), clock_(clock) {}

  // Makes rights and mutes so, or takes the participant out; returns when the worker has confirmed. A participant that
  // the worker does not know stays unknown unless `create`.
  boost::asio::awaitable<std::optional<Problem>> sync(ParticipantRef who, bool create);
  // The same for everybody whom the worker knows: after a change of the whole consultation.
  boost::asio::awaitable<std::optional<Problem>> sync_all(ConsultationKey key);
  // A room that an earlier control opened, as its worker reports it: those in it are members from now on, and what has
  // changed meanwhile is made so.
  boost::asio::awaitable<void> adopt(ConsultationKey key, channel::ReportedRoom reported);
  // The answer's SDP, or why not. `is_fresh`: the client has a new RTCPeerConnection.
  boost::asio::awaitable<std::variant<std::string, Problem>> negotiate(ParticipantRef who, std::string offer,
                                                                       bool is_fresh);
  boost::asio::awaitable<std::optional<Problem>> set_view(ParticipantRef who, std::vector<signal::Wish> wishes);
  boost::asio::awaitable<std::optional<Problem>> set_label(ParticipantRef who, signal::Label label);

  // --- transports by WHIP and WHEP (room_bridge_resources.cc) ---
  // The answer's SDP, or why not; at most `transports_max` transports of a participant, the web session's included.
  boost::asio::awaitable<std::variant<std::string, Problem>> add_resource(ParticipantRef who, WhipResource resource,
                                                                          std::string offer, size_t transports_max);
  boost::asio::awaitable<std::variant<RestartedIce, Problem>> restart_resource(ParticipantRef who, WhipResourceKey key,
                                                                               IceRestartWish wish);
  // False if it was not there.
  boost::asio::awaitable<bool> remove_resource(ParticipantRef who, WhipResourceKey key);
  // nullptr for another participant's as for none. Valid until the next call.
  const WhipResource* find_resource(ParticipantRef who, WhipResourceKey key) const;

  // The consultation has ended.
  boost::asio::awaitable<void> close(ConsultationKey key);

  // --- news of the workers ---
  void on_transport_state(const channel::TransportState& event);
  void on_slots(const channel::SlotsChanged& event);
  void on_layers(const channel::LayersWanted& event);
  // Who had a transport in these rooms and needs a new one.
  std::vector<ParticipantRef> forget_rooms(const std::vector<RoomId>& rooms);

  // Whether one more person may be let in, as far as the workers' load goes.
  bool may_take(ConsultationKey key) const;
  std::optional<ParticipantRef> find(ParticipantId number) const;
  std::optional<ConsultationKey> find(RoomId room) const;
  // The participant's slots with public ids; nothing before the first offer.
  std::vector<signal::PublicSlot> slots_of(ParticipantRef who) const;
  // Of the m-lines of the web session that the worker has said it of; nullptr before the first offer.
  const std::map<std::string, std::vector<std::string>>* layers_of(ParticipantRef who) const;
  size_t room_count() const { return rooms_.size(); }
  // By number.
  std::vector<RoomSummary> rooms() const;

 private:
  struct Member {
    ParticipantId number;
    TransportId web;  // 0: none
    std::vector<WhipResource> resources;
    bool is_joined = false;
    channel::Rights rights;
    std::vector<channel::RightKind> muted;
    std::vector<channel::Slot> slots;
    std::map<std::string, std::vector<std::string>> layers;  // by mid: the rids to send

    WhipResource* find(WhipResourceKey key);
  };
  struct Room {
    ConsultationKey consultation;
    RoomId number;  // 0: no worker has it now
    AsyncLock lock;
    std::map<ParticipantKey, Member> members;
  };
  // Shared with the coroutines that wait for the room's lock while the room may be closed.
  using RoomPtr = std::shared_ptr<Room>;
  using Failure = std::optional<Problem>;

  RoomPtr find_room(ConsultationKey key) const;
  RoomPtr room_for(ConsultationKey key);
  const Member* find_member(ParticipantRef who) const;
  void adopt_member(Room& room, ParticipantKey participant, channel::ReportedParticipant& person);
  // All below: the caller holds the room's lock.
  boost::asio::awaitable<Failure> sync_locked(RoomPtr room, ParticipantRef who, bool create);
  boost::asio::awaitable<Failure> open(RoomPtr room, const Consultation& consultation);
  boost::asio::awaitable<Failure> apply(RoomPtr room, Member& member, channel::Join wanted,
                                        std::vector<channel::RightKind> muted);
  boost::asio::awaitable<Failure> take_out(RoomPtr room, ParticipantRef who);
  boost::asio::awaitable<void> close_locked(RoomPtr room);
  void drop_transport(ParticipantRef who, Member& member, bool is_timed_out);
  void drop_resource(ParticipantRef who, Member& member, TransportId transport, bool is_timed_out);
  void drop_resources(ParticipantRef who, Member& member);

  Workers& workers_;
  Consultations& consultations_;
  const Clock& clock_;
  std::unordered_map<ConsultationKey, RoomPtr> rooms_;
  std::unordered_map<ParticipantId, ParticipantRef> numbers_;
};

}  // namespace eir
