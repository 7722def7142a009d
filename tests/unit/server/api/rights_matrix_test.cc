// Each cell of the roles × rights table that is about decisions, as the API answers a participant: refused while they
// wait, then as the table says, and as a host's grant changes it.
#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
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

struct Decision {
  const char* right;
  const char* method;
  const char* path;
  const char* body;
};
constexpr std::array kDecisions = {
    Decision{"moderate", "POST", "/lock", ""},
    Decision{"invite", "POST", "/seats", R"({"role":"relative"})"},
    Decision{"end", "POST", "/end", ""},
    Decision{"list", "GET", "/participants", ""},
};

using Cell = std::tuple<Line, Decision>;

class ApiRightsMatrix : public BackendTest, public testing::WithParamInterface<Cell> {
 protected:
  Person come(const std::string& role) {
    const std::string body = R"({"template":"samkonsultasjon","seats":[{"role":")" + role + R"("}]})";
    const boost::json::value made = boost::json::parse(call("POST", "/v1/consultations", body, secret).body);
    base = "/v1/consultations/" + std::string(made.at("id").as_string());
    seats = {std::string(made.at("seats").at(0).at("id").as_string())};
    return join(0);
  }
  HttpAnswer decide(const Person& person) {
    const Decision& decision = std::get<1>(GetParam());
    return call(decision.method, base + decision.path, decision.body, person.session);
  }
  int grant(const Person& person) {
    const std::string body = R"({"rights":[")" + std::string(std::get<1>(GetParam()).right) + R"("]})";
    return call("POST", path_of(person) + "/grant", body, secret).status;
  }
};

std::string name_of(const testing::TestParamInfo<Cell>& info) {
  return std::string(std::get<0>(info.param).role) + "_" + std::get<1>(info.param).right;
}
INSTANTIATE_TEST_SUITE_P(Table, ApiRightsMatrix,
                         testing::Combine(testing::ValuesIn(kTable), testing::ValuesIn(kDecisions)), name_of);

TEST_P(ApiRightsMatrix, AnswersAsTheTableSays) {
  const auto& [line, decision] = GetParam();
  const auto* column = std::ranges::find(kDecisions, std::string_view(decision.right), &Decision::right);
  const char cell = line.cells[column - kDecisions.begin()];
  const Person person = come(line.role);
  if (person.state == "waiting") {
    EXPECT_EQ(code(decide(person)), "forbidden") << "who waits decides nothing";
    ASSERT_EQ(call("POST", path_of(person) + "/admit", "", secret).status, 200);
  }
  if (cell != 'y') {
    const HttpAnswer refused = decide(person);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(code(refused), "forbidden");
    EXPECT_EQ(grant(person), cell == 'g' ? 200 : 403);
  }
  if (cell == '-') {
    EXPECT_EQ(code(decide(person)), "forbidden") << "a grant that was refused gives nothing";
  } else {
    EXPECT_LT(decide(person).status, 300);
  }
}

}  // namespace
}  // namespace eir
