#include "lib/congestion/feedback_recorder.h"

#include "lib/rtp/rtcp_transport_cc.h"

namespace eir {

void FeedbackRecorder::handle_packet(Timestamp now, uint16_t transport_sequence) {
  if (pending_.capacity() == 0) pending_.reserve(kPendingUsual);
  const int64_t sequence = sequence_.unwrap(transport_sequence);
  if (counters_.packets++ == 0) base_ = sequence;
  if (sequence < base_) {
    ++counters_.late;
    return;
  }
  if (sequence - base_ >= static_cast<int64_t>(kPendingMax)) {
    ++counters_.jumps;
    pending_.clear();
    base_ = sequence;
  }
  const auto index = static_cast<size_t>(sequence - base_);
  if (index >= pending_.size()) pending_.resize(index + 1, kNever);
  if (pending_[index] == kNever) pending_[index] = now;
  if (due_ == kNever) due_ = now + kInterval;
}

bool FeedbackRecorder::write_feedback(Timestamp now, FeedbackSsrcs ssrcs, ByteWriter& out) {
  if (now < due_ || pending_.empty()) return false;
  const TransportCcRecord record{.ssrcs = ssrcs,
                                 .base_sequence_number = static_cast<uint16_t>(base_),
                                 .arrivals = pending_,
                                 .feedback_count = count_};
  const size_t written = write_transport_cc(out, record);
  if (written > 0) {
    ++count_;
    ++counters_.messages;
    base_ += static_cast<int64_t>(written);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(written));
  }
  if (pending_.empty() || written == 0) due_ = pending_.empty() ? kNever : now + kInterval;
  return written > 0;
}

}  // namespace eir
