#include "bench/whip_host.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace eir::bench {
namespace {

TEST(LocalUrl, HasAddressAndPath) {
  const LocalUrl url = parse_local_url("http://127.0.0.1:8889/room/whip?a=1:2");
  EXPECT_EQ(url.address.host, "127.0.0.1");
  EXPECT_EQ(url.address.port, 8889);
  EXPECT_EQ(url.path, "/room/whip?a=1:2");
  EXPECT_EQ(parse_local_url("http://localhost:80").path, "/");
}

TEST(LocalUrl, OnlyThisHostIsTaken) {
  EXPECT_THROW(parse_local_url("http://192.0.2.1:8889/whip"), std::runtime_error);  // RFC 5737
  EXPECT_THROW(parse_local_url("https://127.0.0.1:8889/whip"), std::runtime_error);
  EXPECT_THROW(parse_local_url("127.0.0.1:8889/whip"), std::runtime_error);
  EXPECT_THROW(parse_local_url(""), std::runtime_error);
}

TEST(Location, IsAPathOrAnUrlOfTheSameServer) {
  const LocalUrl posted = parse_local_url("http://127.0.0.1:8889/room/whip?q");
  EXPECT_EQ(resolve_location(posted, "/resource/1").path, "/resource/1");
  EXPECT_EQ(resolve_location(posted, "1").path, "/room/1");
  EXPECT_EQ(resolve_location(posted, "http://127.0.0.1:8889/x").path, "/x");
  EXPECT_EQ(resolve_location(posted, "1").address.port, 8889);
}

TEST(Location, ElsewhereIsRefused) {
  const LocalUrl posted = parse_local_url("http://127.0.0.1:8889/whip");
  EXPECT_THROW(resolve_location(posted, "http://127.0.0.1:8890/x"), std::runtime_error);
  EXPECT_THROW(resolve_location(posted, "http://192.0.2.1:8889/x"), std::runtime_error);
  EXPECT_THROW(resolve_location(posted, "//192.0.2.1/x"), std::runtime_error);
}

TEST(UrlTemplate, NamesRoomAndPersonAnywhere) {
  const Seat seat{.room = 3, .person = 12};
  EXPECT_EQ(fill_in("http://h/{room}/{person}-{room}/whip", seat), "http://h/3/12-3/whip");
  EXPECT_EQ(fill_in("http://h/{other}", seat), "http://h/{other}");
}

}  // namespace
}  // namespace eir::bench
