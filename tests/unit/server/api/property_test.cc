// Programs of two tenants, one that may only read, everybody whom they invited, and strangers ask for whatever there is
// to ask for. The table of rights, of tenants and of rosters is kept here and compared with every answer.
#include <algorithm>
#include <array>
#include <iostream>
#include <set>

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

// The roles' ceiling in the order of Right: audio, video, extra camera, screen, moderate, invite, end, list.
// y: from the start, g: a host may grant it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTable = {{
    {"specialist", "yyyyyyyy"},
    {"clinician", "yyyyyyyy"},
    {"moderator", "yyyyyyyy"},
    {"gp", "yyyygygg"},
    {"patient", "yyyg-g--"},
    {"relative", "yy-g----"},
    {"interpreter", "yy------"},
    {"observer", "g-------"},
    {"device", "yyyg----"},
    {"gateway", "y-------"},
    {"support", "-------y"},
}};

// What may be asked of a consultation, and who may: a service with the scope, a participant with the right.
struct Ask {
  const char* method;
  const char* path;  // behind the consultation's; P is a participant, S a seat
  const char* body;  // R is a role, G a right
  int right;         // index in the table; -1: the owner's programs only
};
constexpr std::array kAsks = {
    Ask{"GET", "", "", -1},
    Ask{"GET", "/participants", "", 7},
    Ask{"GET", "/usage", "", -1},
    Ask{"POST", "/lock", "", 4},
    Ask{"POST", "/unlock", "", 4},
    Ask{"POST", "/unlock", "", 4},
    Ask{"POST", "/hold", "", 4},
    Ask{"POST", "/release", "", 4},
    Ask{"POST", "/release", "", 4},
    Ask{"POST", "/seats", R"({"role":"R","many":true})", 5},
    Ask{"POST", "/participants/P/admit", "", 4},
    Ask{"POST", "/participants/P/admit", "", 4},
    Ask{"POST", "/participants/P/admit", "", 4},
    Ask{"POST", "/participants/P/admit", "", 4},
    Ask{"POST", "/participants/P/deny", "", 4},
    Ask{"POST", "/participants/P/return", "", 4},
    Ask{"POST", "/participants/P/mute", "", 4},
    Ask{"POST", "/participants/P/stop", "", 4},
    Ask{"POST", "/participants/P/confirm-identity", "", 4},
    Ask{"POST", "/participants/P/grant", R"({"rights":["G"]})", 4},
    Ask{"POST", "/participants/P/grant", R"({"rights":["G"]})", 4},
    Ask{"POST", "/participants/P/grant", R"({"rights":["moderate","list"]})", 4},
    Ask{"POST", "/participants/P/groups", R"({"groups":[0]})", 4},
    Ask{"POST", "/participants/P/remove", "", 4},
    Ask{"POST", "/end", "", 6},
    Ask{"POST", "/cancel", "", -1},
};

class ApiPropertyTest : public BackendTest, public testing::WithParamInterface<uint64_t> {
 protected:
  struct Room {
    ConsultationKey key;
    std::string path;
    size_t tenant = 0;
    std::map<SeatKey, Rights> granted;
  };
  struct Human {
    Person person;
    size_t room = 0;
    Connection connection;
    std::unique_ptr<SignalSession> session;
    size_t read = 0;  // of the connection's messages
    std::set<std::string> roster;
  };

  ApiPropertyTest() : dice(GetParam()) {
    secrets = {secret, add_secret("other", Scopes::all())};
    reader = add_secret("demo", {Scope::kRead});
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "[   SEED   ] " << GetParam() << '\n';
    for (const auto& human : humans) human->session.reset();
    settle();
  }

  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body,
                 const std::string& bearer) {
    // A second and an address of its own for each: the limits of joining are another test's.
    clock.at.steady += 1s;
    clock.at.wall += std::chrono::seconds(1);
    backend->consultations.handle_timeout(clock.at);
    HttpRequest made = request(method, path, body, bearer);
    made.source = "2001:db8::" + std::to_string(++asked);
    return call(made);
  }

  void step() {
    const uint64_t percent = dice.below(100);
    if (rooms.size() < 3 || dice.chance(0.003)) return make_room();
    if (percent < 12) return come();
    if (percent < 20) return come_again();
    if (percent < 40) return connect_or_close();
    ask_of_a_room();
  }

  void make_room() {
    const size_t tenant = dice.below(2);
    const HttpAnswer made = ask("POST", "/v1/consultations",
                                R"({"template":"samkonsultasjon","seats":[{"role":"specialist"},{"role":"clinician"},)"
                                R"({"role":"moderator"},{"role":"gp"},{"role":"patient"},{"role":"relative"},)"
                                R"({"role":"interpreter"},{"role":"observer","many":true},{"role":"device"},)"
                                R"({"role":"gateway"},{"role":"support"}]})",
                                secrets[tenant]);
    ASSERT_EQ(made.status, 201);
    const std::string id(boost::json::parse(made.body).at("id").as_string());
    rooms.push_back({*ConsultationKey::parse(id), "/v1/consultations/" + id, tenant, {}});
  }

  void come() {
    const size_t at = any_room();
    const Consultation* room = backend->consultations.find(rooms[at].key);
    if (room == nullptr) return;
    const Seat seat = room->seats[dice.below(room->seats.size())];
    const std::string path = rooms[at].path + "/seats/" + seat.key.to_string() + "/invitations";
    const size_t tenant = dice.chance(0.9) ? rooms[at].tenant : 1 - rooms[at].tenant;
    const HttpAnswer made = ask("POST", path, R"({"kind":"link"})", secrets[tenant]);
    if (tenant != rooms[at].tenant) {
      ASSERT_EQ(made.status, 404);
    }
    if (made.status != 201) return;
    const boost::json::value issued = boost::json::parse(made.body);
    const std::string body = R"({"token":")" + std::string(issued.at("token").as_string()) + R"("})";
    const HttpAnswer joined = ask("POST", "/v1/join", body, "");
    if (joined.status != 200) return;
    if (!seat.many) rooms[at].granted.erase(seat.key);
    auto human = std::make_unique<Human>();
    human->room = at;
    take_tokens(*human, joined);
    humans.push_back(std::move(human));
  }

  void take_tokens(Human& human, const HttpAnswer& joined) {
    const boost::json::value value = boost::json::parse(joined.body);
    const auto text = [&](const char* name) { return std::string(value.at(name).as_string()); };
    human.person = {text("participant"), text("session"), text("resume"), text("state")};
    EXPECT_EQ(text("consultation"), rooms[human.room].key.to_string());
  }

  void come_again() {
    if (humans.empty()) return;
    Human& human = *humans[dice.below(humans.size())];
    const HttpAnswer again = ask("POST", "/v1/join/resume", R"({"resume":")" + human.person.resume + R"("})", "");
    if (again.status != 200) return;
    const std::string before = human.person.id;
    human.session.reset();
    take_tokens(human, again);
    EXPECT_EQ(human.person.id, before);
  }

  void connect_or_close() {
    if (humans.empty()) return;
    Human& human = *humans[dice.below(humans.size())];
    if (human.session != nullptr) {
      if (dice.chance(0.3)) human.session.reset();
      return;
    }
    human.connection = Connection{};
    human.read = 0;
    human.roster.clear();
    human.session = std::make_unique<SignalSession>(backend->signalling, human.connection);
    hello(*human.session, human.person);
    if (!human.connection.closed) say(*human.session, R"({"type":"offer","sdp":"o"})");
  }

  // Mostly one that goes on, and in it mostly somebody who is there.
  size_t any_room() {
    size_t at = dice.below(rooms.size());
    for (int i = 0; i < 6; ++i) {
      const Consultation* room = backend->consultations.find(rooms[at].key);
      if (room != nullptr && !is_final(room->state)) break;
      at = dice.below(rooms.size());
    }
    return at;
  }
  const Human* somebody_of(size_t room) {
    const Human* human = nullptr;
    for (int i = 0; i < 12 && (human == nullptr || human->room != room || find(*human) == nullptr); ++i) {
      human = humans[dice.below(humans.size())].get();
    }
    return human;
  }

  void ask_of_a_room() {
    if (humans.empty()) return;
    const Ask& what = kAsks[dice.below(dice.chance(0.02) ? kAsks.size() : kAsks.size() - 3)];
    const size_t at = any_room();
    const Human* about = somebody_of(at);
    const Right right = kAllRights[dice.below(kAllRights.size())];
    std::string path = what.path;
    if (const size_t p = path.find("/P/"); p != std::string::npos) path.replace(p + 1, 1, about->person.id);
    std::string body = what.body;
    if (const size_t r = body.find("\"R\""); r != std::string::npos) {
      body.replace(r + 1, 1, kTable[dice.below(kTable.size())].first);
    }
    if (const size_t g = body.find("\"G\""); g != std::string::npos) body.replace(g + 1, 1, to_text(right));

    // Who asks, and what must come of it if all goes by the table.
    const SeatKey seat = seat_of(*about);
    const uint64_t changes = backend->consultations.last_transition();
    const std::string method = what.method;
    const std::string full = rooms[at].path + path;
    HttpAnswer answer;
    bool is_allowed = false;
    switch (dice.below(10)) {
      case 0:
        answer = ask(method, full, body, dice.chance(0.5) ? "" : "guess");
        ASSERT_EQ(answer.status, 401) << method << ' ' << full;
        break;
      case 1:
        answer = ask(method, full, body, secrets[1 - rooms[at].tenant]);
        expect_nothing_there(answer);
        break;
      case 2:
        answer = ask(method, full, body, reader);
        is_allowed = rooms[at].tenant == 0 && method == "GET";
        if (!is_allowed && answer.status != 403) expect_nothing_there(answer);
        break;
      case 3:
      case 4:
      case 5:
        answer = ask(method, full, body, secrets[rooms[at].tenant]);
        is_allowed = true;
        break;
      default: {
        const Human& asking = *somebody_of(at);
        // Before asking: the act may be the end of the one who asks.
        const std::string rights = rights_by_table(asking);
        is_allowed = asking.room == at && what.right >= 0 && rights[static_cast<size_t>(what.right)] == 'y';
        answer = ask(method, full, body, asking.person.session);
        if (!is_allowed) {
          ASSERT_TRUE(answer.status == 401 || answer.status == 403 || answer.status == 404)
              << method << ' ' << full << ' ' << answer.status << ' ' << answer.body;
        } else if (body.empty()) {
          // Refused for the state of things, at most; what is granted or invited may be too much for either of the two.
          ASSERT_EQ(answer.body.find(R"("code":"forbidden")"), std::string::npos) << method << ' ' << full << rights;
        }
      }
    }
    ASSERT_LT(answer.status, 500) << answer.body;
    if (HasFatalFailure()) FAIL() << method << ' ' << full;
    allowed += is_allowed && answer.status < 300 ? 1 : 0;
    const bool is_grant = path.ends_with("/grant") && answer.status < 300;
    if (is_grant)
      rooms[at].granted[seat] =
          body.find("moderate\",\"") != std::string::npos ? Rights{Right::kModerate, Right::kList} : Rights{right};
    // A refusal leaves a line of audit at most; time may have changed others meanwhile.
    if (answer.status >= 400) {
      ASSERT_LE(backend->consultations.last_transition(), changes + 40);
    }
  }

  // As of a consultation that never was.
  static void expect_nothing_there(const HttpAnswer& answer) { ASSERT_EQ(answer.status, 404) << answer.body; }

  const Participant* find(const Human& human) const {
    const Consultation* room = backend->consultations.find(rooms[human.room].key);
    return room == nullptr ? nullptr : room->find_participant(*ParticipantKey::parse(human.person.id));
  }
  SeatKey seat_of(const Human& human) const {
    const Participant* participant = find(human);
    return participant == nullptr ? SeatKey{} : participant->seat;
  }

  // A y for each right that the human has now.
  std::string rights_by_table(const Human& human) const {
    std::string rights(8, '-');
    const Participant* participant = find(human);
    if (participant == nullptr || !participant->is_admitted || participant->presence == Presence::kLeft) return rights;
    const Consultation& room = *backend->consultations.find(rooms[human.room].key);
    if (is_final(room.state)) return rights;
    const Seat& seat = *room.find_seat(participant->seat);
    const auto granted = rooms[human.room].granted.find(seat.key);
    const auto* line = std::ranges::find(kTable, to_text(participant->role), [](const auto& row) { return row.first; });
    for (size_t i = 0; i < rights.size(); ++i) {
      const auto right = static_cast<Right>(i);
      const char cell = line->second[i];
      const bool is_granted = cell == 'g' && granted != rooms[human.room].granted.end() && granted->second.has(right);
      if ((cell == 'y' || is_granted) && !seat.withheld.has(right)) rights[i] = 'y';
    }
    if (room.hold != Hold::kNone && rights[4] != 'y') rights.replace(0, 4, "----");
    return rights;
  }

  // What the media worker was told last is what the table says.
  void check_worker(const Human& human) {
    const Participant* participant = find(human);
    const auto number = worker->numbers.find(human.person.id);
    const bool is_told = participant != nullptr && participant->is_here() && number != worker->numbers.end();
    if (!is_told || human.session == nullptr) return;
    const channel::Rights& told = worker->rights.at(number->second);
    const std::string expected = rights_by_table(human).substr(0, 4);
    std::string sent = "----";
    for (const channel::RightKind kind : told.send_kinds) sent[static_cast<size_t>(kind)] = 'y';
    ASSERT_EQ(sent, expected) << to_text(participant->role);
    if (!participant->is_admitted) {
      ASSERT_TRUE(told.receive_kinds.empty() && told.groups == 0);
    }
  }

  // What the page has been told of others.
  static void read_roster(Human& human) {
    const auto add = [&](const boost::json::value& list) {
      for (const boost::json::value& entry : list.as_array()) human.roster.emplace(entry.at("id").as_string());
    };
    for (; human.read < human.connection.texts.size(); ++human.read) {
      const boost::json::value message = boost::json::parse(human.connection.texts[human.read]);
      const std::string_view type = message.at("type").as_string();
      if (type == "welcome" || type == "admitted" || type == "waiting") human.roster.clear();
      if (type == "welcome" || type == "admitted") add(message.at("roster"));
      if (type != "roster") continue;
      add(message.at("changed"));
      for (const boost::json::value& gone : message.at("gone").as_array()) {
        human.roster.erase(std::string(gone.as_string()));
      }
    }
  }

  void check_roster(Human& human) {
    if (human.session == nullptr || human.connection.closed) return;
    read_roster(human);
    const Participant* self = find(human);
    if (self == nullptr || self->presence != Presence::kConnected) return;
    const bool is_host = rights_by_table(human)[4] == 'y';
    for (const auto& other : humans) {
      if (other.get() == &human) continue;  // everybody sees themself, also while waiting
      const Participant* participant = find(*other);
      const bool is_of_it = participant != nullptr && other->room == human.room;
      const bool is_listed = human.roster.contains(other->person.id);
      if (!is_of_it || !self->is_admitted || participant->presence == Presence::kLeft) {
        ASSERT_FALSE(is_listed) << (is_of_it ? "told to somebody who waits" : "gone, or of another consultation") << ' '
                                << other->person.id << " to " << human.person.id << ' '
                                << human.connection.last("roster");
      } else if (participant->is_here() && (participant->is_admitted || is_host)) {
        ASSERT_TRUE(is_listed) << "hidden: " << to_text(participant->role) << " from " << to_text(self->role);
      } else if (!participant->is_admitted) {
        ASSERT_EQ(is_listed, is_host) << "who waits is seen by hosts alone";
      }
    }
  }

  void check() {
    settle();
    for (const auto& human : humans) {
      if (human->connection.closed) human->session.reset();
      check_worker(*human);
      check_roster(*human);
      if (HasFatalFailure()) return;
    }
    std::erase_if(humans, [&](const auto& human) { return human->session == nullptr && find(*human) == nullptr; });
  }

  SeededRandom dice;
  std::array<std::string, 2> secrets;
  std::string reader;
  std::vector<Room> rooms;
  std::vector<std::unique_ptr<Human>> humans;
  uint64_t asked = 0;
  uint64_t allowed = 0;
};

INSTANTIATE_TEST_SUITE_P(Seeds, ApiPropertyTest, testing::Values(1, 2));

TEST_P(ApiPropertyTest, TenThousandRandomStepsBreakNothing) {
  for (int turn = 0; turn < 10'000; ++turn) {
    step();
    if (turn % 8 == 0) check();
    if (HasFatalFailure()) FAIL() << "at turn " << turn;
  }
  EXPECT_GT(allowed, 500U) << "else little was tried";
}

}  // namespace
}  // namespace eir
