#include "server/api/signal_messages.h"

#include <array>
#include <boost/describe/class.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "server/api/json_read.h"
#include "server/api/json_write.h"

namespace eir::signal {
namespace wire {

struct Hello {
  std::string type;
  std::string session;
  std::optional<std::string> displayName;  // NOLINT(readability-identifier-naming): the JSON name
};
BOOST_DESCRIBE_STRUCT(Hello, (), (type, session, displayName))

struct Offer {
  std::string type;
  std::optional<int64_t> id;
  std::string sdp;
  std::optional<bool> fresh;
};
BOOST_DESCRIBE_STRUCT(Offer, (), (type, id, sdp, fresh))

struct Wish {
  std::string mid;
  std::optional<std::string> participant;
  std::optional<std::string> label;
  uint32_t width = 0;
  uint32_t height = 0;
  std::optional<uint32_t> priority;
};
BOOST_DESCRIBE_STRUCT(Wish, (), (mid, participant, label, width, height, priority))

struct View {
  std::string type;
  std::vector<Wish> wishes;
};
BOOST_DESCRIBE_STRUCT(View, (), (type, wishes))

struct Label {
  std::string type;
  std::string mid;
  std::string label;
};
BOOST_DESCRIBE_STRUCT(Label, (), (type, mid, label))

struct Mute {
  std::string type;
  std::string kind;
  bool muted = false;
};
BOOST_DESCRIBE_STRUCT(Mute, (), (type, kind, muted))

struct Person {
  std::string role;
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Person, (), (role, name))

struct Persons {
  std::string type;
  std::vector<Person> persons;
};
BOOST_DESCRIBE_STRUCT(Persons, (), (type, persons))

struct Chat {
  std::string type;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Chat, (), (type, text))

struct Text {
  std::string type;
  std::string t140;
};
BOOST_DESCRIBE_STRUCT(Text, (), (type, t140))

struct Leave {
  std::string type;
};
BOOST_DESCRIBE_STRUCT(Leave, (), (type))

struct Ping {
  std::string type;
  std::optional<int64_t> id;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (type, id))

}  // namespace wire

namespace {

using channel::TrackLabel;
using Outcome = std::variant<ClientMessage, Refused>;

constexpr std::array<std::pair<TrackLabel, std::string_view>, 6> kLabels = {{
    {TrackLabel::kMicrophone, "microphone"},
    {TrackLabel::kCamera, "camera"},
    {TrackLabel::kExtraCamera, "extra_camera"},
    {TrackLabel::kWound, "wound"},
    {TrackLabel::kScreen, "screen"},
    {TrackLabel::kScreenAudio, "screen_audio"},
}};

Refused invalid(std::string_view field) { return {"invalid_value", std::string(field), {}}; }

// A mid is an SDP token (RFC 8866 section 9); what it may hold beyond letters and digits the worker knows.
bool is_mid(std::string_view mid) {
  if (mid.empty() || mid.size() > kMidMax) return false;
  for (const char c : mid) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

// Text without control characters but those that are named (all of ASCII; JSON's reader has checked the UTF-8).
bool is_text(std::string_view text, size_t bytes_max, std::string_view allowed_controls) {
  if (text.empty() || text.size() > bytes_max) return false;
  for (const char c : text) {
    const bool is_control = (c >= 0 && c < ' ') || c == 0x7f;
    if (is_control && allowed_controls.find(c) == std::string_view::npos) return false;
  }
  return true;
}

Outcome convert(wire::Hello&& from) {
  std::string name = from.displayName.value_or("");
  if (!is_display_name(name)) return invalid("displayName");
  return Hello{std::move(from.session), std::move(name)};
}

Outcome convert(wire::Offer&& from) {
  return Offer{.id = from.id, .sdp = std::move(from.sdp), .is_fresh = from.fresh.value_or(false)};
}

Outcome convert(wire::View&& from) {
  View view;
  if (from.wishes.size() > kWishesMax) return invalid("wishes");
  for (wire::Wish& wish : from.wishes) {
    if (!is_mid(wish.mid)) return invalid("mid");
    Wish to;
    to.mid = std::move(wish.mid);
    to.width = wish.width;
    to.height = wish.height;
    if (wish.participant && !(to.participant = ParticipantKey::parse(*wish.participant))) {
      return invalid("participant");
    }
    const auto label = label_from_text(wish.label.value_or("camera"));
    if (!label) return invalid("label");
    to.label = *label;
    to.priority = wish.priority.value_or(0);
    if (to.width > kPixelsMax || to.height > kPixelsMax) return invalid("width");
    if (to.priority > kPriorityMax) return invalid("priority");
    view.wishes.push_back(std::move(to));
  }
  return view;
}

Outcome convert(wire::Label&& from) {
  const auto label = label_from_text(from.label);
  if (!label) return invalid("label");
  if (!is_mid(from.mid)) return invalid("mid");
  return Label{std::move(from.mid), *label};
}

Outcome convert(wire::Mute&& from) {
  const auto kind = mute_kind_from_text(from.kind);
  if (!kind) return invalid("kind");
  return Mute{*kind, from.muted};
}

Outcome convert(wire::Persons&& from) {
  Persons to;
  if (from.persons.size() > Consultations::kPersonsMax) return invalid("persons");
  for (wire::Person& person : from.persons) {
    const auto role = role_from_text(person.role);
    if (!role) return invalid("role");
    std::string name = person.name.value_or("");
    if (!is_display_name(name)) return invalid("name");
    to.persons.push_back({*role, std::move(name)});
  }
  return to;
}

Outcome convert(wire::Chat&& from) {
  if (!is_text(from.text, kChatBytesMax, "\n\t")) return invalid("text");
  return Chat{std::move(from.text)};
}

Outcome convert(wire::Text&& from) {
  if (!is_text(from.t140, kRealTimeTextBytesMax, "\b")) return invalid("t140");
  return RealTimeText{std::move(from.t140)};
}

Outcome convert(wire::Leave&&) { return Leave{}; }
Outcome convert(wire::Ping&& from) { return Ping{from.id}; }

template <class T>
Outcome read_as(const boost::json::value& value) {
  T message;
  if (auto error = json_read::read(value, message, "")) return Refused{error->code, error->detail, {}};
  return convert(std::move(message));
}

Outcome read_by_type(std::string_view type, const boost::json::value& value) {
  if (type == "hello") return read_as<wire::Hello>(value);
  if (type == "offer") return read_as<wire::Offer>(value);
  if (type == "view") return read_as<wire::View>(value);
  if (type == "label") return read_as<wire::Label>(value);
  if (type == "mute") return read_as<wire::Mute>(value);
  if (type == "persons") return read_as<wire::Persons>(value);
  if (type == "chat") return read_as<wire::Chat>(value);
  if (type == "text") return read_as<wire::Text>(value);
  if (type == "leave") return read_as<wire::Leave>(value);
  if (type == "ping") return read_as<wire::Ping>(value);
  return Refused{"unknown_type", "", {}};
}

boost::json::array to_array(const std::vector<const Participant*>& participants) {
  boost::json::array array;
  for (const Participant* participant : participants) array.emplace_back(roster_entry(*participant));
  return array;
}

boost::json::array to_array(const std::vector<ParticipantKey>& keys) {
  boost::json::array array;
  for (const ParticipantKey key : keys) array.emplace_back(key.to_string());
  return array;
}

std::string with_id(boost::json::object object, std::optional<int64_t> id) {
  if (id) object["id"] = *id;
  return boost::json::serialize(object);
}

std::string_view to_text(channel::SlotState state) {
  switch (state) {
    case channel::SlotState::kLive:
      return "live";
    case channel::SlotState::kMuted:
      return "muted";
    case channel::SlotState::kSilent:
      return "silent";
    case channel::SlotState::kPaused:
      return "paused";
    case channel::SlotState::kCodecUnsupported:
      return "codec_unsupported";
    case channel::SlotState::kEmpty:
      return "empty";
  }
  return "";
}

std::string_view to_text(channel::PairSilence silence) {
  switch (silence) {
    case channel::PairSilence::kNone:
      return "none";
    case channel::PairSilence::kSource:
      return "source";
    case channel::PairSilence::kServer:
      return "server";
    case channel::PairSilence::kLine:
      return "line";
  }
  return "";
}

}  // namespace

std::variant<ClientMessage, Refused> parse(std::string_view text) {
  const auto value = json_read::parse(text);
  if (!value || !value->is_object()) return Refused{"invalid_json", "", {}};
  const boost::json::value* type = value->get_object().if_contains("type");
  if (type == nullptr) return Refused{"missing_field", "type", {}};
  if (!type->is_string()) return invalid("type");
  Outcome outcome = read_by_type(std::string_view(type->get_string()), *value);
  if (auto* refused = std::get_if<Refused>(&outcome)) {
    const boost::json::value* id = value->get_object().if_contains("id");
    if (id != nullptr && id->is_int64()) refused->id = id->get_int64();
  }
  return outcome;
}

std::string_view to_text(TrackLabel label) { return kLabels[static_cast<size_t>(label)].second; }

std::optional<TrackLabel> label_from_text(std::string_view text) {
  for (const auto& [label, name] : kLabels) {
    if (name == text) return label;
  }
  return std::nullopt;
}

namespace {

// What one may send and decide once one is in: a page opens no camera in a waiting room that leads to a call of voices.
Rights seat_rights_of(const Consultation& consultation, const Participant& participant) {
  const Seat* seat = consultation.find_seat(participant.seat);
  if (seat == nullptr) return {};
  const Rights rights = rights_of_seat(*consultation.kind, *seat);
  if (!consultation.kind->is_audio_only) return rights;
  return rights.without(Rights{Right::kVideo, Right::kExtraCamera, Right::kScreen});
}

}  // namespace

std::string welcome(const Consultation& consultation, const Participant& participant,
                    const std::vector<const Participant*>& roster) {
  return boost::json::serialize(
      boost::json::object{{"type", "welcome"},
                          {"participant", participant.key.to_string()},
                          {"consultation", consultation.key.to_string()},
                          {"template", consultation.kind->name},
                          {"role", to_text(participant.role)},
                          {"state", participant.is_admitted ? "admitted" : "waiting"},
                          {"rights", eir::to_array(rights_of(consultation, participant))},
                          {"seatRights", eir::to_array(seat_rights_of(consultation, participant))},
                          {"locked", consultation.is_locked},
                          {"hold", to_text(consultation.hold)},
                          {"chat", consultation.kind->may_write},
                          {"iceServers", ice_servers()},
                          {"roster", to_array(roster)}});
}

std::string answer(std::optional<int64_t> id, std::string_view sdp) {
  return with_id({{"type", "answer"}, {"sdp", sdp}}, id);
}

std::string waiting() { return R"({"type":"waiting"})"; }

std::string admitted(Rights rights, const std::vector<const Participant*>& roster) {
  return boost::json::serialize(
      boost::json::object{{"type", "admitted"}, {"rights", eir::to_array(rights)}, {"roster", to_array(roster)}});
}

std::string rights(Rights rights) {
  return boost::json::serialize(boost::json::object{{"type", "rights"}, {"rights", eir::to_array(rights)}});
}

std::string consultation(const Consultation& consultation) {
  return boost::json::serialize(boost::json::object{{"type", "consultation"},
                                                    {"state", to_text(consultation.state)},
                                                    {"locked", consultation.is_locked},
                                                    {"hold", to_text(consultation.hold)}});
}

std::string removed(std::string_view reason) {
  return boost::json::serialize(boost::json::object{{"type", "removed"}, {"reason", reason}});
}

std::string ended() { return R"({"type":"ended"})"; }

std::string slots(const std::vector<PublicSlot>& slots) {
  boost::json::array array;
  for (const PublicSlot& shown : slots) {
    const channel::Slot& slot = *shown.slot;
    boost::json::object entry{{"mid", slot.mid}};
    if (shown.source) {
      entry["participant"] = shown.source->to_string();
      entry["track"] = slot.track.value;
    }
    entry["kind"] = slot.kind == MediaKind::kAudio ? "audio" : "video";
    entry["label"] = to_text(slot.label);
    entry["state"] = to_text(slot.state);
    array.emplace_back(std::move(entry));
  }
  return boost::json::serialize(boost::json::object{{"type", "slots"}, {"slots", std::move(array)}});
}

std::string layers(std::string_view mid, const std::vector<std::string>& rids) {
  boost::json::array array;
  for (const std::string& rid : rids) array.emplace_back(rid);
  return boost::json::serialize(boost::json::object{{"type", "layers"}, {"mid", mid}, {"rids", std::move(array)}});
}

std::string silence(ParticipantKey from, ParticipantKey to, const channel::PairSilenceChanged& silence) {
  return boost::json::serialize(boost::json::object{{"type", "silence"},
                                                    {"from", from.to_string()},
                                                    {"to", to.to_string()},
                                                    {"kind", silence.kind == MediaKind::kAudio ? "audio" : "video"},
                                                    {"label", to_text(silence.label)},
                                                    {"where", to_text(silence.silence)}});
}

std::string roster(const std::vector<const Participant*>& changed, const std::vector<ParticipantKey>& gone) {
  return boost::json::serialize(
      boost::json::object{{"type", "roster"}, {"changed", to_array(changed)}, {"gone", to_array(gone)}});
}

std::string speakers(const std::vector<ParticipantKey>& participants) {
  return boost::json::serialize(boost::json::object{{"type", "speakers"}, {"participants", to_array(participants)}});
}

std::string muted(MuteKinds kinds) {
  return boost::json::serialize(boost::json::object{{"type", "muted"}, {"kinds", eir::to_array(kinds)}});
}

std::string chat(ParticipantKey from, std::string_view text) {
  return boost::json::serialize(
      boost::json::object{{"type", "chat"}, {"participant", from.to_string()}, {"text", text}});
}

std::string real_time_text(ParticipantKey from, std::string_view t140) {
  return boost::json::serialize(
      boost::json::object{{"type", "text"}, {"participant", from.to_string()}, {"t140", t140}});
}

std::string session(const Token& token) {
  return boost::json::serialize(boost::json::object{
      {"type", "session"},
      {"session", token.reveal()},
      {"expiresIn", std::chrono::duration_cast<std::chrono::seconds>(Consultations::kSessionLife).count()}});
}

std::string renew(std::string_view reason) {
  return boost::json::serialize(boost::json::object{{"type", "renew"}, {"reason", reason}});
}

std::string error(std::string_view code, std::string_view detail, std::optional<int64_t> id) {
  boost::json::object object{{"type", "error"}, {"code", code}};
  if (!detail.empty()) object["detail"] = detail;
  return with_id(std::move(object), id);
}

std::string pong(std::optional<int64_t> id) { return with_id({{"type", "pong"}}, id); }

}  // namespace eir::signal
