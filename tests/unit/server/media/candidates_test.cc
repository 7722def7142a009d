#include "server/media/candidates.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

std::vector<channel::InheritedSocket> two_sockets() {
  return {{.fd = 3, .address = "10.0.0.5", .port = 40002, .announce = "192.0.2.1"},
          {.fd = 4, .address = "2001:db8::1", .port = 40002, .announce = "2001:db8::1"}};
}

TEST(Candidates, AnnouncedAddressesStandInsteadOfBoundOnes) {
  const auto candidates = host_candidates(two_sockets());
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_EQ(candidates[1].address, "192.0.2.1");
  EXPECT_EQ(candidates[1].port, 40002);
  EXPECT_EQ(candidates[1].type, "host");
  EXPECT_FALSE(candidates[1].tcp);
}

// RFC 8445 section 5.1.2.1: 2^24 · 126 + 2^8 · 65535 + 255 = 2113929216 + 16776960 + 255 = 2130706431, and 256 less.
TEST(Candidates, Ipv6ComesFirstWithTheHighestPriority) {
  const auto candidates = host_candidates(two_sockets());
  ASSERT_EQ(candidates.size(), 2U);
  EXPECT_EQ(candidates[0].address, "2001:db8::1");
  EXPECT_EQ(candidates[0].priority, 2130706431U);
  EXPECT_EQ(candidates[1].priority, 2130706175U);
  EXPECT_NE(candidates[0].foundation, candidates[1].foundation);
}

TEST(Candidates, ValueIsThatOfACandidateLine) {
  const auto candidates = host_candidates({two_sockets()[0]});
  ASSERT_EQ(candidates.size(), 1U);
  EXPECT_EQ(candidate_value(candidates[0]), "1 1 udp 2130706431 192.0.2.1 40002 typ host");
}

}  // namespace
}  // namespace eir
