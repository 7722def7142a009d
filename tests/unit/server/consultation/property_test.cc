// Whatever two tenants' programs and their guests do, in whatever order: what must hold, holds after each step. The
// expectations are computed here, from a table of their own and from the books of RandomHistory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <iostream>
#include <tuple>

#include "server/consultation/documents.h"
#include "tests/unit/server/consultation/random_history.h"

namespace eir {
namespace {

// The roles' ceiling in the order of Right: audio, video, extra camera, screen, moderate, invite, end, list.
// y: from the start, g: a host may grant it.
constexpr std::string_view table_of(Role role) {
  switch (role) {
    case Role::kSpecialist:
    case Role::kClinician:
    case Role::kModerator:
      return "yyyyyyyy";
    case Role::kGp:
      return "yyyygygg";
    case Role::kPatient:
      return "yyyg-g--";
    case Role::kRelative:
      return "yy-g----";
    case Role::kInterpreter:
      return "yy------";
    case Role::kObserver:
      return "g-------";
    case Role::kDevice:
      return "yyyg----";
    case Role::kGateway:
      return "y-------";
    case Role::kSupport:
      return "-------y";
  }
  return "";
}

class PropertyTest : public testing::TestWithParam<uint64_t> {
 protected:
  PropertyTest() : history(GetParam()) {}
  void TearDown() override {
    if (HasFailure()) std::cerr << "[   SEED   ] " << GetParam() << '\n';
  }

  void check_all() {
    std::map<ConsultationKey, Seen> seen;
    for (RandomHistory::Room& room : history.rooms) {
      const Consultation* consultation = history.domain.find(room.key);
      if (consultation == nullptr) continue;
      check_isolation(room);
      check_version(*consultation, seen[room.key]);
      check_final(room, *consultation);
      check_caps(*consultation);
      for (const auto& [key, participant] : consultation->participants) {
        check_participant(room, *consultation, participant);
      }
      check_roster(*consultation);
    }
    seen_ = std::move(seen);
    check_tokens();
    ++checks_;
  }

  // Only the owner finds it, and nobody of another consultation may anything here.
  void check_isolation(const RandomHistory::Room& room) {
    ASSERT_NE(history.domain.find(history.tenants[room.tenant], room.key), nullptr);
    ASSERT_EQ(history.domain.find(history.tenants[1 - room.tenant], room.key), nullptr);
    for (const RandomHistory::Person& person : history.people) {
      if (person.tokens.who.consultation == room.key) continue;
      const Right right = kAllRights[history.dice.below(kAllRights.size())];
      ASSERT_FALSE(history.domain.may(person.tokens.who, room.key, right));
    }
  }

  // A state never goes back; whatever is part of the version raises it.
  struct Seen {
    uint32_t version = 0;
    ConsultationState state = ConsultationState::kPlanned;
    // What the version counts.
    std::tuple<ConsultationState, bool, Hold, std::optional<WallTime>, std::optional<WallTime>, size_t> counted;
    std::vector<Rights> granted;
  };
  void check_version(const Consultation& now, Seen& seen) {
    seen = {now.version, now.state, {now.state, now.is_locked, now.hold, now.starts, now.ends, now.seats.size()}, {}};
    for (const Seat& seat : now.seats) seen.granted.push_back(seat.granted);
    const auto before = seen_.find(now.key);
    if (before == seen_.end()) return;
    ASSERT_GE(seen.version, before->second.version);
    const bool is_same = seen.counted == before->second.counted && seen.granted == before->second.granted;
    if (!is_same) {
      ASSERT_GT(seen.version, before->second.version);
    }
    ASSERT_GE(seen.state, before->second.state);
    if (is_final(before->second.state)) {
      ASSERT_EQ(seen.state, before->second.state);
    }
  }

  // Nothing of what is over changes.
  void check_final(RandomHistory::Room& room, const Consultation& consultation) {
    // Documents are costly; once a final one is seen they are compared now and then.
    if (!is_final(consultation.state) || (room.final_documents && checks_ % 16 != 0)) return;
    std::string all = to_document(consultation);
    for (const auto& [key, participant] : consultation.participants) {
      all += to_document(participant);
      ASSERT_EQ(participant.presence, Presence::kLeft);
      ASSERT_TRUE(participant.display_name.empty() && participant.persons.empty() && participant.sessions.empty());
    }
    if (!room.final_documents) room.final_documents = all;
    ASSERT_EQ(all, *room.final_documents);
  }

  static void check_caps(const Consultation& consultation) {
    ASSERT_LE(consultation.present_count(), std::min<size_t>(9, consultation.kind->participants_max));
    ASSERT_LE(consultation.seats.size(), 64U);
    ASSERT_LE(consultation.invitations.size(), 512U);
    for (const Invitation& invitation : consultation.invitations) {
      ASSERT_LE(invitation.uses, invitation.uses_max);
    }
    for (const Seat& seat : consultation.seats) {
      const auto holders = std::ranges::count_if(consultation.participants,
                                                 [&](const auto& entry) { return entry.second.seat == seat.key; });
      if (!seat.many) {
        ASSERT_LE(holders, 1);
      }
    }
  }

  void check_participant(const RandomHistory::Room& room, const Consultation& consultation,
                         const Participant& participant) {
    const auto book = history.books.find({consultation.key, participant.key});
    ASSERT_NE(book, history.books.end());
    ASSERT_LE(participant.sessions.size(), 4U);
    ASSERT_LE(participant.persons.size(), 8U);
    ASSERT_NE(participant.groups, 0U);
    // Nobody is in whom neither role nor host let in.
    if (participant.is_admitted) {
      ASSERT_TRUE(book->second.may_be_in);
    }
    const Rights expected = expected_rights(room, consultation, participant);
    ASSERT_EQ(rights_of(consultation, participant), expected)
        << to_text(participant.role) << " in " << consultation.kind->name;
    const Rights receives = receives_of(consultation, participant);
    const bool is_out = !participant.is_admitted || participant.presence == Presence::kLeft;
    if (is_out) {
      ASSERT_TRUE(receives.empty());
    }
    if (participant.role == Role::kSupport) {
      ASSERT_TRUE(receives.empty());
    }
    if (consultation.hold != Hold::kNone && !expected.has(Right::kModerate)) {
      ASSERT_TRUE(receives.empty());
    }
    if (is_final(consultation.state)) return;
    // Everybody but who is connected has a time that runs out.
    const bool is_connected =
        participant.presence != Presence::kLeft && (participant.is_signalling || participant.transports > 0);
    if (!is_connected) {
      ASSERT_NE(participant.deadline, kNever);
    }
    if (participant.presence == Presence::kConnected) {
      ASSERT_EQ(participant.deadline, kNever);
    }
  }

  // From the table above: what a host granted counts only where the table has a g.
  static Rights expected_rights(const RandomHistory::Room& room, const Consultation& consultation,
                                const Participant& participant) {
    const bool is_in = participant.is_admitted && participant.presence != Presence::kLeft;
    if (!is_in || is_final(consultation.state)) return {};
    const Seat& seat = *consultation.find_seat(participant.seat);
    const auto granted = room.granted.find(seat.key);
    const std::string_view line = table_of(participant.role);
    Rights rights;
    for (const Right right : kAllRights) {
      const char cell = line[static_cast<size_t>(right)];
      const bool is_granted = cell == 'g' && granted != room.granted.end() && granted->second.has(right);
      const bool is_withheld =
          seat.withheld.has(right) || consultation.kind->policy_of(participant.role).withheld.has(right);
      if ((cell == 'y' || is_granted) && !is_withheld) rights = rights | Rights{right};
    }
    const bool is_held = consultation.hold != Hold::kNone && !rights.has(Right::kModerate);
    return is_held ? rights.without(kMediaRights) : rights;
  }

  // Who is there by the books is among the participants that everybody sees, and the other way round.
  void check_roster(const Consultation& consultation) {
    for (const auto& [key, participant] : consultation.participants) {
      ASSERT_EQ(participant.is_here(), history.here.contains({consultation.key, key}));
    }
    for (const ParticipantRef who : history.here) {
      if (who.consultation == consultation.key) {
        ASSERT_NE(consultation.find_participant(who.participant), nullptr);
      }
    }
  }

  // A session token is nobody's but that of whom it was given to.
  void check_tokens() {
    for (const RandomHistory::Person& person : history.people) {
      for (const std::string& session : person.sessions) {
        const auto who = history.domain.authenticate(history.now, session);
        if (who) {
          ASSERT_EQ(*who, person.tokens.who);
        }
      }
    }
  }

  void check_usage() {
    std::map<std::string, int64_t> recorded;
    for (const UsageRow& row : history.rows.usage()) {
      const boost::json::object usage = boost::json::parse(row.document).as_object();
      recorded[row.participant] += usage.at("seconds").as_int64();
    }
    int64_t sum = 0;
    for (const auto& [who, book] : history.books) {
      EXPECT_EQ(recorded[who.participant.to_string()], book.seconds);
      sum += book.seconds;
    }
    EXPECT_GT(sum, 0);
  }

  RandomHistory history;

 private:
  std::map<ConsultationKey, Seen> seen_;
  uint64_t checks_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, testing::Values(1, 2, 3));

TEST_P(PropertyTest, TenThousandRandomActsBreakNothing) {
  SCOPED_TRACE(GetParam());
  for (int step = 0; step < 10'000; ++step) {
    history.step();
    if (step % 4 == 0) check_all();
    if (HasFatalFailure()) FAIL() << "at step " << step;
  }
  EXPECT_GT(history.accepted, 3000U) << "else little was tried";
  for (const RandomHistory::Room& room : history.rooms) {
    static_cast<void>(history.domain.end(history.now, Actor::system(), room.key));
  }
  history.settle();
  check_usage();
  std::map<std::string, int> actions;
  for (const Transition& transition : history.rows.transitions()) {
    if (transition.event) ++actions[transition.event->type];
  }
  // Every rule has been at work.
  for (const char* action :
       {"admitted", "returned", "denied", "removed", "granted", "muted", "grouped", "left", "resumed", "connected"}) {
    EXPECT_GT(actions[std::string("participant.") + action], 1) << action;
  }
  for (const char* action : {"locked", "unlocked", "held", "released", "ended"}) {
    EXPECT_GT(actions[std::string("consultation.") + action], 1) << action;
  }
  EXPECT_GT(actions["consultation.expired"] + actions["consultation.no_show"], 0);
}

}  // namespace
}  // namespace eir
