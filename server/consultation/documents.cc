#include "server/consultation/documents.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace eir {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

array to_array(Rights rights) {
  array names;
  for (const Right right : kAllRights) {
    if (rights.has(right)) names.emplace_back(to_text(right));
  }
  return names;
}

array to_array(MuteKinds kinds) {
  array names;
  for (const MuteKind kind : kAllMuteKinds) {
    if (kinds.has(kind)) names.emplace_back(to_text(kind));
  }
  return names;
}

object to_object(const Seat& seat) {
  object out{
      {"id", seat.key.to_string()},         {"role", to_text(seat.role)},         {"many", seat.many},
      {"skipsWaiting", seat.skips_waiting}, {"identity", to_text(seat.identity)}, {"withheld", to_array(seat.withheld)},
      {"granted", to_array(seat.granted)}};
  if (!seat.organisation.empty()) out["organisation"] = seat.organisation;
  return out;
}

object to_object(const Invitation& invitation) {
  return {{"id", invitation.key.to_string()},
          {"seat", invitation.seat.to_string()},
          {"token", to_hex(invitation.token)},
          {"uses", invitation.uses},
          {"usesMax", invitation.uses_max},
          {"notBefore", to_text(invitation.not_before)},
          {"notAfter", to_text(invitation.not_after)},
          {"revoked", invitation.is_revoked}};
}

// Reads members of one object; one that is missing or wrong makes the whole document unreadable.
class Reader {
 public:
  explicit Reader(const object& from) : object_(from) {}

  bool failed() const { return failed_; }
  bool has(std::string_view name) const { return object_.contains(name); }

  std::string_view text(std::string_view name) {
    const value* found = object_.if_contains(name);
    if (found == nullptr || !found->is_string()) return fail(std::string_view());
    return {found->get_string().data(), found->get_string().size()};
  }
  std::string optional_text(std::string_view name) { return has(name) ? std::string(text(name)) : ""; }
  bool flag(std::string_view name) {
    const value* found = object_.if_contains(name);
    return found == nullptr || !found->is_bool() ? fail(false) : found->get_bool();
  }
  // Numbers are parsed into 64 bits; JSON's reader gives large ones as unsigned.
  uint64_t number(std::string_view name) {
    const value* found = object_.if_contains(name);
    if (found != nullptr && found->is_uint64()) return found->get_uint64();
    if (found == nullptr || !found->is_int64() || found->get_int64() < 0) return fail(uint64_t{0});
    return static_cast<uint64_t>(found->get_int64());
  }
  const array& list(std::string_view name) {
    static const array kNone;
    const value* found = object_.if_contains(name);
    if (found != nullptr && found->is_array()) return found->get_array();
    failed_ = true;
    return kNone;
  }
  uint32_t small_number(std::string_view name) {
    const uint64_t value = number(name);
    return value > UINT32_MAX ? fail(uint32_t{0}) : static_cast<uint32_t>(value);
  }
  // For what has a parser that may say no: ids, enumerators, times, hashes.
  template <class T>
  T parsed(std::optional<T> result) {
    return result ? *std::move(result) : fail(T{});
  }
  WallTime time(std::string_view name) { return parsed(parse_time(text(name))); }
  std::optional<WallTime> optional_time(std::string_view name) {
    if (!has(name)) return std::nullopt;
    return time(name);
  }

 private:
  template <class T>
  T fail(T nothing) {
    failed_ = true;
    return nothing;
  }

  const object& object_;
  bool failed_ = false;
};

// Calls `each(Reader&)` for every object of the list; false if one is no object or does not read.
template <class Each>
bool for_each(const array& list, const Each& each) {
  for (const value& entry : list) {
    if (!entry.is_object()) return false;
    Reader reader(entry.get_object());
    each(reader);
    if (reader.failed()) return false;
  }
  return true;
}

// Calls `each(text)` for every name; false if one is none.
template <class Each>
bool for_each_name(const array& list, const Each& each) {
  for (const value& entry : list) {
    if (!entry.is_string() || !each(std::string_view(entry.get_string()))) return false;
  }
  return true;
}

bool read_rights(const array& list, Rights& rights) {
  return for_each_name(list, [&](std::string_view name) {
    const auto right = right_from_text(name);
    if (right) rights = rights | Rights{*right};
    return right.has_value();
  });
}

bool read_kinds(const array& list, MuteKinds& kinds) {
  return for_each_name(list, [&](std::string_view name) {
    const auto kind = mute_kind_from_text(name);
    if (kind) kinds.set(*kind, true);
    return kind.has_value();
  });
}

bool read_seats(const array& list, std::vector<Seat>& seats) {
  bool is_good = true;
  return for_each(list,
                  [&](Reader& reader) {
                    Seat& seat = seats.emplace_back();
                    seat.key = reader.parsed(SeatKey::parse(reader.text("id")));
                    seat.role = reader.parsed(role_from_text(reader.text("role")));
                    seat.many = reader.flag("many");
                    seat.organisation = reader.optional_text("organisation");
                    seat.skips_waiting = reader.flag("skipsWaiting");
                    seat.identity = reader.parsed(identity_need_from_text(reader.text("identity")));
                    is_good = is_good && read_rights(reader.list("withheld"), seat.withheld) &&
                              read_rights(reader.list("granted"), seat.granted);
                  }) &&
         is_good;
}

bool read_invitations(const array& list, std::vector<Invitation>& invitations) {
  return for_each(list, [&](Reader& reader) {
    Invitation& invitation = invitations.emplace_back();
    invitation.key = reader.parsed(InvitationKey::parse(reader.text("id")));
    invitation.seat = reader.parsed(SeatKey::parse(reader.text("seat")));
    invitation.token = reader.parsed(token_hash_from_hex(reader.text("token")));
    invitation.uses = reader.small_number("uses");
    invitation.uses_max = reader.small_number("usesMax");
    invitation.not_before = reader.time("notBefore");
    invitation.not_after = reader.time("notAfter");
    invitation.is_revoked = reader.flag("revoked");
  });
}

std::optional<object> parse_object(std::string_view text) {
  boost::system::error_code error;
  const value parsed = boost::json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) return std::nullopt;
  return parsed.get_object();
}

}  // namespace

std::string to_document(const Consultation& consultation) {
  array seats;
  for (const Seat& seat : consultation.seats) seats.push_back(to_object(seat));
  array invitations;
  for (const Invitation& invitation : consultation.invitations) invitations.push_back(to_object(invitation));
  object document{{"id", consultation.key.to_string()},       {"template", consultation.kind->name},
                  {"state", to_text(consultation.state)},     {"version", consultation.version},
                  {"created", to_text(consultation.created)}, {"locked", consultation.is_locked},
                  {"hold", to_text(consultation.hold)},       {"seats", std::move(seats)},
                  {"invitations", std::move(invitations)}};
  if (consultation.starts) document["starts"] = to_text(*consultation.starts);
  if (consultation.ends) document["ends"] = to_text(*consultation.ends);
  return boost::json::serialize(document);
}

std::string to_document(const Participant& participant) {
  array sessions;
  for (const Session& session : participant.sessions) {
    sessions.push_back(object{{"token", to_hex(session.token)}, {"expires", to_text(session.expires)}});
  }
  array persons;
  for (const PresentPerson& person : participant.persons) persons.emplace_back(to_text(person.role));
  object document{{"id", participant.key.to_string()},
                  {"seat", participant.seat.to_string()},
                  {"invitation", participant.invitation.to_string()},
                  {"role", to_text(participant.role)},
                  {"admitted", participant.is_admitted},
                  {"wasAdmitted", participant.was_admitted},
                  {"identityConfirmed", participant.is_identity_confirmed},
                  {"echo", participant.wants_echo},
                  {"left", participant.presence == Presence::kLeft},
                  {"muted", to_array(participant.muted)},
                  {"hostMuted", to_array(participant.host_muted)},
                  {"groups", participant.groups},
                  {"persons", std::move(persons)},
                  {"resume", to_hex(participant.resume)},
                  {"sessions", std::move(sessions)}};
  if (!participant.organisation.empty()) document["organisation"] = participant.organisation;
  if (participant.connected_since) document["connectedSince"] = to_text(*participant.connected_since);
  return boost::json::serialize(document);
}

std::optional<Consultation> consultation_from_document(std::string_view text, const Templates& templates) {
  const auto document = parse_object(text);
  if (!document) return std::nullopt;
  Reader reader(*document);
  Consultation consultation;
  consultation.key = reader.parsed(ConsultationKey::parse(reader.text("id")));
  consultation.kind = templates.find(reader.text("template"));
  consultation.state = reader.parsed(consultation_state_from_text(reader.text("state")));
  consultation.version = reader.small_number("version");
  consultation.created = reader.time("created");
  consultation.starts = reader.optional_time("starts");
  consultation.ends = reader.optional_time("ends");
  consultation.is_locked = reader.flag("locked");
  consultation.hold = reader.parsed(hold_from_text(reader.text("hold")));
  const bool is_good = read_seats(reader.list("seats"), consultation.seats) &&
                       read_invitations(reader.list("invitations"), consultation.invitations);
  if (!is_good || reader.failed() || consultation.kind == nullptr) return std::nullopt;
  // An invitation leads to one of its seats.
  const bool fits = std::ranges::all_of(consultation.invitations, [&](const Invitation& invitation) {
    return consultation.find_seat(invitation.seat) != nullptr;
  });
  if (!fits) return std::nullopt;
  return consultation;
}

std::optional<Participant> participant_from_document(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return std::nullopt;
  Reader reader(*document);
  Participant participant;
  participant.key = reader.parsed(ParticipantKey::parse(reader.text("id")));
  participant.seat = reader.parsed(SeatKey::parse(reader.text("seat")));
  participant.invitation = reader.parsed(InvitationKey::parse(reader.text("invitation")));
  participant.role = reader.parsed(role_from_text(reader.text("role")));
  participant.organisation = reader.optional_text("organisation");
  participant.is_admitted = reader.flag("admitted");
  participant.was_admitted = reader.flag("wasAdmitted");
  participant.is_identity_confirmed = reader.flag("identityConfirmed");
  participant.wants_echo = reader.flag("echo");
  if (reader.flag("left")) participant.presence = Presence::kLeft;
  participant.groups = reader.number("groups");
  participant.resume = reader.parsed(token_hash_from_hex(reader.text("resume")));
  participant.connected_since = reader.optional_time("connectedSince");
  const bool is_good = read_kinds(reader.list("muted"), participant.muted) &&
                       read_kinds(reader.list("hostMuted"), participant.host_muted) &&
                       for_each_name(reader.list("persons"),
                                     [&](std::string_view name) {
                                       const auto role = role_from_text(name);
                                       if (role) participant.persons.push_back({*role, ""});
                                       return role.has_value();
                                     }) &&
                       for_each(reader.list("sessions"), [&](Reader& session) {
                         participant.sessions.push_back(
                             {session.parsed(token_hash_from_hex(session.text("token"))), session.time("expires")});
                       });
  // Nobody is in no group at all.
  if (!is_good || reader.failed() || participant.groups == 0) return std::nullopt;
  return participant;
}

}  // namespace eir
