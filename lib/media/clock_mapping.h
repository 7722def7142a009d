#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lib/base/sequence.h"
#include "lib/base/time.h"

namespace eir {

// Maps one publisher's NTP clock to Eir's clock: the minimum, over a window, of (arrival − NTP) of all its sender
// reports. The least delayed report is the truest one; one clock for all streams of a publisher is what keeps its
// picture and sound together, even if the sound alone is delayed on the way. Owned by a Participant, fed by all its
// streams.
class PublisherClock {
 public:
  // Long enough to see an undelayed report, short enough to follow a drift of 100 ppm within 6 ms.
  static constexpr Duration kWindow = 60s;

  void handle_sender_report(Timestamp arrival, NtpTime ntp);

  // When, in Eir's clock, the publisher's clock showed `ntp`; nullopt before the first report.
  std::optional<Timestamp> to_eir(NtpTime ntp) const;

 private:
  // Two half windows: the minimum of both covers between one half and the whole window, without a list.
  struct Half {
    Timestamp start;
    std::optional<Duration> minimum;  // of arrival − NTP, relative to origin_
  };
  Duration offset() const;

  std::optional<NtpTime> origin_;
  Half current_;
  Half previous_;
};

// Maps one stream's RTP timestamps to capture times in Eir's clock: by its last sender report and the publisher's clock
// once both are known, by arrival until then (RFC 3550 section 6.4.1).
class StreamClock {
 public:
  explicit StreamClock(uint32_t clock_rate) : clock_rate_(clock_rate) {}

  // `ntp` and `rtp_timestamp` as in the sender report. A report without a clock (NTP 0) is ignored.
  void handle_sender_report(NtpTime ntp, uint32_t rtp_timestamp);

  // The RTP time no longer follows the last report: unsynchronised until the next.
  void forget_report() { report_.reset(); }

  // `fallback_arrival`: when the packet with this timestamp came in, the answer while no report is known.
  Timestamp capture_time(const PublisherClock& publisher, uint32_t rtp_timestamp, Timestamp fallback_arrival) const;
  bool synchronised() const { return report_.has_value(); }
  uint32_t clock_rate() const { return clock_rate_; }

 private:
  struct Report {
    NtpTime ntp;
    uint32_t rtp_timestamp;
  };
  uint32_t clock_rate_;
  std::optional<Report> report_;
};

// A span of RTP ticks as time. Exact for spans of hours.
constexpr Duration ticks_to_duration(int64_t ticks, uint32_t clock_rate) {
  return Duration(ticks / clock_rate * 1'000'000'000 + ticks % clock_rate * 1'000'000'000 / clock_rate);
}
constexpr int64_t duration_to_ticks(Duration d, uint32_t clock_rate) {
  return d.count() / 1'000'000'000 * clock_rate + d.count() % 1'000'000'000 * clock_rate / 1'000'000'000;
}

}  // namespace eir
