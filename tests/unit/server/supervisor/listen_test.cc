#include "server/supervisor/listen.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

TEST(MediaAddresses, ConfiguredOnesAreTakenAsTheyAre) {
  MediaConfig media;
  media.addresses = {{"192.0.2.1", "203.0.113.7"}, {"2001:db8::1", ""}};
  const auto addresses = media_addresses(media);
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(addresses[0].bind, "192.0.2.1");
  EXPECT_EQ(addresses[0].announce, "203.0.113.7");
  EXPECT_EQ(addresses[1].bind, "2001:db8::1");
}

TEST(MediaAddresses, ThereIsAlwaysOne) {
  const auto addresses = media_addresses({});
  EXPECT_GE(addresses.size(), 1U);
  EXPECT_LE(addresses.size(), 2U);
}

TEST(WorkerCount, ZeroMeansTheCoresOfThisProcess) {
  MediaConfig media;
  EXPECT_GE(worker_count(media), 1U);
  EXPECT_LE(worker_count(media), kWorkersMax);
  media.workers = 7;
  EXPECT_EQ(worker_count(media), 7U);
}

}  // namespace
}  // namespace eir
