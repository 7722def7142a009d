#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/server/consultation/consultations_test.h"
#include "tests/unit/server/consultation/stored_rows.h"

namespace eir {

// Two tenants' programs and everybody whom they invited do whatever comes to their minds, allowed or not, as the API
// would let them: a service acts on what its tenant finds, a participant with a session token and the right. Keeps its
// own books of what must have come of it, from the answers and events alone.
class RandomHistory {
 public:
  struct Person {
    Joined tokens;
    std::vector<std::string> sessions;
  };
  struct Book {
    int64_t seconds = 0;     // of being here
    bool may_be_in = false;  // let in by role, seat or host
  };
  struct Room {
    ConsultationKey key;
    size_t tenant = 0;
    std::map<SeatKey, Rights> granted;
    std::optional<std::string> final_documents;
  };

  explicit RandomHistory(uint64_t seed) : dice(seed), random_(seed + 1'000'000), domain(random_, kLimits) {}

  // At most so many that are not over, so that the random acts meet.
  static constexpr ConsultationLimits kLimits{.consultations = 5, .participants_per_consultation = 9};

  static const Templates& templates() {
    static const Templates all = [] {
      Templates made = Templates::built_in();
      made.add("strict: {extends: samkonsultasjon, lock_at_admitted: 2, absent_host: {policy: end}}", "site.yaml");
      return made;
    }();
    return all;
  }

  void step() {
    // Of a hundred: acts that make work for others are rarer than these others.
    const uint64_t percent = dice.below(100);
    if (percent < 3) {
      create();
    } else if (percent < 10) {
      invite();
    } else if (percent < 20) {
      join();
    } else if (percent < 25) {
      resume();
    } else if (percent < 35) {
      act_on_room();
    } else if (percent < 65) {
      act_on_person();
    } else if (percent < 90) {
      act_oneself();
    } else {
      pass(dice.chance(0.05) ? std::chrono::seconds(dice.below(9000)) : std::chrono::seconds(dice.below(20)));
    }
    settle();
  }

  // Time goes on from deadline to deadline, as a control keeps it.
  void pass(std::chrono::seconds time) {
    const Timestamp end = now.steady + time;
    while (now.steady < end) {
      const Timestamp next = std::clamp(domain.next_timeout(), now.steady, end);
      const auto gone = std::chrono::duration_cast<std::chrono::seconds>(next - now.steady);
      for (const ParticipantRef who : here) books[who].seconds += gone.count();
      now.steady = next;
      now.wall += gone;
      domain.handle_timeout(now);
      settle();
    }
  }

  // Takes events and rows into the books.
  void settle() {
    while (const auto event = domain.poll_event()) {
      ASSERT_GE(event->transition, last_told_);
      ASSERT_LE(event->transition, domain.last_transition());
      ASSERT_GT(event->transition, 0U);
      last_told_ = event->transition;
      using Kind = ConsultationEvent::Kind;
      const bool is_out = event->kind == Kind::kGone || event->kind == Kind::kDenied || event->kind == Kind::kRemoved ||
                          event->kind == Kind::kReplaced;
      if (is_out) here.erase(event->who);
      const auto is_of_it = [&](ParticipantRef who) { return who.consultation == event->who.consultation; };
      if (event->kind == Kind::kEnded) std::erase_if(here, is_of_it);
    }
    rows.take(domain);
    // What the domain has forgotten is of no interest any more.
    std::erase_if(rooms, [&](const Room& room) { return domain.find(room.key) == nullptr; });
    std::erase_if(people, [&](const Person& person) {
      const Consultation* room = domain.find(person.tokens.who.consultation);
      const bool is_known = room != nullptr && room->find_participant(person.tokens.who.participant) != nullptr;
      return !is_known && dice.chance(0.1);
    });
  }

  SeededRandom dice;

 private:
  SeededRandom random_;

 public:
  Consultations domain;
  Now now{Timestamp(1000s), WallTime(std::chrono::seconds(1'900'000'000))};
  const std::array<TenantKey, 2> tenants = {TenantKey{"north"}, TenantKey{"south"}};
  std::vector<Room> rooms;
  std::vector<Person> people;
  std::map<ParticipantRef, Book> books;
  std::set<ParticipantRef> here;  // connected, or not longer away than a reconnection may take
  StoredRows rows;
  uint64_t accepted = 0;  // acts that changed something, so that a test can see that much happened

 private:
  template <class T>
  bool count(const Result<T, Refusal>& result) {
    accepted += result ? 1 : 0;
    return result.has_value();
  }
  Role any_role() { return static_cast<Role>(dice.below(kRoleCount)); }
  Rights any_rights() {
    Rights rights;
    for (const Right right : kAllRights) {
      if (dice.chance(0.25)) rights = rights | Rights{right};
    }
    return rights;
  }
  SeatRequest any_seat() {
    SeatRequest seat;
    seat.role = any_role();
    seat.many = dice.chance(0.3);
    seat.skips_waiting = dice.chance(0.1);
    if (dice.chance(0.2)) seat.withheld = any_rights();
    return seat;
  }
  Room* any_room() { return rooms.empty() ? nullptr : &rooms[dice.below(rooms.size())]; }
  Room* room_of(ConsultationKey key) {
    const auto found = std::ranges::find(rooms, key, &Room::key);
    return found == rooms.end() ? nullptr : &*found;
  }
  Person* any_person() { return people.empty() ? nullptr : &people[dice.below(people.size())]; }

  // Who asks, and whether the API would let them: a program of either tenant, or somebody with a session token.
  bool is_allowed(const Room& room, Right right, Actor& actor) {
    if (dice.chance(0.5)) {
      actor = Actor::service("k_1");
      return domain.find(tenants[dice.chance(0.8) ? room.tenant : 1 - room.tenant], room.key) != nullptr;
    }
    const Person* person = any_person();
    // Mostly somebody of this consultation.
    for (int i = 0; i < 5 && person != nullptr && person->tokens.who.consultation != room.key; ++i) {
      person = any_person();
    }
    if (person == nullptr) return false;
    const auto who = domain.authenticate(now, person->sessions[dice.below(person->sessions.size())]);
    if (!who) return false;
    actor = Actor::participant(who->participant);
    return domain.may(*who, room.key, right);
  }

  void create() {
    constexpr std::array kKinds = {"samkonsultasjon", "psych", "group", "test", "phone_conference", "strict"};
    ConsultationRequest request;
    request.kind = templates().find(kKinds[dice.below(kKinds.size())]);
    request.seats.push_back({.role = Role::kSpecialist});
    request.seats.push_back({.role = Role::kPatient});
    for (uint64_t more = dice.below(5); more > 0; --more) request.seats.push_back(any_seat());
    if (dice.chance(0.5)) request.starts = now.wall + std::chrono::seconds(dice.below(3600));
    if (dice.chance(0.3)) request.ends = now.wall + std::chrono::seconds(dice.below(3600));
    const size_t tenant = dice.below(2);
    const auto made = domain.create(now, Actor::service("k_1"), tenants[tenant], request);
    if (!count(made)) return;
    rooms.push_back({.key = (*made)->key, .tenant = tenant, .granted = {}, .final_documents = {}});
  }

  void invite() {
    const Room* room = any_room();
    const Consultation* found = room == nullptr ? nullptr : domain.find(room->key);
    if (found == nullptr) return;
    Actor actor = Actor::system();
    if (dice.chance(0.2) && is_allowed(*room, Right::kInvite, actor)) {
      count(domain.add_seat(now, actor, room->key, any_seat()));
      return;
    }
    InvitationRequest request;
    request.uses_max = static_cast<uint32_t>(1 + dice.below(4));
    if (dice.chance(0.1)) request.not_before = now.wall + std::chrono::seconds(dice.below(300));
    const SeatKey seat = found->seats[dice.below(found->seats.size())].key;
    const auto issued = domain.invite(now, Actor::service("k_1"), {room->key, seat}, request);
    if (!count(issued)) return;
    links_.push_back(issued->token.reveal());
    if (links_.size() > 60) links_.erase(links_.begin());
    if (dice.chance(0.05)) count(domain.revoke(now, Actor::service("k_1"), room->key, issued->key));
  }

  void join() {
    if (links_.empty()) return;
    const auto joined = domain.join(now, links_[dice.below(links_.size())], "Somebody");
    if (!count(joined)) return;
    const Consultation& room = *domain.find(joined->who.consultation);
    const Participant& participant = *room.find_participant(joined->who.participant);
    const Seat& seat = *room.find_seat(participant.seat);
    Room* own = room_of(room.key);
    if (own != nullptr && !seat.many) own->granted.erase(seat.key);
    books[joined->who].may_be_in = comes_in_at_once(room, seat, own);
    people.push_back({.tokens = *joined, .sessions = {joined->session.reveal()}});
  }

  // Hosts by role or by grant, and whom template or seat lets in.
  static bool comes_in_at_once(const Consultation& room, const Seat& seat, const Room* own) {
    const bool is_host_role =
        seat.role == Role::kSpecialist || seat.role == Role::kClinician || seat.role == Role::kModerator;
    const bool is_granted = own != nullptr && own->granted.contains(seat.key) &&
                            own->granted.at(seat.key).has(Right::kModerate) && seat.role == Role::kGp;
    return !room.kind->has_waiting_room || seat.skips_waiting || room.kind->policy_of(seat.role).skips_waiting ||
           ((is_host_role || is_granted) && !seat.withheld.has(Right::kModerate));
  }

  void resume() {
    Person* person = any_person();
    if (person == nullptr) return;
    const auto again = domain.resume(now, person->tokens.resume.reveal());
    if (!count(again)) return;
    person->tokens = *again;
    person->sessions = {again->session.reveal()};
  }

  void act_on_room() {
    const Room* room = any_room();
    if (room == nullptr) return;
    Actor actor = Actor::system();
    const uint64_t act = dice.below(dice.chance(0.1) ? 8 : 5);
    const bool is_end = act >= 5;
    if (!is_allowed(*room, is_end ? Right::kEnd : Right::kModerate, actor)) return;
    switch (act) {
      case 0:
      case 1:
        count(domain.set_locked(now, actor, room->key, dice.chance(0.3)));
        break;
      case 2:
      case 3:
        count(domain.set_held(now, actor, room->key, dice.chance(0.3)));
        break;
      case 4:
        count(domain.set_end_time(now, actor, room->key, now.wall + std::chrono::seconds(dice.below(7200))));
        break;
      case 5:
        count(domain.end(now, actor, room->key));
        break;
      case 6:
        count(domain.cancel(now, actor, room->key));
        break;
      default:
        count(domain.mark_no_show(now, actor, room->key));
    }
  }

  void act_on_person() {
    Person* person = any_person();
    if (person == nullptr) return;
    const ParticipantRef who = person->tokens.who;
    Room* room = room_of(who.consultation);
    Actor actor = Actor::system();
    if (room == nullptr || !is_allowed(*room, Right::kModerate, actor)) return;
    MuteKinds kinds;
    kinds.set(static_cast<MuteKind>(dice.below(3)), true);
    switch (dice.below(15)) {
      case 0:
        count(domain.deny(now, actor, who));
        break;
      case 1:
        count(domain.return_to_waiting(now, actor, who));
        break;
      case 2:
        count(domain.mute_by_host(now, actor, who, kinds));
        break;
      case 3:
        if (dice.chance(0.5)) count(domain.remove(now, actor, who));
        break;
      case 4:
        count(domain.confirm_identity(now, actor, who));
        break;
      case 5:
      case 6:
      case 7:
        grant(*room, actor, who);
        break;
      case 8:
        count(domain.set_groups(now, actor, who, dice.below(4)));
        break;
      case 9:
        count(domain.set_persons(now, actor, who, std::vector<PresentPerson>(dice.below(10), {any_role(), "x"})));
        break;
      default:
        if (count(domain.admit(now, actor, who))) books[who].may_be_in = true;
    }
  }

  void grant(Room& room, const Actor& actor, ParticipantRef who) {
    const Rights rights = dice.chance(0.5) ? Rights{static_cast<Right>(dice.below(8))} : any_rights();
    const Consultation* found = domain.find(room.key);
    const Participant* participant = found == nullptr ? nullptr : found->find_participant(who.participant);
    if (participant == nullptr) return;
    const SeatKey seat = participant->seat;
    if (count(domain.grant(now, actor, who, rights))) room.granted[seat] = rights;
  }

  void act_oneself() {
    Person* person = any_person();
    if (person == nullptr) return;
    const ParticipantRef who = person->tokens.who;
    const auto authenticated = domain.authenticate(now, person->sessions.back());
    switch (dice.below(8)) {
      case 0:
        if (authenticated) domain.mute_self(now, who, static_cast<MuteKind>(dice.below(3)), dice.chance(0.5));
        break;
      case 1:
        if (authenticated && dice.chance(0.3)) domain.leave(now, who);
        break;
      case 2:
      case 3:
      case 4:
        // A connection is only opened with a session token.
        if (!authenticated) break;
        if (dice.chance(0.5)) {
          domain.signal_opened(now, who);
        } else {
          domain.transport_opened(now, who);
        }
        here.insert(who);
        ++accepted;
        break;
      case 5:
        domain.signal_closed(now, who);
        break;
      case 6:
        domain.transport_closed(now, who, dice.chance(0.5));
        break;
      default:
        if (authenticated) person->sessions.push_back(domain.renew_session(now, who).reveal());
        if (person->sessions.size() > 6) person->sessions.erase(person->sessions.begin());
    }
  }

  uint64_t last_told_ = 0;
  std::vector<std::string> links_;
};

}  // namespace eir
