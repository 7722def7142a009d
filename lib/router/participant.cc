#include "lib/router/participant.h"

#include <algorithm>
#include <utility>

#include "lib/router/client_session.h"

namespace eir {

Participant::Participant(Room& room, ParticipantId id, Options options)
    : room_(room), id_(id), options_(std::move(options)) {}

Participant::~Participant() = default;

const SlotWish* Participant::find_wish(const std::string& mid) const {
  const auto it = std::find_if(wishes_.begin(), wishes_.end(), [&](const SlotWish& wish) { return wish.mid == mid; });
  return it == wishes_.end() ? nullptr : &*it;
}

}  // namespace eir
