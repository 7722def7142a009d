#include "server/api/json_write.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace eir {

boost::json::object roster_entry(const Participant& participant) {
  boost::json::object entry{{"id", participant.key.to_string()},
                            {"seat", participant.seat.to_string()},
                            {"role", to_text(participant.role)},
                            {"state", state_text(participant)}};
  if (!participant.organisation.empty()) entry["organisation"] = participant.organisation;
  if (!participant.display_name.empty()) entry["name"] = participant.display_name;
  entry["muted"] = to_array(participant.muted);
  entry["hostMuted"] = to_array(participant.host_muted);
  if (participant.is_identity_confirmed) entry["identityConfirmed"] = true;
  if (participant.groups != 1) entry["groups"] = to_array(participant.groups);
  if (!participant.persons.empty()) {
    boost::json::array persons;
    for (const PresentPerson& person : participant.persons) {
      boost::json::object one{{"role", to_text(person.role)}};
      if (!person.name.empty()) one["name"] = person.name;
      persons.push_back(std::move(one));
    }
    entry["persons"] = std::move(persons);
  }
  return entry;
}

boost::json::array to_array(MuteKinds kinds) {
  boost::json::array array;
  for (const MuteKind kind : kAllMuteKinds) {
    if (kinds.has(kind)) array.emplace_back(to_text(kind));
  }
  return array;
}

boost::json::array to_array(Rights rights) {
  boost::json::array array;
  for (const Right right : kAllRights) {
    if (rights.has(right)) array.emplace_back(to_text(right));
  }
  return array;
}

boost::json::array to_array(uint64_t groups) {
  boost::json::array array;
  for (unsigned group = 0; group < 64; ++group) {
    if ((groups >> group & 1U) != 0) array.emplace_back(group);
  }
  return array;
}

boost::json::object to_object(const Seat& seat) {
  boost::json::object object{{"id", seat.key.to_string()},
                             {"role", to_text(seat.role)},
                             {"many", seat.many},
                             {"skipsWaiting", seat.skips_waiting},
                             {"identity", to_text(seat.identity)}};
  if (!seat.organisation.empty()) object["organisation"] = seat.organisation;
  if (!seat.withheld.empty()) object["withheld"] = to_array(seat.withheld);
  if (!seat.granted.empty()) object["granted"] = to_array(seat.granted);
  return object;
}

boost::json::object to_object(const Consultation& consultation) {
  boost::json::array seats;
  for (const Seat& seat : consultation.seats) seats.emplace_back(to_object(seat));
  boost::json::object object{{"id", consultation.key.to_string()},
                             {"template", consultation.kind->name},
                             {"state", to_text(consultation.state)},
                             {"version", consultation.version},
                             {"locked", consultation.is_locked},
                             {"hold", to_text(consultation.hold)},
                             {"seats", std::move(seats)}};
  if (consultation.starts) object["startsAt"] = to_text(*consultation.starts);
  if (consultation.ends) object["endsAt"] = to_text(*consultation.ends);
  return object;
}

std::string etag_of(const Consultation& consultation) { return '"' + std::to_string(consultation.version) + '"'; }

HttpAnswer answer_consultation(uint16_t status, const Consultation& consultation) {
  HttpAnswer answer = answer_json(status, boost::json::serialize(to_object(consultation)));
  answer.headers.emplace_back("ETag", etag_of(consultation));
  return answer;
}

boost::json::array ice_servers() { return {}; }

}  // namespace eir
