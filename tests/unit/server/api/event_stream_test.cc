#include "server/api/event_stream.h"

#include "tests/unit/server/api/backend_fixture.h"

namespace eir {
namespace {

namespace asio = boost::asio;

class EventStreamTest : public BackendTest {
 protected:
  HttpAnswer open(const std::string& bearer, const std::string& last = "") {
    HttpRequest made = request("GET", "/v1/events", "", bearer);
    made.last_event_id = last;
    return call(made);
  }
  std::string next(const HttpAnswer& answer) {
    std::optional<std::string> piece;
    asio::co_spawn(*io, answer.stream->next(), [&](const std::exception_ptr& failure, std::optional<std::string> read) {
      EXPECT_FALSE(failure);
      piece = read.value_or("the end");
    });
    run_until([&] { return piece.has_value(); });
    return *piece;
  }
  // "7 seat.added, …"
  static std::string told(std::string_view piece) {
    std::string out;
    for (size_t at = 0; (at = piece.find("id: ", at)) != std::string_view::npos; ++at) {
      const auto word = [&](std::string_view name) {
        const size_t begin = piece.find(name, at) + name.size();
        return std::string(piece.substr(begin, piece.find('\n', begin) - begin));
      };
      out += (out.empty() ? "" : ", ") + word("id: ") + ' ' + word("event: ");
    }
    return out;
  }
};

TEST_F(EventStreamTest, BeginsNowAndTellsWhatComes) {
  create();
  const HttpAnswer stream = open(secret);
  EXPECT_EQ(stream.content_type, "text/event-stream");
  EXPECT_EQ(next(stream), "retry: 2000\n\n");
  invite(0);
  EXPECT_EQ(told(next(stream)), "2 invitation.made");
}

TEST_F(EventStreamTest, ResumesAfterTheLastOneThatWasSeen) {
  create();
  invite(0);
  invite(1);
  const HttpAnswer stream = open(secret, "1");
  EXPECT_EQ(next(stream), "retry: 2000\n\n");
  EXPECT_EQ(told(next(stream)), "2 invitation.made, 3 invitation.made");
  restart();
  const HttpAnswer later = open(secret, "2");
  next(later);
  EXPECT_EQ(told(next(later)), "3 invitation.made");
}

TEST_F(EventStreamTest, OtherTenantsEventsAreNotTold) {
  const std::string other = add_secret("clinic-2", Scopes::all());
  create();
  const HttpAnswer stream = open(other, "0");
  EXPECT_EQ(next(stream), "retry: 2000\n\n");
  EXPECT_EQ(call("POST", "/v1/consultations", R"({"template":"test"})", other).status, 201);
  EXPECT_EQ(told(next(stream)), "2 consultation.created");
}

TEST_F(EventStreamTest, ReaderIsToldWhenSomeWereErased) {
  create();
  invite(0);
  erase_expired(clock.at.wall + std::chrono::hours(24 * 8));
  EXPECT_EQ(next(open(secret, "1")), "retry: 2000\nevent: lost\ndata: {}\n\n");
  invite(1);
  EXPECT_EQ(next(open(secret, "1")), "retry: 2000\nevent: lost\ndata: {}\n\n");
  EXPECT_EQ(next(open(secret, "2")), "retry: 2000\n\n") << "it has seen all that was erased";
  EXPECT_EQ(next(open(secret, "0")), "retry: 2000\n\n") << "it takes what there is";
  EXPECT_EQ(next(open(secret)), "retry: 2000\n\n");
}

TEST_F(EventStreamTest, IdFromAnotherLifeOfTheStoreIsLostAndGoesOnFromNow) {
  create();
  const HttpAnswer stream = open(secret, "1000");
  EXPECT_EQ(next(stream), "retry: 2000\nevent: lost\ndata: {}\n\n");
  invite(0);
  EXPECT_EQ(told(next(stream)), "2 invitation.made");
}

TEST_F(EventStreamTest, IdThatIsNoNumberIsRefused) {
  for (const char* bad : {"x", "1x", "-1", " 1", "99999999999999999999"}) {
    EXPECT_EQ(code(open(secret, bad)), "invalid_value") << bad;
  }
}

TEST_F(EventStreamTest, NothingIsToldBeforeItIsOnDisk) {
  create();
  const HttpAnswer stream = open(secret);
  next(stream);
  disk.hold();
  const HttpRequest lock = request("POST", base + "/lock", "", secret);
  std::optional<HttpAnswer> answer;
  begin_call(lock, answer);
  std::optional<std::string> piece;
  asio::co_spawn(*io, stream.stream->next(),
                 [&](const std::exception_ptr&, std::optional<std::string> read) { piece = read; });
  for (int turn = 0; turn < 20; ++turn) io->run_one_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(piece);
  disk.release();
  run_until([&] { return piece.has_value() && answer.has_value(); });
  EXPECT_EQ(told(*piece), "2 consultation.locked");
}

}  // namespace
}  // namespace eir
