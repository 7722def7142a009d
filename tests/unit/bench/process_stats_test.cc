#include "bench/process_stats.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace eir::bench {
namespace {

// Fields of proc(5): pid, (name), state, parent, group, session, tty, tpgid, flags, minflt, cminflt, majflt, cmajflt,
// utime, stime, …
TEST(ProcStat, ReadsParentAndTicks) {
  const auto stat = parse_proc_stat("4711 (eird) S 4700 4700 4700 0 -1 4194560 2041 0 3 0 150 250 0 0 20 0 1 0 99\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, 4700);
  EXPECT_EQ(stat->user_ticks, 150U);
  EXPECT_EQ(stat->system_ticks, 250U);
}

TEST(ProcStat, ANameWithSpacesAndParenthesesIsNoTrap) {
  const auto stat = parse_proc_stat("7 (a) 1 (b c) R 3 1 1 0 -1 0 0 0 0 0 11 12 0");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, 3);
  EXPECT_EQ(stat->user_ticks, 11U);
  EXPECT_EQ(stat->system_ticks, 12U);
}

TEST(ProcStat, ACutLineIsNothing) {
  EXPECT_FALSE(parse_proc_stat(""));
  EXPECT_FALSE(parse_proc_stat("7 (a) R 3 1 1 0 -1 0 0 0 0 0 11"));
  EXPECT_FALSE(parse_proc_stat("7 (a) R x 1 1 0 -1 0 0 0 0 0 11 12"));
}

TEST(Schedstat, FirstNumberIsTimeOnAProcessor) {
  EXPECT_EQ(parse_schedstat("123456789 42 17\n"), 123456789U);
  EXPECT_FALSE(parse_schedstat(""));
  EXPECT_FALSE(parse_schedstat("nonsense"));
}

// size, resident, shared, text, lib, data, dirty: pages.
TEST(Statm, SecondNumberIsWhatIsInMemory) {
  EXPECT_EQ(parse_statm_resident("5000 1234 300 20 0 900 0\n"), 1234U);
  EXPECT_FALSE(parse_statm_resident("5000"));
  EXPECT_FALSE(parse_statm_resident(""));
}

TEST(ProcessTree, BeginsWithTheProcessItself) {
  const std::vector<pid_t> tree = process_tree_of(getpid());
  ASSERT_FALSE(tree.empty());
  EXPECT_EQ(tree.front(), getpid());
}

TEST(ProcessTree, HasTheChildren) {
  const pid_t parent = getppid();
  const std::vector<pid_t> tree = process_tree_of(parent);
  EXPECT_NE(std::ranges::find(tree, getpid()), tree.end());
}

// The main thread waits meanwhile: its own schedstat would never get there.
TEST(CpuTime, CountsAllThreads) {
  const Duration wanted = own_cpu_time().total() + 20ms;
  bool is_counted = false;
  std::thread busy([&] {
    for (int i = 0; i < 100'000 && !is_counted; ++i) is_counted = own_cpu_time().total() >= wanted;
  });
  busy.join();
  EXPECT_TRUE(is_counted);
}

TEST(CpuTime, TicksDivideTheExactSum) {
  const CpuTime time = cpu_time({.parent = 1, .user_ticks = 1, .system_ticks = 3}, 44'000'000, 100);
  EXPECT_EQ(time.user, 11ms);
  EXPECT_EQ(time.system, 33ms);
}

TEST(CpuTime, TheExactSumHoldsBeforeTheFirstTick) {
  EXPECT_EQ(cpu_time({.parent = 1, .user_ticks = 0, .system_ticks = 0}, 7'000'000, 100).total(), 7ms);
}

TEST(CpuTime, WithoutTheExactSumTicksCount) {
  const CpuTime time = cpu_time({.parent = 1, .user_ticks = 1, .system_ticks = 3}, std::nullopt, 100);
  EXPECT_EQ(time.user, 10ms);
  EXPECT_EQ(time.system, 30ms);
}

TEST(ProcessStats, WaitingForWorkOrADiskIsNotBusy) {
  // user nice system idle iowait irq softirq steal guest: 1 + 2 + 4 + 32 + 64 + 128; guest is within user.
  EXPECT_EQ(parse_busy_ticks("cpu  1 2 4 8 16 32 64 128 256 0\ncpu0 9 9 9 9 9 9 9 9 9 9\n"), 231U);
  EXPECT_FALSE(parse_busy_ticks("cpu0 1 2 4 8 16 32 64 128"));
  EXPECT_FALSE(parse_busy_ticks("cpu  1 2 4"));
}

TEST(ProcessStats, UdpOverflowsAreFoundByTheirName) {
  EXPECT_EQ(parse_udp_overflows("Ip: A B\nIp: 7 8\nUdp: InDatagrams RcvbufErrors SndbufErrors\nUdp: 5 42 3\n"
                                "UdpLite: InDatagrams RcvbufErrors\nUdpLite: 0 9\n"),
            42U);
  EXPECT_FALSE(parse_udp_overflows("Udp: InDatagrams NoPorts\nUdp: 5 6\n"));
  EXPECT_FALSE(parse_udp_overflows("Udp: RcvbufErrors\n"));
  EXPECT_FALSE(parse_udp_overflows(""));
}

}  // namespace
}  // namespace eir::bench
