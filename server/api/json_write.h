#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "server/api/http_message.h"
#include "server/consultation/consultation.h"

// Pieces of JSON that REST and signalling share. For .cc files only.
namespace eir {

// What everybody who is in sees of somebody.
boost::json::object roster_entry(const Participant& participant);
boost::json::array to_array(MuteKinds kinds);
boost::json::array to_array(Rights rights);
// The numbers of the side rooms.
boost::json::array to_array(uint64_t groups);
boost::json::object to_object(const Seat& seat);
boost::json::object to_object(const Consultation& consultation);
// The version as an entity tag (RFC 9110 section 8.8.3).
std::string etag_of(const Consultation& consultation);
HttpAnswer answer_consultation(uint16_t status, const Consultation& consultation);
// Empty until TURN servers can be configured.
boost::json::array ice_servers();

}  // namespace eir
