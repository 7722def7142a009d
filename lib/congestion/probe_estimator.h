#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/congestion/sent_packets.h"

namespace eir {

// What a probe cluster found. If it filled the line, packets arrive as fast as the line serves bytes: a straight line
// of time against bytes, whose slope jitter disturbs less than the distance of the first and the last packet that
// libwebrtc's ProbeBitrateEstimator takes. If it did not, each is under way for as long as its own size takes. What
// explains the arrivals better is believed, so that packets of mixed sizes do not look like a full line. Owned by a
// BandwidthEstimator. Keeps kClusters clusters; an older one is overwritten.
class ProbeEstimator {
 public:
  static constexpr size_t kClusters = 4;
  static constexpr double kReceivedMin = 0.8;     // of the packets that were sent, as libwebrtc
  static constexpr double kSaturated = 0.90;      // arrives slower than it was sent: the line was full
  static constexpr double kOfSaturated = 0.95;    // stay below what fills the line, as libwebrtc
  static constexpr double kTimers = 1.10;         // timers of a millisecond mistake a cluster's rate by so much
  static constexpr size_t kBytesMinPercent = 60;  // of the plan; less proves nothing

  static constexpr Duration kLong = 30ms;  // the sizes of packets do not matter in a cluster as long as this

  struct Plan {
    uint16_t cluster = 0;
    DataRate rate;
    size_t bytes = 0;
    size_t packets = 0;
  };
  struct Result {
    uint16_t cluster = 0;
    DataRate rate{};            // 0: too little came to tell
    DataRate capacity{};        // if it is saturated: of the line, of which `rate` is a little less
    bool is_saturated = false;  // the line carries no more; else it carries at least this
  };

  void begin(const Plan& plan);
  // The cluster that this packet counts for. What leaves between the first and the last packet of a cluster waits in
  // the same queue and belongs to it, whatever the caller says.
  uint16_t note_sent(Timestamp now, uint16_t cluster, size_t bytes);
  void handle_received(const SentPackets::Sent& sent, Duration arrival);
  void handle_lost(const SentPackets::Sent& sent);
  // A cluster that is complete: all of it was sent, and reported. It is forgotten.
  std::optional<Result> poll();
  void reset() { *this = {}; }

 private:
  // Sums for a line through (bytes, time), both from the first packet on; seconds and kilobytes keep them small.
  struct Line {
    void add(double x, double y);
    // y per x; nothing for fewer than two different x.
    std::optional<double> slope() const;
    // Sum of the squares of what the line does not explain.
    double unexplained() const;
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  };
  // The last packet that came, until the next one shows that it was not overtaken.
  struct Last {
    Timestamp left;
    Duration arrival{};
    size_t bytes = 0;
    size_t before = 0;  // bytes of the cluster that left before it
    size_t with = 0;    // bytes that came, with it
  };
  struct Cluster {
    void add_last();
    Plan plan;
    Last last{};
    size_t sent_packets = 0;
    size_t sent_bytes = 0;
    size_t resolved = 0;
    size_t resolved_bytes = 0;
    size_t received = 0;
    size_t received_bytes = 0;
    Timestamp first_sent;
    Timestamp last_sent;
    Duration first_arrival{};
    Line sent;     // time of leaving against all bytes before the packet
    Line arrived;  // time of arrival against bytes that came, with the packet
    Line delay;    // arrival less leaving, against the packet's own bytes
  };
  Cluster* find(uint16_t cluster);
  static bool is_whole(const Cluster& cluster) {
    return cluster.sent_bytes >= cluster.plan.bytes && cluster.sent_packets >= cluster.plan.packets;
  }
  static std::optional<Result> evaluate(const Cluster& cluster);

  uint16_t filling_ = 0;                       // the cluster being sent; 0: none
  std::array<Cluster, kClusters> clusters_{};  // plan.cluster 0: free
};

}  // namespace eir
