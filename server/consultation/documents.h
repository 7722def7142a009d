#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/consultation/consultation.h"
#include "server/consultation/templates.h"

// Consultations and participants as the JSON documents of the store. No name and no token is in them: names are not
// kept, of tokens only their hashes. A document that misses something required, or holds what cannot be, is refused as
// a whole; fields that are not known are passed over, so that an older Eir can read what a newer one wrote.
namespace eir {

// Without its participants, which have rows of their own.
std::string to_document(const Consultation& consultation);
std::string to_document(const Participant& participant);

// Keys and tenant come from the row's columns. The template must still be known.
std::optional<Consultation> consultation_from_document(std::string_view document, const Templates& templates);
std::optional<Participant> participant_from_document(std::string_view document);

}  // namespace eir
