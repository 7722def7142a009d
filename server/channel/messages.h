#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/rtp/codec.h"
#include "server/config/config.h"

// What control and a media worker say to each other. Plain values; their JSON names are the member names, their
// enumerators are written in snake_case without the k. Requests go from control to a worker and each gets one reply;
// events go from a worker to control. A new member or kind changes kProtocolVersion.
namespace eir::channel {

// Both ends come from one executable, so this only guards against an upgrade that leaves an old worker alive.
inline constexpr uint32_t kProtocolVersion = 2;

// Limits of what one message may hold; the decoder refuses more.
inline constexpr size_t kMessageBytesMax = 1 << 20;
inline constexpr size_t kOfferBytesMax = 64 << 10;  // the limit of lib/sdp
inline constexpr size_t kTagBytesMax = 64;
inline constexpr size_t kListEntriesMax = 16384;  // rooms, participants and transports of one worker's report

// What a person may send or receive, as the table of roles knows it.
enum class RightKind : uint8_t { kAudio, kVideo, kExtraVideo, kScreen };

// What a published track shows. The right it needs follows from it, see right_needed().
enum class TrackLabel : uint8_t { kMicrophone, kCamera, kExtraCamera, kWound, kScreen, kScreenAudio };

RightKind right_needed(TrackLabel label);

enum class SessionKind : uint8_t { kWeb, kWhip, kWhep };

struct Rights {
  std::vector<RightKind> send_kinds;
  std::vector<RightKind> receive_kinds;
  // Two participants meet only where their groups share a bit. Bit 0 is the consultation itself, others are side rooms.
  uint64_t groups = 0;
};

// --- control → worker ---

// The reply to a request that was done and has nothing to tell.
struct Done {
  static constexpr std::string_view kKind = "done";
};

// A room that takes participants from now on. `tag` is opaque to the worker (control writes the consultation's id) and
// comes back in Report, so that a new control knows what it adopts.
struct OpenRoom {
  static constexpr std::string_view kKind = "open_room";
  using Reply = Done;
  RoomId room;
  std::string tag;
  bool audio_only = false;        // video m-lines are rejected in every answer
  uint32_t participants_max = 0;  // 0: the worker's own limit
};

// Closes every transport of the room and forgets it.
struct CloseRoom {
  static constexpr std::string_view kKind = "close_room";
  using Reply = Done;
  RoomId room;
};

// A participant with these rights; no transport yet. A waiting participant joins with empty rights.
struct Join {
  static constexpr std::string_view kKind = "join";
  using Reply = Done;
  RoomId room;
  ParticipantId participant;
  std::string tag;  // as in OpenRoom; control writes the public participant id
  Rights rights;
  bool echo = false;   // slots show one's own tracks: template `test` only
  bool signs = false;  // uses sign language or interprets: movement before detail, and before the other faces
};

struct Leave {
  static constexpr std::string_view kKind = "leave";
  using Reply = Done;
  ParticipantId participant;
};

// After the reply not one packet passes against these rights.
struct SetRights {
  static constexpr std::string_view kKind = "set_rights";
  using Reply = Done;
  ParticipantId participant;
  Rights rights;
};

enum class MediaUse : uint8_t { kPublished, kSlot, kRejected, kApplication };

struct NegotiatedMedia {
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  MediaUse use = MediaUse::kRejected;
};

struct Answer {
  static constexpr std::string_view kKind = "answer";
  std::string sdp;
  std::vector<NegotiatedMedia> media;  // in the order of the offer's m-lines
};

// An offer of the client, first or later, on a transport of control's numbering. Refused leaves the transport as it
// was.
struct Negotiate {
  static constexpr std::string_view kKind = "negotiate";
  using Reply = Answer;
  ParticipantId participant;
  TransportId transport;
  SessionKind session_kind = SessionKind::kWeb;
  std::string offer;
};

struct IceCredentials {
  static constexpr std::string_view kKind = "ice_credentials";
  std::string ufrag;
  std::string password;
  std::vector<std::string> candidates;  // values of a=candidate lines
};

// The ICE restart of a WHIP or WHEP session (RFC 9725 section 4.3.3); a web session restarts by a new offer.
struct RestartIce {
  static constexpr std::string_view kKind = "restart_ice";
  using Reply = IceCredentials;
  TransportId transport;
  std::string ufrag;
  std::string password;
};

struct CloseTransport {
  static constexpr std::string_view kKind = "close_transport";
  using Reply = Done;
  TransportId transport;
};

// What a client wants to see in one of its slots.
struct SlotWish {
  std::string mid;
  ParticipantId source;  // 0: whatever the worker chooses
  TrackLabel label = TrackLabel::kCamera;
  uint32_t width = 0;  // pixels on the screen; 0 × 0: not visible, send nothing
  uint32_t height = 0;
  uint32_t priority = 0;  // larger is more important
};

// Replaces all wishes of this participant; a slot without a wish is filled by the worker.
struct SetView {
  static constexpr std::string_view kKind = "set_view";
  using Reply = Done;
  ParticipantId participant;
  std::vector<SlotWish> wishes;
};

// A host's mute: what this participant publishes of these kinds is dropped until a later SetMute leaves the kind out.
struct SetMute {
  static constexpr std::string_view kKind = "set_mute";
  using Reply = Done;
  ParticipantId participant;
  std::vector<RightKind> kinds;
};

// Microphone and camera are what a sending m-line is taken for until this says otherwise.
struct SetLabel {
  static constexpr std::string_view kKind = "set_label";
  using Reply = Done;
  ParticipantId participant;
  std::string mid;
  TrackLabel label = TrackLabel::kCamera;
};

// An accepted ICE-TCP connection, its descriptor attached. No byte of it has been read.
struct TakeConnection {
  static constexpr std::string_view kKind = "take_connection";
  using Reply = Done;
  bool on_https_port = false;
};

enum class TransportPhase : uint8_t { kNew, kConnected, kDisconnected, kClosed, kFailed };

struct ReportedTransport {
  TransportId transport;
  SessionKind session_kind = SessionKind::kWeb;
  TransportPhase state = TransportPhase::kNew;
};

struct ReportedTrack {
  TrackId track;
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
};

struct ReportedParticipant {
  ParticipantId participant;
  std::string tag;
  Rights rights;
  std::vector<RightKind> muted_kinds;
  std::vector<ReportedTransport> transports;
  std::vector<ReportedTrack> tracks;
};

struct ReportedRoom {
  RoomId room;
  std::string tag;
  bool audio_only = false;
  std::vector<ReportedParticipant> participants;
};

struct WorkerReport {
  static constexpr std::string_view kKind = "worker_report";
  bool draining = false;
  std::vector<ReportedRoom> rooms;
};

// Asks for all the worker holds, for adoption by a new control.
struct Report {
  static constexpr std::string_view kKind = "report";
  using Reply = WorkerReport;
};

struct Ping {
  static constexpr std::string_view kKind = "ping";
  using Reply = Done;
};

// No new rooms or participants; those that are there stay.
struct Drain {
  static constexpr std::string_view kKind = "drain";
  using Reply = Done;
};

// What a reload may change in a worker that runs; said again to each worker that is adopted.
struct Configure {
  static constexpr std::string_view kKind = "configure";
  using Reply = Done;
  uint32_t participants_max = 0;
  uint32_t transports_per_participant_max = 0;
  uint32_t alone_s = 0;
  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;
};

using Request = std::variant<OpenRoom, CloseRoom, Join, Leave, SetRights, Negotiate, RestartIce, CloseTransport,
                             SetView, SetMute, SetLabel, TakeConnection, Report, Ping, Drain, Configure>;

enum class RefusalCode : uint8_t {
  kUnknownRoom,
  kUnknownParticipant,
  kUnknownTransport,
  kUnknownMid,
  kAlreadyThere,  // the id is in use
  kLimitReached,  // of rooms, participants, transports or slots
  kDraining,
  kOfferRefused,  // `detail` is lib/sdp's stable code, `line` the offer's line
  kNotPossible,   // in this state or for this session kind
};

struct Refused {
  static constexpr std::string_view kKind = "refused";
  RefusalCode code = RefusalCode::kNotPossible;
  std::string detail;
  uint32_t line = 0;
};

using Reply = std::variant<Done, Answer, IceCredentials, WorkerReport, Refused>;

// --- worker → control ---

// The first message on every new channel.
struct Hello {
  static constexpr std::string_view kKind = "hello";
  uint32_t worker = 0;
  uint32_t pid = 0;
};

struct TransportState {
  static constexpr std::string_view kKind = "transport_state";
  ParticipantId participant;
  TransportId transport;
  TransportPhase state = TransportPhase::kNew;
  std::string reason;  // a stable code: "consent_lost", "close_notify", "dtls_failed", …
};

struct TrackPublished {
  static constexpr std::string_view kKind = "track_published";
  ParticipantId participant;
  TrackId track;
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
};

struct TrackEnded {
  static constexpr std::string_view kKind = "track_ended";
  ParticipantId participant;
  TrackId track;
};

enum class SlotState : uint8_t {
  kLive,
  kMuted,             // the camera is off: black frames or a host's mute
  kSilent,            // nothing came for 2 s
  kPaused,            // by the server, for want of bandwidth or visibility
  kCodecUnsupported,  // the slot cannot decode what the source sends
  kEmpty,
};

struct Slot {
  std::string mid;
  TrackId track;         // stands as CSRC on every packet of the slot; 0: none
  ParticipantId source;  // 0: none
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
  SlotState state = SlotState::kEmpty;
};

// All slots of one participant, as they are from now on.
struct SlotsChanged {
  static constexpr std::string_view kKind = "slots_changed";
  ParticipantId participant;
  std::vector<Slot> slots;
};

struct ActiveSpeakers {
  static constexpr std::string_view kKind = "active_speakers";
  RoomId room;
  std::vector<ParticipantId> participants;  // loudest first
};

// The first packet that a slot sent to this participant since its rights last gave it something to receive.
struct MediaStarted {
  static constexpr std::string_view kKind = "media_started";
  ParticipantId participant;
  std::string mid;
  uint32_t elapsed_ms = 0;  // Eir's own share: since DTLS was connected, the rights were there and a source sent
};

// The simulcast layers that the publisher of this m-line shall send from now on; the others nobody could use.
struct LayersWanted {
  static constexpr std::string_view kKind = "layers_wanted";
  ParticipantId participant;
  TrackId track;
  std::string mid;
  std::vector<std::string> rids;
};

// Where a pair's sound or picture has stopped for 5 s: at the publisher, in the server, or on the receiver's line.
enum class PairSilence : uint8_t { kNone, kSource, kServer, kLine };

struct PairSilenceChanged {
  static constexpr std::string_view kKind = "pair_silence_changed";
  ParticipantId receiver;
  ParticipantId publisher;
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
  PairSilence silence = PairSilence::kNone;
};

// The worker gave up a room of its own accord.
struct RoomLost {
  static constexpr std::string_view kKind = "room_lost";
  RoomId room;
  std::string reason;
};

struct Counter {
  std::string name;  // snake_case, as on the metrics page without the prefix eir_
  double value = 0;
};

// A snapshot, each second. Names that end in _total only grow; the others are gauges.
struct Counters {
  static constexpr std::string_view kKind = "counters";
  std::vector<Counter> values;
};

using Event = std::variant<Hello, TransportState, TrackPublished, TrackEnded, SlotsChanged, ActiveSpeakers,
                           MediaStarted, LayersWanted, PairSilenceChanged, RoomLost, Counters>;

// --- the envelope ---

// `id` ties a reply to its request; an event has 0.
struct Message {
  uint32_t id = 0;
  std::variant<Request, Reply, Event> body;
};

enum class DecodeError : uint8_t {
  kNotJson,
  kTooLong,
  kBadEnvelope,
  kOtherVersion,
  kUnknownKind,
  kUnknownField,
  kMissingField,
  kBadValue,  // a wrong type, a number out of range, an unknown enumerator, a text or list above its limit
};

std::string encode(const Message& message);
[[nodiscard]] Result<Message, DecodeError> decode(std::string_view json);
// The kind's name, for counters and log lines.
std::string_view kind_name(const Message& message);

}  // namespace eir::channel
