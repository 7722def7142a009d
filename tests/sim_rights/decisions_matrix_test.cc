// Each cell of the roles × rights table that is about deciding, at the domain; and the Meeting of the other matrix.
#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "lib/base/random.h"
#include "server/api/room_bridge.h"
#include "server/consultation/consultations.h"
#include "server/consultation/templates.h"
#include "tests/sim_rights/meeting.h"

namespace eir {

struct Meeting::State {
  const Participant* find(size_t seat) const { return room->find_participant(joined.at(seat)); }
  ParticipantRef who(size_t seat) const { return {room->key, joined.at(seat)}; }

  Templates templates = Templates::built_in();
  SeededRandom random{1};
  Consultations domain{random};
  Now now{Timestamp(std::chrono::seconds(1000)), WallTime(std::chrono::seconds(1'900'000'000))};
  Actor host = Actor::service("k_1");
  const Consultation* room = nullptr;
  std::vector<ParticipantKey> joined;
};

Meeting::Meeting(std::string_view kind, const std::vector<std::string>& roles) : state_(std::make_unique<State>()) {
  ConsultationRequest request;
  request.kind = state_->templates.find(kind);
  request.seats.push_back({.role = Role::kClinician});
  for (const std::string& role : roles) request.seats.push_back({.role = *role_from_text(role)});
  state_->room = *state_->domain.create(state_->now, state_->host, TenantKey{"demo"}, request);
  state_->joined.resize(request.seats.size());
  come(0);
}

Meeting::~Meeting() = default;

void Meeting::come(size_t seat) {
  State& s = *state_;
  const auto link = s.domain.invite(s.now, s.host, {s.room->key, s.room->seats.at(seat).key}, {});
  const auto joined = s.domain.join(s.now, link->token.reveal(), "");
  s.joined.at(seat) = joined->who.participant;
  s.domain.signal_opened(s.now, joined->who);
}

bool Meeting::is_gone(size_t seat) const { return state_->find(seat) == nullptr; }

channel::Rights Meeting::rights(size_t seat) const { return media_rights(*state_->room, *state_->find(seat)); }

std::vector<channel::RightKind> Meeting::muted(size_t seat) const {
  return media_kinds(state_->find(seat)->host_muted);
}

bool Meeting::admit(size_t seat) {
  return state_->domain.admit(state_->now, state_->host, state_->who(seat)).has_value();
}

bool Meeting::return_to_waiting(size_t seat) {
  return state_->domain.return_to_waiting(state_->now, state_->host, state_->who(seat)).has_value();
}

bool Meeting::remove(size_t seat) {
  return state_->domain.remove(state_->now, state_->host, state_->who(seat)).has_value();
}

bool Meeting::mute_audio(size_t seat) {
  MuteKinds kinds;
  kinds.set(MuteKind::kAudio, true);
  return state_->domain.mute_by_host(state_->now, state_->host, state_->who(seat), kinds).has_value();
}

bool Meeting::stop_video(size_t seat) {
  MuteKinds kinds;
  kinds.set(MuteKind::kVideo, true);
  return state_->domain.mute_by_host(state_->now, state_->host, state_->who(seat), kinds).has_value();
}

bool Meeting::hold(bool is_held) {
  return state_->domain.set_held(state_->now, state_->host, state_->room->key, is_held).has_value();
}

bool Meeting::lock() {
  return state_->domain.set_locked(state_->now, state_->host, state_->room->key, true).has_value();
}

bool Meeting::put_into_group(size_t seat, uint64_t groups) {
  return state_->domain.set_groups(state_->now, state_->host, state_->who(seat), groups).has_value();
}

bool Meeting::grant_all(size_t seat) {
  const Rights all = grantable_to(*state_->room->kind, state_->room->seats.at(seat));
  return state_->domain.grant(state_->now, state_->host, state_->who(seat), all).has_value();
}

bool Meeting::grant_nothing(size_t seat) {
  return state_->domain.grant(state_->now, state_->host, state_->who(seat), {}).has_value();
}

namespace {

// A line per role: decide about others, invite, end, read the list. y: from the start, g: a host may grant it.
struct Line {
  const char* role;
  const char* cells;
};
constexpr std::array kTable = {
    Line{"specialist", "yyyy"}, Line{"clinician", "yyyy"}, Line{"moderator", "yyyy"},   Line{"gp", "gygg"},
    Line{"patient", "-g--"},    Line{"relative", "----"},  Line{"interpreter", "----"}, Line{"observer", "----"},
    Line{"device", "----"},     Line{"gateway", "----"},   Line{"support", "---y"},
};
constexpr std::array kDecisions = {Right::kModerate, Right::kInvite, Right::kEnd, Right::kList};

using Cell = std::tuple<Line, size_t>;
class DecisionsMatrix : public testing::TestWithParam<Cell> {};
std::string name_of(const testing::TestParamInfo<Cell>& info) {
  const auto& [line, column] = info.param;
  return std::string(line.role) + "_" + std::string(to_text(kDecisions[column]));
}
INSTANTIATE_TEST_SUITE_P(Table, DecisionsMatrix, testing::Combine(testing::ValuesIn(kTable), testing::Range(0UL, 4UL)),
                         name_of);

TEST_P(DecisionsMatrix, IsAsTheTableSays) {
  const auto& [line, column] = GetParam();
  const char cell = line.cells[column];
  const Right right = kDecisions[column];
  const Templates templates = Templates::built_in();
  SeededRandom random(1);
  Consultations domain(random);
  const Now now{Timestamp(1000s), WallTime(std::chrono::seconds(1'900'000'000))};
  const Actor host = Actor::service("k_1");
  ConsultationRequest request;
  request.kind = templates.find("samkonsultasjon");
  request.seats = {{.role = *role_from_text(line.role)}};
  const Consultation& room = **domain.create(now, host, TenantKey{"demo"}, request);
  const auto link = domain.invite(now, host, {room.key, room.seats[0].key}, {});
  const ParticipantRef who = domain.join(now, link->token.reveal(), "")->who;
  const auto may = [&] { return domain.may(who, room.key, right); };
  const bool is_host = line.cells[0] == 'y';
  EXPECT_EQ(may(), is_host) << "who waits decides nothing";
  ASSERT_TRUE(domain.admit(now, host, who));
  EXPECT_EQ(may(), cell == 'y');
  EXPECT_EQ(domain.grant(now, host, who, {right}).has_value(), cell == 'g');
  EXPECT_EQ(may(), cell != '-');
  ASSERT_TRUE(domain.grant(now, host, who, {}));
  EXPECT_EQ(may(), cell == 'y');
  domain.leave(now, who);
  EXPECT_FALSE(may());
}

}  // namespace
}  // namespace eir
