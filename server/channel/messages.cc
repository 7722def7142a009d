#include "server/channel/messages.h"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/channel/described_json.h"
#include "server/config/config_fields.h"

namespace eir {

BOOST_DESCRIBE_ENUM(MediaKind, kAudio, kVideo)

namespace channel {

BOOST_DESCRIBE_ENUM(RightKind, kAudio, kVideo, kExtraVideo, kScreen)
BOOST_DESCRIBE_ENUM(TrackLabel, kMicrophone, kCamera, kExtraCamera, kWound, kScreen, kScreenAudio)
BOOST_DESCRIBE_ENUM(SessionKind, kWeb, kWhip, kWhep)
BOOST_DESCRIBE_ENUM(MediaUse, kPublished, kSlot, kRejected, kApplication)
BOOST_DESCRIBE_ENUM(TransportPhase, kNew, kConnected, kDisconnected, kClosed, kFailed)
BOOST_DESCRIBE_ENUM(RefusalCode, kUnknownRoom, kUnknownParticipant, kUnknownTransport, kUnknownMid, kAlreadyThere,
                    kLimitReached, kDraining, kOfferRefused, kNotPossible)
BOOST_DESCRIBE_ENUM(PairSilence, kNone, kSource, kServer, kLine)
BOOST_DESCRIBE_ENUM(SlotState, kLive, kMuted, kSilent, kPaused, kCodecUnsupported, kEmpty)

BOOST_DESCRIBE_STRUCT(Rights, (), (send_kinds, receive_kinds, groups))
BOOST_DESCRIBE_STRUCT(Done, (), ())
BOOST_DESCRIBE_STRUCT(OpenRoom, (), (room, tag, audio_only, participants_max))
BOOST_DESCRIBE_STRUCT(CloseRoom, (), (room))
BOOST_DESCRIBE_STRUCT(Join, (), (room, participant, tag, rights, echo, signs))
BOOST_DESCRIBE_STRUCT(Leave, (), (participant))
BOOST_DESCRIBE_STRUCT(SetRights, (), (participant, rights))
BOOST_DESCRIBE_STRUCT(NegotiatedMedia, (), (mid, kind, use))
BOOST_DESCRIBE_STRUCT(Answer, (), (sdp, media))
BOOST_DESCRIBE_STRUCT(Negotiate, (), (participant, transport, session_kind, offer))
BOOST_DESCRIBE_STRUCT(IceCredentials, (), (ufrag, password, candidates))
BOOST_DESCRIBE_STRUCT(RestartIce, (), (transport, ufrag, password))
BOOST_DESCRIBE_STRUCT(CloseTransport, (), (transport))
BOOST_DESCRIBE_STRUCT(SlotWish, (), (mid, source, label, width, height, priority))
BOOST_DESCRIBE_STRUCT(SetView, (), (participant, wishes))
BOOST_DESCRIBE_STRUCT(SetMute, (), (participant, kinds))
BOOST_DESCRIBE_STRUCT(SetLabel, (), (participant, mid, label))
BOOST_DESCRIBE_STRUCT(TakeConnection, (), (on_https_port))
BOOST_DESCRIBE_STRUCT(ReportedTransport, (), (transport, session_kind, state))
BOOST_DESCRIBE_STRUCT(ReportedTrack, (), (track, mid, kind, label))
BOOST_DESCRIBE_STRUCT(ReportedParticipant, (), (participant, tag, rights, muted_kinds, transports, tracks))
BOOST_DESCRIBE_STRUCT(ReportedRoom, (), (room, tag, audio_only, participants))
BOOST_DESCRIBE_STRUCT(WorkerReport, (), (draining, rooms))
BOOST_DESCRIBE_STRUCT(Report, (), ())
BOOST_DESCRIBE_STRUCT(Ping, (), ())
BOOST_DESCRIBE_STRUCT(Drain, (), ())
BOOST_DESCRIBE_STRUCT(Configure, (), (participants_max, transports_per_participant_max, alone_s, log_format, log_level))
BOOST_DESCRIBE_STRUCT(Refused, (), (code, detail, line))
BOOST_DESCRIBE_STRUCT(Hello, (), (worker, pid))
BOOST_DESCRIBE_STRUCT(TransportState, (), (participant, transport, state, reason))
BOOST_DESCRIBE_STRUCT(TrackPublished, (), (participant, track, mid, kind, label))
BOOST_DESCRIBE_STRUCT(TrackEnded, (), (participant, track))
BOOST_DESCRIBE_STRUCT(Slot, (), (mid, track, source, kind, label, state))
BOOST_DESCRIBE_STRUCT(SlotsChanged, (), (participant, slots))
BOOST_DESCRIBE_STRUCT(ActiveSpeakers, (), (room, participants))
BOOST_DESCRIBE_STRUCT(MediaStarted, (), (participant, mid, elapsed_ms))
BOOST_DESCRIBE_STRUCT(LayersWanted, (), (participant, track, mid, rids))
BOOST_DESCRIBE_STRUCT(PairSilenceChanged, (), (receiver, publisher, kind, label, silence))
BOOST_DESCRIBE_STRUCT(RoomLost, (), (room, reason))
BOOST_DESCRIBE_STRUCT(Counter, (), (name, value))
BOOST_DESCRIBE_STRUCT(Counters, (), (values))

namespace {

// {"v":1,"id":7,"kind":"join","body":{…}}
struct Envelope {
  uint32_t v = 0;
  uint32_t id = 0;
  std::string kind;
  boost::json::object body;
};

// Deeper than any message: report → rooms → participants → tracks takes seven.
constexpr size_t kDepthMax = 16;

std::optional<DecodeError> open_envelope(boost::json::value& json, Envelope& out) {
  boost::json::object* object = json.if_object();
  if (object == nullptr || object->size() != 4) return DecodeError::kBadEnvelope;
  JsonReader reader;
  const auto* version = object->if_contains("v");
  const auto* id = object->if_contains("id");
  const auto* kind = object->if_contains("kind");
  auto* body = object->if_contains("body");
  const bool ok = version != nullptr && id != nullptr && kind != nullptr && body != nullptr && body->is_object() &&
                  reader.read(*version, out.v) && reader.read(*id, out.id) && reader.read(*kind, out.kind);
  if (!ok) return DecodeError::kBadEnvelope;
  if (out.v != kProtocolVersion) return DecodeError::kOtherVersion;
  out.body = std::move(body->get_object());
  return std::nullopt;
}

// Reads the body into the alternative of `Family` (Request, Reply or Event) that has this kind; false: none has.
template <class Family>
bool read_family(const Envelope& envelope, JsonReader& reader, Message& out) {
  bool known = false;
  const boost::json::value body(envelope.body);
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, Family>>([&](auto type) {
    using Body = typename decltype(type)::type;
    if (Body::kKind != envelope.kind) return;
    known = true;
    Body value;
    if (reader.read(body, value)) out.body = Family(std::move(value));
  });
  return known;
}

template <class Visitor>
auto visit_body(const Message& message, const Visitor& visitor) {
  return std::visit([&](const auto& family) { return std::visit(visitor, family); }, message.body);
}

}  // namespace

RightKind right_needed(TrackLabel label) {
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
  return RightKind::kScreen;  // not reached: all enumerators are above
}

std::string encode(const Message& message) {
  boost::json::object out;
  out["v"] = kProtocolVersion;
  out["id"] = message.id;
  out["kind"] = kind_name(message);
  out["body"] = visit_body(message, [](const auto& body) { return to_json_value(body); });
  return boost::json::serialize(out);
}

Result<Message, DecodeError> decode(std::string_view json) {
  if (json.size() > kMessageBytesMax) return DecodeError::kTooLong;
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::value parsed = boost::json::parse(json, error, {}, options);
  if (error) return DecodeError::kNotJson;
  Envelope envelope;
  if (const auto bad = open_envelope(parsed, envelope)) return *bad;
  Message out;
  out.id = envelope.id;
  JsonReader reader;
  const bool known = read_family<Request>(envelope, reader, out) || read_family<Reply>(envelope, reader, out) ||
                     read_family<Event>(envelope, reader, out);
  if (!known) return DecodeError::kUnknownKind;
  if (reader.error()) return *reader.error();
  // An id is what a reply is matched by; an event has none.
  if ((out.id == 0) != std::holds_alternative<Event>(out.body)) return DecodeError::kBadEnvelope;
  return out;
}

std::string_view kind_name(const Message& message) {
  return visit_body(message, [](const auto& body) { return std::decay_t<decltype(body)>::kKind; });
}

}  // namespace channel
}  // namespace eir
