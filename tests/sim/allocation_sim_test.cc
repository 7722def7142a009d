#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "lib/congestion/bandwidth_estimator.h"
#include "lib/congestion/feedback_recorder.h"
#include "tests/sim/sim_test.h"

// clang says it by a feature, g++ by a macro.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EIR_COUNT_BY_HOOK
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EIR_COUNT_BY_HOOK
#endif

namespace {
// The one mutable global of this program: there is no other way to see every allocation.
uint64_t allocations = 0;
}  // namespace

#ifdef EIR_COUNT_BY_HOOK
// AddressSanitizer's operator new stays in place; it calls this for each allocation, malloc of C libraries included.
#include <sanitizer/allocator_interface.h>
namespace {
void on_malloc(const volatile void*, size_t) { ++allocations; }
void on_free(const volatile void*) {}
void start_counting() { __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free); }
}  // namespace
#else
void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
namespace {
void start_counting() {}
}  // namespace
#endif

namespace eir {
namespace {

class AllocationSim : public testing::Test {
 protected:
  static void SetUpTestSuite() { start_counting(); }
};

TEST_F(AllocationSim, TheCounterCounts) {
  const uint64_t before = allocations;
  const std::vector<uint8_t> memory(1000);
  EXPECT_EQ(memory.size(), 1000U);
  EXPECT_GE(allocations, before + 1);
}

TEST_F(AllocationSim, AfterWarmUpPacketsCostNoAllocationInRouterAndClient) {
  SimWorld world(1);
  AccessLine line;
  line.up.loss = line.down.loss = 0.02;  // NACKs and retransmissions are part of the path
  for (int i = 0; i < 4; ++i) world.join(two_way(3), line);
  world.run_for(20s);
  const uint64_t forwarded = world.router().counters().rtp_out;
  const uint64_t again = world.router().counters().rtx_out;
  const size_t events = world.events().size();
  world.count_allocations(&allocations);
  world.run_for(10s);
  EXPECT_GT(world.router().counters().rtp_out, forwarded + 10000);
  EXPECT_GT(world.router().counters().rtx_out, again + 50);
  EXPECT_EQ(world.router_allocations(), 0U);
  EXPECT_EQ(world.client_allocations(), 0U);
  // Reports, NACKs and the room's ticks are timeouts; a tick that has something to tell allocates the event.
  EXPECT_LE(world.allocating_timeouts(), world.events().size() - events);
  EXPECT_LE(world.allocating_timeouts(), 2U);
}

TEST_F(AllocationSim, AfterWarmUpTheBandwidthEstimateCostsNoAllocation) {
  BandwidthEstimator estimator({});
  FeedbackRecorder recorder;
  Timestamp now(100s);
  estimator.set_wanted(now, DataRate::kbps(4000));
  uint64_t spent = 0;
  for (int i = 0; i < 30'000; ++i, now += 1ms) {
    const uint64_t before = allocations;
    if (now >= estimator.next_timeout()) estimator.handle_timeout(now);
    const auto probe = estimator.poll_probe(now);
    estimator.note_sent(now, static_cast<uint16_t>(i), 500, probe ? probe->cluster : uint16_t{0});
    if (i > 5'000) spent += allocations - before;
    if (i % 50 != 7) recorder.handle_packet(now + 20ms, static_cast<uint16_t>(i));
    std::array<uint8_t, 1200> bytes{};
    ByteWriter writer(bytes);
    if (!recorder.write_feedback(now + 20ms, {}, writer)) continue;
    RtcpIterator blocks(writer.written());
    const auto feedback = TransportCc::parse(*blocks.next());
    ASSERT_TRUE(feedback);
    const uint64_t before_feedback = allocations;
    estimator.handle_feedback(now, *feedback);
    if (i > 5'000) spent += allocations - before_feedback;
  }
  EXPECT_EQ(spent, 0U);
  EXPECT_GT(estimator.sent_counters().acknowledged, 29'000U);
  EXPECT_GT(estimator.probing().sent(), 0U);
}

}  // namespace
}  // namespace eir
