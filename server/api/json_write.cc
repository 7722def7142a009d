#include "server/api/json_write.h"

#include <boost/json/array.hpp>

namespace eir {

boost::json::object roster_entry(const Participant& participant) {
  boost::json::object entry{{"id", participant.key.to_string()},
                            {"seat", participant.seat.to_string()},
                            {"role", to_text(participant.role)},
                            {"state", state_text(participant)}};
  if (!participant.display_name.empty()) entry["name"] = participant.display_name;
  entry["muted"] = to_array(participant.muted);
  entry["hostMuted"] = to_array(participant.host_muted);
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

boost::json::object to_object(const Seat& seat) {
  return {{"id", seat.key.to_string()}, {"role", to_text(seat.role)}, {"many", seat.many}};
}

boost::json::object to_object(const Consultation& consultation) {
  boost::json::array seats;
  for (const Seat& seat : consultation.seats) seats.emplace_back(to_object(seat));
  return {{"id", consultation.key.to_string()},
          {"template", consultation.kind->name},
          {"state", to_text(consultation.state)},
          {"version", consultation.version},
          {"seats", std::move(seats)}};
}

boost::json::array ice_servers() { return {}; }

}  // namespace eir
