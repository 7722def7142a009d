#include "lib/congestion/bandwidth_estimator.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "lib/congestion/feedback_recorder.h"

namespace eir {
namespace {

Timestamp at(Duration d) { return Timestamp(100s + d); }

// A line of a fixed rate and delay without loss, whose receiver answers at once; 1200-byte packets.
class Line {
 public:
  explicit Line(DataRate rate, Duration delay = 20ms) : rate_(rate), delay_(delay) {}

  // Sends at `sending` until `until`; what is due goes both ways in time.
  void run(BandwidthEstimator& estimator, Duration until, DataRate sending) {
    for (; now_ < at(until); now_ += 1ms) {
      deliver(estimator);
      if (now_ >= estimator.next_timeout()) estimator.handle_timeout(now_);
      if (const auto probe = estimator.poll_probe(now_)) {
        cluster_ = probe->cluster;
        left_ = probe->bytes;
        packets_ = probe->packets;
        probe_rate_ = probe->rate;
        probe_free_ = now_;
      }
      while (packets_ > 0 && probe_free_ <= now_) {
        const size_t bytes = std::max<size_t>(left_ / packets_, 1);
        send(estimator, bytes, cluster_);
        left_ -= std::min(left_, bytes);
        --packets_;
        probe_free_ += probe_rate_.time_for(static_cast<int64_t>(bytes));
      }
      while (media_free_ <= now_) {
        send(estimator, 1200, 0);
        media_free_ = std::max(media_free_, now_ - 1ms) + sending.time_for(1200);
      }
    }
  }
  void set_rate(DataRate rate) { rate_ = rate; }
  void cut() { is_cut_ = true; }

 private:
  void send(BandwidthEstimator& estimator, size_t bytes, uint16_t cluster) {
    estimator.note_sent(now_, number_, bytes, cluster);
    free_ = std::max(free_, now_) + rate_.time_for(static_cast<int64_t>(bytes));
    if (!is_cut_) on_the_way_.push_back({free_ + delay_, number_});
    ++number_;
  }
  void deliver(BandwidthEstimator& estimator) {
    size_t done = 0;
    while (done < on_the_way_.size() && on_the_way_[done].at <= now_) {
      recorder_.handle_packet(on_the_way_[done].at, on_the_way_[done].number);
      ++done;
    }
    on_the_way_.erase(on_the_way_.begin(), on_the_way_.begin() + static_cast<std::ptrdiff_t>(done));
    std::array<uint8_t, 1200> buffer{};
    ByteWriter writer(buffer);
    while (recorder_.write_feedback(now_, {.sender = Ssrc(1), .media = Ssrc(2)}, writer)) {
      RtcpIterator blocks(writer.written());
      const auto feedback = TransportCc::parse(*blocks.next());
      ASSERT_TRUE(feedback);
      estimator.handle_feedback(now_, *feedback);
      writer = ByteWriter(buffer);
    }
  }

  struct Packet {
    Timestamp at;
    uint16_t number = 0;
  };
  DataRate rate_;
  Duration delay_;
  Timestamp now_ = at(0ms);
  Timestamp media_free_ = at(0ms);
  Timestamp free_ = at(0ms);
  std::vector<Packet> on_the_way_;
  FeedbackRecorder recorder_;
  uint16_t number_ = 60'000;  // wraps within the test
  uint16_t cluster_ = 0;
  size_t left_ = 0;
  size_t packets_ = 0;
  DataRate probe_rate_;
  Timestamp probe_free_;
  bool is_cut_ = false;
};

TEST(BandwidthEstimator, BeginsWithTheStartRate) {
  const BandwidthEstimator estimator({.start = DataRate::kbps(250)});
  EXPECT_EQ(estimator.target(), DataRate::kbps(250));
  EXPECT_EQ(estimator.pacing(), DataRate::kbps(375));
  EXPECT_EQ(estimator.next_timeout(), kNever);
}

TEST(BandwidthEstimator, ProbesNothingBeforeItKnowsWhatIsWanted) {
  BandwidthEstimator estimator({});
  Line line(DataRate::kbps(10'000));
  line.run(estimator, 3s, DataRate::kbps(200));
  EXPECT_EQ(estimator.probing().sent(), 0U);
  estimator.set_wanted(at(3s), DataRate::kbps(1000));
  line.run(estimator, 6s, DataRate::kbps(200));
  EXPECT_GT(estimator.probing().sent(), 0U);
}

TEST(BandwidthEstimator, FindsAWideLineByProbesAndNoMoreThanIsWanted) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(4000));
  Line line(DataRate::kbps(50'000));
  line.run(estimator, 2s, DataRate::kbps(200));
  EXPECT_GE(estimator.target(), DataRate::kbps(4250));  // 0.85 × 1.25 × 4 M
  EXPECT_LE(estimator.target(), DataRate::kbps(5500));  // a probe proves 1.1 × its rate at the most
}

TEST(BandwidthEstimator, FindsTheRateOfAThinnerLine) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(4000));
  Line line(DataRate::kbps(1000));
  line.run(estimator, 2s, DataRate::kbps(200));
  EXPECT_GE(estimator.target(), DataRate::kbps(850));
  EXPECT_LE(estimator.target(), DataRate::kbps(1050));
}

TEST(BandwidthEstimator, FallsBelowALineThatGotThinner) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(1000));
  Line line(DataRate::kbps(5000));
  line.run(estimator, 2s, DataRate::kbps(800));
  EXPECT_GE(estimator.target(), DataRate::kbps(1000));
  line.set_rate(DataRate::kbps(400));
  line.run(estimator, 3s, DataRate::kbps(800));
  EXPECT_LE(estimator.target(), DataRate::kbps(400));
  EXPECT_GE(estimator.counters().decreases, 1U);
}

TEST(BandwidthEstimator, ASilentReceiverLowersTheRate) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(1000));
  Line line(DataRate::kbps(5000));
  line.run(estimator, 2s, DataRate::kbps(200));
  const DataRate before = estimator.target();
  line.cut();
  line.run(estimator, 4s, DataRate::kbps(200));
  EXPECT_GE(estimator.counters().silences, 2U);
  EXPECT_LT(estimator.target(), before * 0.5);
}

TEST(BandwidthEstimator, WithoutFeedbackLossOfReportsCounts) {
  BandwidthEstimator estimator({.start = DataRate::kbps(500)});
  estimator.handle_report(at(1s), 0.2, 50ms);
  EXPECT_EQ(estimator.target(), DataRate::kbps(450));  // 1 − 0.2 / 2
  estimator.handle_report(at(2s), 0.0, 50ms);
  EXPECT_EQ(estimator.target(), DataRate::bps(472'500));  // × 1.05
  estimator.handle_remb(at(3s), DataRate::kbps(900));
  EXPECT_EQ(estimator.target(), DataRate::kbps(900));
  estimator.handle_remb(at(4s), DataRate::kbps(200));
  EXPECT_EQ(estimator.target(), DataRate::kbps(200));
  EXPECT_TRUE(estimator.state().uses_fallback);
}

TEST(BandwidthEstimator, WithFeedbackReportsOfLossAndRembChangeNothing) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(1000));
  Line line(DataRate::kbps(5000));
  line.run(estimator, 2s, DataRate::kbps(200));
  const DataRate before = estimator.target();
  estimator.handle_report(at(2s), 0.5, 50ms);
  estimator.handle_remb(at(2s), DataRate::kbps(40));
  EXPECT_EQ(estimator.target(), before);
}

TEST(BandwidthEstimator, ANewRouteBeginsAnew) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(2000));
  Line line(DataRate::kbps(5000));
  line.run(estimator, 2s, DataRate::kbps(200));
  EXPECT_GT(estimator.target(), DataRate::kbps(1000));
  const uint64_t probes = estimator.probing().sent();
  estimator.handle_route_change(at(2s));
  EXPECT_EQ(estimator.target(), DataRate::kbps(300));
  line.run(estimator, 4s, DataRate::kbps(200));
  EXPECT_GT(estimator.probing().sent(), probes);
  EXPECT_GT(estimator.target(), DataRate::kbps(1000));
}

TEST(BandwidthEstimator, WhoSendsNothingIsNotBlamedForSilence) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(1000));
  Line line(DataRate::kbps(5000));
  line.run(estimator, 2s, DataRate::kbps(200));
  line.cut();
  line.run(estimator, 2100ms, DataRate::kbps(200));
  // What was sent last is never answered: once the rate falls, then there is nothing to answer.
  for (Duration t = 2100ms; t < 20s; t += 10ms) {
    if (at(t) >= estimator.next_timeout()) estimator.handle_timeout(at(t));
  }
  EXPECT_EQ(estimator.counters().silences, 1U);
}

TEST(BandwidthEstimator, TheQueueOfItsOwnProbesIsNoOveruse) {
  BandwidthEstimator estimator({});
  estimator.set_wanted(at(0ms), DataRate::kbps(4000));
  Line line(DataRate::kbps(1000));
  line.run(estimator, 20s, DataRate::kbps(400));
  EXPECT_GE(estimator.probing().sent(), 5U);
  EXPECT_EQ(estimator.counters().overuses, 0U);
  EXPECT_EQ(estimator.counters().decreases, 0U);
}

// Sends a packet each 20 ms, whose delay is 20 ms and what `extra` says of its number, and passes on feedback of each
// five.
template <class Extra>
void run_with_delays(BandwidthEstimator& estimator, int packets, Extra extra) {
  std::array<Timestamp, 5> arrivals{};
  for (int i = 0; i < packets; ++i) {
    const Timestamp now = at(20ms * i);
    estimator.note_sent(now, static_cast<uint16_t>(i), 1200, 0);
    arrivals[static_cast<size_t>(i % 5)] = now + 20ms + extra(i);
    if (i % 5 != 4) continue;
    std::array<uint8_t, 200> buffer{};
    ByteWriter writer(buffer);
    const TransportCcRecord record{
        .ssrcs = {}, .base_sequence_number = static_cast<uint16_t>(i - 4), .arrivals = arrivals};
    ASSERT_EQ(write_transport_cc(writer, record), 5U);
    RtcpIterator blocks(writer.written());
    const auto feedback = TransportCc::parse(*blocks.next());
    ASSERT_TRUE(feedback);
    estimator.handle_feedback(now + 1ms, *feedback);
  }
}

TEST(BandwidthEstimator, ATrendWithAQueueLowersTheRate) {
  BandwidthEstimator estimator({.start = DataRate::kbps(500)});
  // 1200 bytes each 20 ms are 480 kbit/s; each comes 2 ms later than the one before: 436 kbit/s are carried.
  run_with_delays(estimator, 200, [](int i) { return i >= 100 ? 2ms * (i - 100) : Duration{}; });
  EXPECT_GE(estimator.counters().decreases, 1U);
  EXPECT_LE(estimator.target(), DataRate::kbps(436));
}

TEST(BandwidthEstimator, FeedbackOfWhatWasNeverSentChangesNothing) {
  BandwidthEstimator estimator({});
  BandwidthEstimator other({});
  const auto no_delay = [](int) { return Duration{}; };
  run_with_delays(estimator, 100, no_delay);
  run_with_delays(other, 100, no_delay);
  std::array<Timestamp, 50> arrivals{};
  for (int i = 0; i < 50; ++i) arrivals[static_cast<size_t>(i)] = at(2s + 100ms * i);
  std::array<uint8_t, 400> buffer{};
  ByteWriter writer(buffer);
  const TransportCcRecord record{.ssrcs = {}, .base_sequence_number = 100, .arrivals = arrivals};
  ASSERT_EQ(write_transport_cc(writer, record), 50U);
  RtcpIterator blocks(writer.written());
  const auto forged = TransportCc::parse(*blocks.next());
  ASSERT_TRUE(forged);
  estimator.handle_feedback(at(2s), *forged);
  EXPECT_EQ(estimator.sent_counters().unknown, 50U);
  EXPECT_EQ(estimator.target(), other.target());
  EXPECT_EQ(estimator.state().queue, other.state().queue);
  EXPECT_EQ(estimator.state().bytes_in_flight, other.state().bytes_in_flight);
}

}  // namespace
}  // namespace eir
