#include "lib/congestion/arrival_clock.h"

namespace eir {

ArrivalClock::Verdict ArrivalClock::handle_message(Timestamp now, const TransportCc& feedback) {
  const auto wrapped = static_cast<uint32_t>(feedback.reference_time);
  const Duration reference = numbers_.peek(wrapped) * TransportCc::kReferenceUnit;
  Verdict verdict = Verdict::kGood;
  if (has_any_) {
    const Duration disagreement = (reference - reference_) - (now - handled_at_);
    if (disagreement > kDisagreementMax || disagreement < -kDisagreementMax) {
      if (++refused_ < kRefusedMax) return Verdict::kRefused;
      verdict = Verdict::kBeganAnew;
      numbers_.reset();
    }
  }
  refused_ = 0;
  has_any_ = true;
  handled_at_ = now;
  reference_ = numbers_.unwrap(wrapped) * TransportCc::kReferenceUnit;
  return verdict;
}

}  // namespace eir
