#include "lib/client/candidate_pairs.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(CandidatePairs, AddressesAreRead) {
  EXPECT_EQ(parse_address("192.0.2.1", 5000), SocketAddress::v4({192, 0, 2, 1}, 5000));
  const SocketAddress documentation{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 7};
  EXPECT_EQ(parse_address("2001:db8::1", 7), documentation);
  EXPECT_EQ(parse_address("2001:db8:0:0:0:0:0:1", 7), documentation);
  EXPECT_EQ(parse_address("::", 7), (SocketAddress{{}, 7}));
}

TEST(CandidatePairs, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "192.0.2", "192.0.2.1.1", "192.0.2.256", "192.0.2.-1", "a.local", "1:2:3",
                           "1:2:3:4:5:6:7", "::1::", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "1:", "2001:db8::1:"}) {
    EXPECT_FALSE(parse_address(text, 1)) << text;
  }
}

TEST(CandidatePairs, TheBestUdpCandidatesComeFirst) {
  std::vector<sdp::Candidate> candidates(4);
  candidates[0] = {.foundation = "1", .priority = 1, .address = "192.0.2.1", .port = 1, .tcp_type = {}};
  candidates[1] = {.foundation = "2", .priority = 9, .address = "192.0.2.2", .port = 2, .tcp_type = {}};
  candidates[2] = {.foundation = "3", .tcp = true, .priority = 5, .address = "192.0.2.3", .port = 3, .tcp_type = {}};
  candidates[3] = {.foundation = "4", .priority = 7, .address = "x.local", .port = 4, .tcp_type = {}};
  const auto addresses = usable_addresses(candidates);
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(addresses[0].port, 2);
  const auto pairs = candidate_pairs(2, addresses);
  ASSERT_EQ(pairs.size(), 4U);
  EXPECT_EQ(pairs[0], (Path{0, addresses[0]}));
  EXPECT_EQ(pairs[1], (Path{1, addresses[0]}));
}

}  // namespace
}  // namespace eir
