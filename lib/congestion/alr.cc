#include "lib/congestion/alr.h"

namespace eir {

void ApplicationLimit::note_sent(Timestamp now, size_t bytes, DataRate target) {
  if (!has_begun_) {
    has_begun_ = true;
    began_ = now;
  }
  if (const Duration span = now - began_; span >= kWindow) {
    sent_ = DataRate::bps(static_cast<int64_t>(double(bytes_) * 8 / to_seconds(span)));
    is_limited_ = sent_ < target * (is_limited_ ? kLeave : kEnter);
    began_ = now;
    bytes_ = 0;
  }
  bytes_ += bytes;
}

}  // namespace eir
