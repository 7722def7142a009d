#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/congestion/acknowledged_rate.h"
#include "lib/congestion/alr.h"
#include "lib/congestion/arrival_clock.h"
#include "lib/congestion/arrival_groups.h"
#include "lib/congestion/fallback_control.h"
#include "lib/congestion/loss_control.h"
#include "lib/congestion/probe_estimator.h"
#include "lib/congestion/probing.h"
#include "lib/congestion/queue_delay.h"
#include "lib/congestion/rate_control.h"
#include "lib/congestion/sent_packets.h"
#include "lib/congestion/trendline.h"
#include "lib/rtp/rtcp_transport_cc.h"

namespace eir {

// How much may be sent to one receiver: puts the stages of send-side congestion control together (README.md). One per
// receiving transport. note_sent() is called per packet and allocates nothing once warm; everything else per feedback,
// report or timeout. Rates count UDP payload bytes: media, sound, retransmissions, padding.
class BandwidthEstimator {
 public:
  struct Options {
    // Sound and the lowest layer of one camera, on the thinnest line that is worth it; the first probes show within two
    // round trips whether there is more.
    DataRate start = DataRate::kbps(300);
    DataRate min = DataRate::kbps(30);  // sound alone, with its headers
    DataRate max = DataRate::kbps(20'000);
  };
  static constexpr double kProbeBeyondWanted = 1.25;
  // The pace of entries: a key frame leaves within the time of one and a half frames of its size, and the line's queue
  // takes at most a third of it when the target is what the line carries.
  static constexpr double kPacing = 1.5;
  static constexpr DataRate kPacingMin = DataRate::kbps(150);
  // Nothing is heard while something is on its way: the line is down or its queue longer than this.
  static constexpr Duration kSilence = 500ms;
  static constexpr double kSilenceDecrease = 0.7;  // per kSilence
  static constexpr Duration kFallbackAfter = 5s;   // without feedback, with reports: the receiver sends none
  static constexpr Duration kTick = 100ms;         // while something is pending that no timer knows of
  static constexpr Duration kQueueMax = 80ms;      // a standing queue above this is drained, however slowly it grew
  static constexpr Duration kRoundTripMax = 2s;
  static constexpr Duration kRoundTripStart = 200ms;  // before any is known

  // A probe fills the queue on purpose, and what is sent after it waits there, too: neither says that the line is
  // overused. So much longer than the cluster itself lasts.
  static constexpr Duration kProbeShadow = 150ms;
  static constexpr size_t kShadows = 4;

  static constexpr double kLowProbe = 0.85;  // of the rate: such a probe contradicts it

  struct Counters {
    uint64_t feedback = 0;
    uint64_t feedback_refused = 0;      // its time cannot be
    uint64_t feedback_began_anew = 0;   // the receiver's clock jumped, and stayed there
    uint64_t overuses = 0;              // the delay grew
    uint64_t overuses_unconfirmed = 0;  // …but there was no queue: jitter
    uint64_t decreases = 0;
    uint64_t silences = 0;  // decreases for want of any feedback
    uint64_t route_changes = 0;
  };
  // For statistics and plots.
  struct State {
    LinkUse use = LinkUse::kNormal;
    Duration round_trip{};
    Duration queue{};   // an estimate
    Duration jitter{};  // of packets that find an empty line
    double loss = 0;
    double inherent_loss = 0;
    DataRate acknowledged;
    DataRate delay_based;
    std::optional<DataRate> loss_cap;
    bool is_application_limited = false;
    bool uses_fallback = false;
    size_t bytes_in_flight = 0;
  };
  // A cluster to be sent now, at `rate`, under `cluster`: media entries, retransmissions or padding.
  struct Probe {
    uint16_t cluster = 0;
    DataRate rate;
    size_t bytes = 0;    // at least, in all
    size_t packets = 0;  // at least
  };

  explicit BandwidthEstimator(const Options& options);

  // One datagram of `bytes` UDP payload goes out under this transport-wide sequence number. probe_cluster 0: none.
  void note_sent(Timestamp now, uint16_t transport_sequence, size_t bytes, uint16_t probe_cluster);
  void handle_feedback(Timestamp now, const TransportCc& feedback);
  // A receiver report: the round trip always counts, the loss only while there is no feedback.
  void handle_report(Timestamp now, double fraction_lost, Duration round_trip);
  void handle_remb(Timestamp now, DataRate rate);
  void handle_route_change(Timestamp now);
  // What the receiver would be sent if its line carried all of it. Nothing is probed before it is told.
  void set_wanted(Timestamp now, DataRate wanted);

  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;

  DataRate target() const { return target_; }
  DataRate pacing() const;
  std::optional<Probe> poll_probe(Timestamp now);

  const Counters& counters() const { return counters_; }
  const SentPackets::Counters& sent_counters() const { return sent_.counters(); }
  const ProbeControl& probing() const { return probing_; }
  const LossControl& loss() const { return loss_; }
  State state() const;

 private:
  bool is_in_shadow(Timestamp sent) const;
  void handle_status(Timestamp now, const PacketStatus& status, Duration& arrival);
  void handle_group(const ArrivalGroups::Delta& delta);
  void finish_feedback(Timestamp now);
  LinkUse judge_line();
  void handle_probe_results(Timestamp now);
  void judge_probe(Timestamp now, const ProbeEstimator::Result& result);
  void forget_line();
  void update(Timestamp now);
  bool is_fallback(Timestamp now) const;

  Options options_;
  SentPackets sent_;
  ArrivalClock clock_;
  ArrivalGroups groups_;
  Trendline trendline_;
  QueueDelay queue_;
  AcknowledgedRate acknowledged_;
  ApplicationLimit limit_;
  RateControl rate_;
  LossControl loss_;
  ProbeControl probing_;
  ProbeEstimator probes_;
  FallbackControl fallback_;

  // When probes and what followed them were sent, the latest last.
  struct Shadow {
    uint16_t cluster = 0;
    Timestamp began;
    Timestamp ends;
  };
  std::array<Shadow, kShadows> shadows_{};

  Timestamp line_free_at_;  // when a line of the target's rate would have sent what it was given
  DataRate low_probe_;      // the last probe found less than the rate; 0: it did not

  DataRate target_;
  Duration round_trip_ = kRoundTripStart;
  bool has_round_trip_ = false;
  bool has_reported_round_trip_ = false;
  bool saw_overuse_ = false;  // in the feedback being handled
  bool uses_fallback_ = false;
  Timestamp newest_sent_;  // of what the feedback being handled reports as received
  Timestamp fed_back_at_ = Timestamp::min();
  Timestamp silent_since_ = kNever;  // something was sent that no feedback has answered
  Timestamp updated_at_ = Timestamp::min();
  Counters counters_;
};

}  // namespace eir
