#include "lib/media/clock_mapping.h"

#include <algorithm>

#include "lib/base/check.h"

namespace eir {

void PublisherClock::handle_sender_report(Timestamp arrival, NtpTime ntp) {
  if (!origin_) {
    origin_ = ntp;
    current_.start = arrival;
  }
  const Duration since_origin = ntp_difference(ntp, *origin_);
  // A publisher whose clock was set (by hours, at times) starts afresh: the old minimum would never be reached again.
  const Duration difference = arrival.time_since_epoch() - since_origin;
  const bool jumped = current_.minimum && std::chrono::abs(difference - offset()) > 10s;
  if (jumped) {
    previous_ = {};
    current_ = {.start = arrival, .minimum = std::nullopt};
  } else if (arrival - current_.start >= kWindow / 2) {
    previous_ = current_;
    current_ = {.start = arrival, .minimum = std::nullopt};
  }
  current_.minimum = current_.minimum ? std::min(*current_.minimum, difference) : difference;
}

Duration PublisherClock::offset() const {
  EIR_DCHECK(current_.minimum);
  return previous_.minimum ? std::min(*previous_.minimum, *current_.minimum) : *current_.minimum;
}

std::optional<Timestamp> PublisherClock::to_eir(NtpTime ntp) const {
  if (!origin_) return std::nullopt;
  return Timestamp(offset() + ntp_difference(ntp, *origin_));
}

void StreamClock::handle_sender_report(NtpTime ntp, uint32_t rtp_timestamp) {
  if (ntp.value == 0) return;
  report_ = Report{ntp, rtp_timestamp};
}

Timestamp StreamClock::capture_time(const PublisherClock& publisher, uint32_t rtp_timestamp,
                                    Timestamp fallback_arrival) const {
  if (!report_) return fallback_arrival;
  const std::optional<Timestamp> reported = publisher.to_eir(report_->ntp);
  if (!reported) return fallback_arrival;
  return *reported + ticks_to_duration(wrapped_difference(rtp_timestamp, report_->rtp_timestamp), clock_rate_);
}

}  // namespace eir
