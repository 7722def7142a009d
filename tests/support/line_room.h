#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/router/send_control.h"
#include "tests/support/bandwidth_sim.h"
#include "tests/support/reno_flow.h"
#include "tests/support/sim_world.h"

namespace eir {

// A room of the real router, whose receivers' lines are looked at: what the router takes them for, sends over them and
// what comes of it, each 100 ms of virtual time. Time counts from begin(), when all who joined before are connected.
class LineRoom {
 public:
  static constexpr Duration kSample = 100ms;
  static constexpr Duration kConnects = 30s;  // on the worst line

  explicit LineRoom(uint64_t seed);

  // Somebody who publishes over a line of 20 ms round trip that carries everything, and loses so much.
  SimPerson& publish(const ClientOptions& options, double loss_up = 0, bool signs = false);
  // A receiver that is watched: the first is number 0. Its way back has the same delay and loss.
  SimPerson& watch(const ClientOptions& options, const BandwidthLine& line, const LinkCondition& down);
  // As `watch`, behind the line of the first.
  SimPerson& watch_beside(const ClientOptions& options);
  // A greedy NewReno flow through the first watched line, from this time on.
  void add_reno(Duration starts) { reno_ = std::make_unique<Reno>(starts); }
  // Not before so much of the world's time has passed: rooms that are compared begin at the same moment.
  void begin(Duration not_before = {});
  void run_until(Duration at);

  struct Heard {
    uint64_t expected = 0;
    uint64_t heard = 0;
    double loss() const { return expected == 0 ? 1 : 1 - double(heard) / double(expected); }
  };
  SimWorld& world() { return world_; }
  const std::vector<BandwidthSample>& samples(size_t watched = 0) const { return watched_[watched].samples; }
  const SimPerson& person(size_t watched = 0) const { return *watched_[watched].person; }
  // Of the sound in the first slot, since the first sample.
  Heard heard(size_t watched = 0) const;
  const SendControl& control(size_t watched = 0) const { return *watched_[watched].control; }
  // Bytes to the router's receivers since 10 s, and of them those that probes sent.
  double padding() const;
  uint64_t reno_bytes() const { return reno_ ? reno_->receiver.bytes() : 0; }

 private:
  struct Watched {
    SimPerson* person = nullptr;
    const SendControl* control = nullptr;
    BandwidthLine line;
    double queue_max_ms = 0;  // since the last sample
    double queue_min_ms = 0;
    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
    Timestamp decoded_at = Timestamp::min();
    uint16_t height = 0;
    std::vector<uint64_t> frames;  // decodable, at each sample
    Heard before;
    std::vector<BandwidthSample> samples{};
    uint64_t sampled_sent = 0;
    uint64_t sampled_received = 0;
  };
  struct Reno {
    explicit Reno(Duration at) : starts(at) {}
    struct Event {
      Timestamp at;
      uint64_t number = 0;
      bool is_ack = false;
    };
    Duration starts;
    RenoFlow flow;
    RenoReceiver receiver;
    std::vector<Event> events;  // in order of time
  };

  void find_controls();
  void step_reno();
  void note_queues();
  void take_samples();
  void sample_picture(Watched& watched, BandwidthSample& sample) const;
  Duration passed() const { return world_.now() - began_; }
  SimLink& link_of(const Watched& watched) { return world_.network().down(watched.person->node); }

  SimWorld world_;
  SeededRandom reno_random_;
  std::vector<Watched> watched_;
  std::unique_ptr<Reno> reno_;
  Timestamp began_ = SimWorld::kStart;
  uint64_t bytes_at_10s_ = 0;
  uint64_t padding_at_10s_ = 0;
};

}  // namespace eir
