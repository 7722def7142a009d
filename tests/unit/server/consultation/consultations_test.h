#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/random.h"
#include "server/consultation/consultations.h"
#include "server/consultation/templates.h"

namespace eir {

inline const Templates& built_in_templates() {
  static const Templates all = Templates::built_in();
  return all;
}

// One consultation of a specialist, a patient and an observer seat for many, on a clock that the test moves.
class ConsultationsTest : public testing::Test {
 protected:
  using Kind = ConsultationEvent::Kind;

  explicit ConsultationsTest(std::string_view kind = "samkonsultasjon")
      : made(&create(kind, {{.role = Role::kSpecialist}, {.role = Role::kPatient}, seat_for_many(Role::kObserver)})) {}

  static SeatRequest seat_for_many(Role role) {
    SeatRequest seat;
    seat.role = role;
    seat.many = true;
    return seat;
  }

  const Consultation& create(std::string_view kind, std::vector<SeatRequest> seats) {
    ConsultationRequest request;
    request.kind = built_in_templates().find(kind);
    request.seats = std::move(seats);
    return **consultations.create(now, owner, demo, request);
  }

  std::string invite(const Consultation& room, size_t seat, uint32_t uses_max = 1) {
    InvitationRequest request;
    request.uses_max = uses_max;
    return consultations.invite(now, owner, {room.key, room.seats[seat].key}, request)->token.reveal();
  }
  std::string invite(size_t seat, uint32_t uses_max = 1) { return invite(*made, seat, uses_max); }
  Joined join(const Consultation& room, size_t seat) { return *consultations.join(now, invite(room, seat), ""); }
  Joined join(size_t seat) { return join(*made, seat); }
  // Joined and connected.
  Joined connect(const Consultation& room, size_t seat) {
    Joined joined = join(room, seat);
    consultations.signal_opened(now, joined.who);
    return joined;
  }
  Joined connect(size_t seat) { return connect(*made, seat); }
  void admit(const Joined& joined) { ASSERT_TRUE(consultations.admit(now, host, joined.who)); }

  const Participant* find(const Joined& joined) const {
    return consultations.find(joined.who.consultation)->find_participant(joined.who.participant);
  }
  std::string state(const Joined& joined) const {
    const Participant* participant = find(joined);
    return participant == nullptr ? "forgotten" : std::string(state_text(*participant));
  }
  Rights rights(const Joined& joined) const {
    return rights_of(*consultations.find(joined.who.consultation), *find(joined));
  }

  void pass(Duration time) {
    now.steady += time;
    now.wall += std::chrono::duration_cast<std::chrono::seconds>(time);
    consultations.handle_timeout(now);
  }
  std::vector<Kind> events() {
    std::vector<Kind> kinds;
    while (const auto event = consultations.poll_event()) kinds.push_back(event->kind);
    return kinds;
  }
  std::vector<Transition> transitions() {
    std::vector<Transition> all;
    while (auto transition = consultations.poll_transition()) all.push_back(*std::move(transition));
    return all;
  }
  // Of the transitions since the last look; a quiet one is "".
  std::vector<std::string> actions() {
    std::vector<std::string> types;
    for (const Transition& transition : transitions()) {
      types.push_back(transition.event ? transition.event->type : "");
    }
    return types;
  }

  const TenantKey demo{"demo"};
  const TenantKey other{"other"};
  const Actor owner = Actor::service("k_1");
  const Actor host = Actor::service("k_2");
  SeededRandom random{1};
  Consultations consultations{random};
  Now now{Timestamp(1000s), WallTime(std::chrono::seconds(1'900'000'000))};
  const Consultation* made;
};

}  // namespace eir
