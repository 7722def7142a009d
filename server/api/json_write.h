#pragma once

#include <boost/json/object.hpp>

#include "server/consultation/consultation.h"

// Pieces of JSON that REST and signalling share. For .cc files only.
namespace eir {

boost::json::object roster_entry(const Participant& participant);
boost::json::array to_array(MuteKinds kinds);
boost::json::array to_array(Rights rights);
boost::json::object to_object(const Seat& seat);
boost::json::object to_object(const Consultation& consultation);
// Empty until TURN servers can be configured.
boost::json::array ice_servers();

}  // namespace eir
