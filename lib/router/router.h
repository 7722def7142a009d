#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/path.h"
#include "lib/base/result.h"
#include "lib/router/client_session.h"
#include "lib/router/events.h"
#include "lib/router/participant.h"
#include "lib/router/room.h"
#include "lib/router/shared.h"
#include "lib/sdp/negotiate.h"
#include "lib/transport/dtls_context.h"
#include "lib/transport/transmit_queue.h"

namespace eir {

enum class RouterRefusal : uint8_t {
  kUnknownRoom,
  kUnknownParticipant,
  kUnknownTransport,
  kUnknownMid,
  kAlreadyThere,  // the id is in use
  kLimitReached,  // of rooms, participants, sessions or wishes
  kDraining,
  kOfferRefused,  // lib/sdp says why
  kNotPossible,   // in this state
};

struct NegotiationRefusal {
  RouterRefusal code = RouterRefusal::kNotPossible;
  std::optional<sdp::SdpRefusal> sdp;
};

struct RouterOptions {
  size_t rooms_max = 2000;
  size_t participants_max = 4000;  // of all rooms
  size_t participants_per_room_max = 300;
  std::vector<sdp::Candidate> candidates;  // of this worker's sockets, in every answer
  sdp::Policy policy;
};

struct NegotiatedMedia {
  std::string mid;
  sdp::SectionKind kind = sdp::SectionKind::kOther;
  bool is_track = false;
  bool is_slot = false;
};
struct NegotiatedAnswer {
  std::string sdp;
  std::vector<NegotiatedMedia> media;  // in the order of the offer
};

struct NegotiateRequest {
  ParticipantId participant;
  TransportId transport;
  SessionKind kind = SessionKind::kWeb;
  std::string_view offer;
};

struct IceRestart {
  IceCredentials credentials;
  std::vector<sdp::Candidate> candidates;
};

// The SFU: all rooms of one worker, without sockets, clocks or threads. Datagrams in, datagrams out; control verbs run
// between batches; what happened is polled. One batch of the owner's loop is
//   handle_datagram()… · flush() until true, sending between · poll_event()… · next_timeout() → timer →
//   handle_timeout()
// `now` never goes back. The same inputs give the same outputs, except for OpenSSL's randomness in DTLS.
class Router {
 public:
  Router(RouterOptions options, const DtlsContext& dtls, Random& random);
  ~Router();

  // --- packets ---
  // Takes one datagram in: authenticates, stores, marks receivers. Small answers (STUN, retransmissions) go to `out`.
  void handle_datagram(Timestamp now, PacketPtr packet, const Path& path, TransmitQueue& out);
  // Writes all that is due for sending. False if `out` had no room for it: send, then call again.
  bool flush(Timestamp now, TransmitQueue& out);
  void handle_timeout(Timestamp now, TransmitQueue& out);
  Timestamp next_timeout();
  std::optional<RouterEvent> poll_event();
  // An ICE-TCP connection is gone.
  void handle_path_closed(Timestamp now, const Path& path);

  // --- control ---
  Result<void, RouterRefusal> open_room(RoomId room, Room::Options options);
  Result<void, RouterRefusal> close_room(Timestamp now, RoomId room, TransmitQueue& out);
  Result<void, RouterRefusal> join(Timestamp now, RoomId room, ParticipantId participant, Rights rights,
                                   Participant::Options options);
  Result<void, RouterRefusal> leave(Timestamp now, ParticipantId participant, TransmitQueue& out);
  // When these two return, not one packet passes against the rights.
  Result<void, RouterRefusal> set_rights(Timestamp now, ParticipantId participant, Rights rights);
  Result<void, RouterRefusal> set_mute(Timestamp now, ParticipantId participant, uint32_t kinds);
  // An offer of the client, first or later. A refusal leaves everything as it was.
  Result<NegotiatedAnswer, NegotiationRefusal> negotiate(Timestamp now, const NegotiateRequest& request);
  Result<IceRestart, RouterRefusal> restart_ice(Timestamp now, TransportId transport, std::string_view remote_ufrag);
  Result<void, RouterRefusal> close_transport(Timestamp now, TransportId transport, TransmitQueue& out);
  Result<void, RouterRefusal> set_view(Timestamp now, ParticipantId participant, std::vector<SlotWish> wishes);
  Result<void, RouterRefusal> set_label(Timestamp now, ParticipantId participant, std::string_view mid,
                                        TrackLabel label);
  // Who is there stays, also above a lower limit.
  void set_participants_max(size_t participants_max) { options_.participants_max = participants_max; }
  void drain() { is_draining_ = true; }

  // --- what there is ---
  bool is_draining() const { return is_draining_; }
  const std::unordered_map<RoomId, std::unique_ptr<Room>>& rooms() const { return rooms_; }
  size_t participant_count() const { return participants_.size(); }
  size_t transport_count() const { return sessions_.size(); }
  const RouterCounters& counters() const { return shared_.counters; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using UfragMap = std::unordered_map<std::string, ClientSession*, TextHash, std::equal_to<>>;

  void handle_stun(Timestamp now, const Packet& packet, const Path& path, TransmitQueue& out);
  void after_input(Timestamp now, ClientSession& session, TransmitQueue& out);
  void drain_transport_events(Timestamp now, ClientSession& session);
  void note_closed(ClientSession& session, std::string_view reason);
  void arm(ClientSession& session);
  ClientSession* find_session(const Path& path);
  Participant* find_participant(ParticipantId id);
  ClientSession* find_session(TransportId id);
  Result<ClientSession*, RouterRefusal> open_session(Timestamp now, const NegotiateRequest& request,
                                                     Participant& participant);
  void forget_session(Timestamp now, ClientSession& session, TransmitQueue& out);
  Result<NegotiatedAnswer, NegotiationRefusal> answer(Timestamp now, const sdp::Plan& plan, ClientSession& session);
  std::vector<sdp::SlotIdentity> identify_slots(const sdp::Plan& plan, const ClientSession& session);
  Ssrc fresh_ssrc(const sdp::Plan& plan, const ClientSession& session, const std::vector<sdp::SlotIdentity>& given);

  RouterOptions options_;
  const DtlsContext& dtls_;
  RouterShared shared_;
  std::unordered_map<RoomId, std::unique_ptr<Room>> rooms_;
  std::unordered_map<ParticipantId, Participant*> participants_;
  std::unordered_map<TransportId, ClientSession*> sessions_;
  std::unordered_map<Path, ClientSession*, PathHash> paths_;
  UfragMap ufrags_;
  bool is_draining_ = false;
};

}  // namespace eir
