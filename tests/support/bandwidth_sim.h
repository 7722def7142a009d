#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "lib/base/random.h"
#include "lib/client/sim_link.h"
#include "lib/congestion/bandwidth_estimator.h"
#include "lib/congestion/feedback_recorder.h"
#include "lib/congestion/pacer.h"
#include "tests/support/bandwidth_links.h"

namespace eir {

// What a flow sends beside its sound: one layer of three at a time, as a slot does; the best sum of the three, as three
// slots do; or exactly what it may, as an encoder does.
enum class BandwidthSource : uint8_t { kOneLayer, kSums, kEncoder };

// One of these each 100 ms of virtual time, from a flow alone or from a whole room (line_room.h).
struct BandwidthSample {
  Duration at{};
  double link_kbps = 0;
  double useful_kbps = 0;  // the link's, or 1.25 × everything wanted if that is less
  double target_kbps = 0;
  double sent_kbps = 0;
  double received_kbps = 0;
  double queue_ms = 0;      // the longest in the 100 ms
  double queue_min_ms = 0;  // the shortest
  double estimated_queue_ms = 0;
  double layer_kbps = 0;  // granted
  // A whole room's only: what the receiver decoded lately, and whether it was told that there is a pause.
  uint16_t height = 0;
  double frames_per_second = 0;
  bool is_paused = false;
  bool is_limited = false;
  uint64_t decreases = 0;
};

// One receiver's media: source, estimator and pacer at one end, FeedbackRecorder at the other.
class BandwidthFlow {
 public:
  struct Options {
    BandwidthSource source = BandwidthSource::kOneLayer;
    Duration starts{};
    BandwidthEstimator::Options estimator;
  };
  struct Totals {
    uint64_t sent_bytes = 0;
    uint64_t padding_bytes = 0;
    uint64_t received_bytes = 0;
    uint64_t audio_sent = 0;
    uint64_t audio_lost = 0;
    uint64_t audio_dropped_by_queue = 0;
  };
  struct Packet {
    size_t bytes = 0;
    bool is_audio = false;
    bool is_padding = false;
    uint16_t cluster = 0;
    uint16_t sequence = 0;
  };

  BandwidthFlow(const Options& options, uint64_t seed);

  // Calls send(packet) for what leaves now.
  template <class Send>
  void step(Timestamp now, Send&& send);
  void handle_feedback(Timestamp now, ByteView bytes);
  void note_lost(const Packet& packet, bool by_queue);
  void handle_arrival(Timestamp at, const Packet& packet);
  // Feedback that is due at the receiver; empty: none.
  ByteView poll_feedback(Timestamp at);

  const BandwidthEstimator& estimator() const { return estimator_; }
  const Totals& totals() const { return totals_; }
  DataRate layer() const { return layer_; }
  DataRate wanted() const;
  const Options& options() const { return options_; }
  // 1.25 × of everything that could be sent.
  DataRate useful() const { return wanted() * BandwidthEstimator::kProbeBeyondWanted; }

 private:
  void produce(Timestamp now);
  void choose_layer(Timestamp now);
  size_t frame_bytes(Timestamp now);
  bool next_packet(Timestamp now, Packet& packet);

  Options options_;
  SeededRandom random_;
  BandwidthEstimator estimator_;
  Pacer pacer_;
  FeedbackRecorder recorder_;
  Duration clock_offset_;
  std::array<uint8_t, 1400> feedback_{};
  std::deque<size_t> backlog_;
  size_t backlog_bytes_ = 0;
  int audio_waiting_ = 0;
  DataRate layer_;
  Timestamp downgraded_at_ = Timestamp::min();
  Timestamp next_frame_;
  Timestamp next_audio_;
  Timestamp next_key_;
  double key_debt_ = 0;  // bytes that the frames after a key frame save
  uint16_t sequence_ = 0;
  uint16_t cluster_ = 0;
  bool has_begun_ = false;
  Totals totals_;
};

// Flows that share one bottleneck, in virtual time by steps of 1 ms.
class BandwidthSim {
 public:
  struct Options {
    BandwidthLine line;
    Duration round_trip = 50ms;
    Duration queue = kBandwidthQueue;
    uint64_t seed = 1;
    std::vector<BandwidthFlow::Options> flows = {{}};
    // A greedy TCP-like flow (NewReno) begins at this time; kNone: there is none.
    static constexpr Duration kNone = Duration::max();
    Duration reno_starts = kNone;
  };

  explicit BandwidthSim(const Options& options);
  ~BandwidthSim();

  void run_until(Duration at);
  const std::vector<BandwidthSample>& samples(size_t flow = 0) const { return samples_[flow]; }
  const BandwidthFlow& flow(size_t index = 0) const { return *flows_[index]; }
  uint64_t reno_bytes() const;
  uint64_t sent_at_10s(size_t flow) const { return at_10s_[flow].sent_bytes; }
  uint64_t padding_at_10s(size_t flow) const { return at_10s_[flow].padding_bytes; }
  const LinkCounters& link() const { return forward_.counters(); }

 private:
  struct Event;
  struct Reno;

  LinkCondition condition(DataRate rate) const;
  DataRate link_rate(Timestamp now) const;
  void send(Timestamp now, size_t flow, const BandwidthFlow::Packet& packet);
  void push(Event event);
  void deliver(Timestamp now);
  void step_reno(Timestamp now);
  void note_queue(Timestamp now);
  void take_samples(Timestamp now);

  Options options_;
  SeededRandom random_;
  SimLink forward_;
  SimLink backward_;
  std::vector<std::unique_ptr<BandwidthFlow>> flows_;
  std::unique_ptr<Reno> reno_;
  std::vector<Event> heap_;
  uint64_t serial_ = 0;
  Timestamp now_;
  double queue_max_ms_ = 0;
  double queue_min_ms_ = 0;
  std::vector<std::vector<BandwidthSample>> samples_;
  std::vector<BandwidthFlow::Totals> sampled_;
  std::vector<BandwidthFlow::Totals> at_10s_;
};

template <class Send>
void BandwidthFlow::step(Timestamp now, Send&& send) {
  if (now.time_since_epoch() < options_.starts) return;
  produce(now);
  if (now >= estimator_.next_timeout()) estimator_.handle_timeout(now);
  if (const auto probe = estimator_.poll_probe(now)) {
    cluster_ = probe->cluster;
    pacer_.begin_probe(now, {.rate = probe->rate, .bytes = probe->bytes, .packets = probe->packets});
  }
  pacer_.set_rate(estimator_.pacing());
  Packet packet;
  while (next_packet(now, packet)) {
    packet.sequence = sequence_++;
    packet.cluster = pacer_.is_probing() ? cluster_ : uint16_t{0};
    estimator_.note_sent(now, packet.sequence, packet.bytes, packet.cluster);
    pacer_.note_sent(now, packet.bytes, packet.is_audio);
    totals_.sent_bytes += packet.bytes;
    totals_.padding_bytes += packet.is_padding ? packet.bytes : 0;
    totals_.audio_sent += packet.is_audio ? 1 : 0;
    send(packet);
  }
}

}  // namespace eir
