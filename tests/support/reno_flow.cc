#include "tests/support/reno_flow.h"

#include <algorithm>

namespace eir {

std::optional<uint64_t> RenoFlow::poll_send(Timestamp now) {
  if (now >= deadline_) handle_timeout(now);
  if (resend_) {
    const uint64_t number = *resend_;
    resend_.reset();
    return number;
  }
  // In recovery each further duplicate says that one more segment has left the network (RFC 5681 section 3.2).
  const double window = window_ + (in_recovery_ ? duplicates_ : 0);
  if (double(next_ - acked_) >= window) return std::nullopt;
  if (deadline_ == kNever) deadline_ = now + timeout_;
  if (timed_at_ == kNever) {
    timed_ = next_;
    timed_at_ = now;
  }
  return next_++;
}

void RenoFlow::handle_ack(Timestamp now, uint64_t next) {
  if (next < acked_) return;
  if (next == acked_) {
    if (++duplicates_ == 3 && !in_recovery_) {
      threshold_ = std::max(double(next_ - acked_) / 2, 2.0);
      window_ = threshold_;
      in_recovery_ = true;
      recover_ = next_;
      resend_ = acked_;
      timed_at_ = kNever;
    }
    return;
  }
  if (timed_at_ != kNever && next > timed_) {
    note_round_trip(now - timed_at_);
    timed_at_ = kNever;
  }
  const auto newly = double(next - acked_);
  acked_ = next;
  next_ = std::max(next_, acked_);
  deadline_ = next_ > acked_ ? now + timeout_ : kNever;
  if (in_recovery_) {
    if (acked_ >= recover_) {
      in_recovery_ = false;
      duplicates_ = 0;
      window_ = threshold_;
    } else {
      resend_ = acked_;  // a partial acknowledgement: the next hole (RFC 6582)
      duplicates_ = std::max(0, duplicates_ - static_cast<int>(newly));
    }
    return;
  }
  duplicates_ = 0;
  window_ += window_ < threshold_ ? newly : newly / window_;
}

void RenoFlow::handle_timeout(Timestamp now) {
  threshold_ = std::max(double(next_ - acked_) / 2, 2.0);
  window_ = 1;
  next_ = acked_;
  in_recovery_ = false;
  duplicates_ = 0;
  resend_.reset();
  timed_at_ = kNever;
  timeout_ = std::min<Duration>(2 * timeout_, 4s);
  deadline_ = now + timeout_;
}

void RenoFlow::note_round_trip(Duration sample) {
  if (smoothed_ == Duration{}) {
    smoothed_ = sample;
    deviation_ = sample / 2;
  } else {
    const Duration error = sample - smoothed_;
    deviation_ += ((error < Duration{} ? -error : error) - deviation_) / 4;
    smoothed_ += error / 8;
  }
  timeout_ = std::max<Duration>(smoothed_ + 4 * deviation_, kTimeoutMin);
}

uint64_t RenoReceiver::handle_segment(uint64_t number) {
  if (number >= next_) ahead_.insert(number);
  while (!ahead_.empty() && *ahead_.begin() == next_) {
    ahead_.erase(ahead_.begin());
    ++next_;
  }
  return next_;
}

}  // namespace eir
