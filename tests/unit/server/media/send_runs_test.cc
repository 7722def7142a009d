#include "server/media/send_runs.h"

#include <gtest/gtest.h>

#include <vector>

namespace eir {
namespace {

const Path kAlice{.socket = 0, .remote = SocketAddress::v4({192, 0, 2, 1}, 5000)};
const Path kBob{.socket = 0, .remote = SocketAddress::v4({192, 0, 2, 2}, 5000)};

using Datagrams = std::vector<TransmitQueue::Datagram>;

Datagrams packed(const std::vector<uint16_t>& sizes, const Path& path = kAlice) {
  Datagrams out;
  uint32_t offset = 0;
  for (const uint16_t size : sizes) {
    out.push_back({.path = path, .offset = offset, .size = size, .kind = TransmitKind::kVideo});
    offset += size;
  }
  return out;
}

TEST(SendRuns, NothingHasNoRun) { EXPECT_EQ(run_length({}), 0U); }

TEST(SendRuns, OneDatagramIsARunOfOne) { EXPECT_EQ(run_length(packed({1200})), 1U); }

TEST(SendRuns, EqualNeighboursGoTogether) { EXPECT_EQ(run_length(packed({1200, 1200, 1200})), 3U); }

TEST(SendRuns, AShorterOneEndsTheRunAndBelongsToIt) {
  EXPECT_EQ(run_length(packed({1200, 1200, 300, 300})), 3U);
  EXPECT_EQ(run_length(packed({1200, 300, 1200})), 2U);
}

TEST(SendRuns, ALongerOneBeginsTheNextRun) { EXPECT_EQ(run_length(packed({300, 301})), 1U); }

TEST(SendRuns, AnotherDestinationEndsTheRun) {
  Datagrams datagrams = packed({1200, 1200, 1200});
  datagrams[2].path = kBob;
  EXPECT_EQ(run_length(datagrams), 2U);
}

TEST(SendRuns, TheSameDestinationOverAnotherSocketEndsTheRun) {
  Datagrams datagrams = packed({1200, 1200});
  datagrams[1].path.socket = 1;
  EXPECT_EQ(run_length(datagrams), 1U);
}

TEST(SendRuns, AnotherKindEndsTheRun) {
  Datagrams datagrams = packed({1200, 1200, 1200});
  datagrams[2].kind = TransmitKind::kAudio;
  EXPECT_EQ(run_length(datagrams), 2U);
}

TEST(SendRuns, AGapInMemoryEndsTheRun) {
  Datagrams datagrams = packed({1200, 1200});
  datagrams[1].offset += 1;
  EXPECT_EQ(run_length(datagrams), 1U);
}

TEST(SendRuns, ARunHasAtMost64Datagrams) {
  EXPECT_EQ(run_length(packed(std::vector<uint16_t>(64, 100))), 64U);
  EXPECT_EQ(run_length(packed(std::vector<uint16_t>(65, 100))), 64U);
}

// 65000 / 1232 = 52.7…: 52 datagrams are 64064 bytes, 53 would be 65296.
TEST(SendRuns, ARunHasAtMost65000Bytes) { EXPECT_EQ(run_length(packed(std::vector<uint16_t>(60, 1232))), 52U); }

TEST(SendRuns, AnEmptyDatagramGoesAlone) {
  EXPECT_EQ(run_length(packed({0, 0})), 1U);
  EXPECT_EQ(run_length(packed({100, 0})), 1U);
}

}  // namespace
}  // namespace eir
