#include <gtest/gtest.h>

#include "lib/base/path.h"
#include "lib/base/random.h"
#include "lib/base/result.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/base/units.h"

namespace eir {
namespace {

TEST(Ring, RefusesOneTooMany) {
  Ring<int> ring(3);
  EXPECT_TRUE(ring.push(1) && ring.push(2) && ring.push(3));
  EXPECT_FALSE(ring.push(4));
  EXPECT_EQ(ring.pop(), 1);
  EXPECT_TRUE(ring.push(4));
  EXPECT_EQ(ring[2], 4);
}

TEST(NtpTime, DifferenceCrossesTheWrapOf2036) {
  const NtpTime before{0xffffffff80000000U};
  const NtpTime after{0x0000000180000000U};
  EXPECT_EQ(ntp_difference(after, before), 2s);
  EXPECT_EQ(ntp_difference(before, after), -2s);
}

TEST(NtpTime, AddAndDifferenceAgreeToANanosecond) {
  const NtpTime start{0x123456789abcdef0U};
  for (const Duration d : {Duration(1), Duration(999'999'999), Duration(-1'500'000'000), Duration(3600s)}) {
    EXPECT_NEAR(static_cast<double>((ntp_difference(ntp_add(start, d), start) - d).count()), 0.0, 1.0);
  }
}

TEST(NtpTime, CompactIntervalRoundTrips) {
  EXPECT_EQ(to_compact_ntp_interval(1500ms), 0x18000U);
  EXPECT_EQ(from_compact_ntp_interval(0x18000), 1500ms);
}

TEST(SocketAddress, PrintsBothFamilies) {
  EXPECT_EQ(SocketAddress::v4({192, 0, 2, 1}, 3478).to_string(), "192.0.2.1:3478");
  SocketAddress v6;
  v6.ip = {0x20, 0x01, 0x0d, 0xb8};
  v6.ip[15] = 1;
  v6.port = 443;
  EXPECT_EQ(v6.to_string(), "[2001:db8:0:0:0:0:0:1]:443");
  EXPECT_FALSE(v6.is_v4());
}

TEST(DataRate, ConvertsToTimeAndBytes) {
  EXPECT_EQ(DataRate::kbps(80).bytes_in(100ms), 1000);
  EXPECT_EQ(DataRate::kbps(80).time_for(1000), 100ms);
}

TEST(SeededRandom, SameSeedSameBytes) {
  SeededRandom a(7);
  SeededRandom b(7);
  SeededRandom c(8);
  EXPECT_EQ(a.u64(), b.u64());
  EXPECT_NE(a.u64(), c.u64());
}

enum class Refusal { kFull };
TEST(ResultDeathTest, ValueOfARefusalAborts) {
  const Result<int, Refusal> refused = Refusal::kFull;
  EXPECT_EQ(refused.error(), Refusal::kFull);
  EXPECT_DEATH(static_cast<void>(refused.value()), "Result holds a value");
}

}  // namespace
}  // namespace eir
