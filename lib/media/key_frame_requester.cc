#include "lib/media/key_frame_requester.h"

#include <algorithm>

namespace eir {
namespace {

// `t + d` where t may be Timestamp::min(), "never yet".
Timestamp after(Timestamp t, Duration d) { return t == Timestamp::min() ? t : t + d; }

}  // namespace

void KeyFrameRequester::request(Timestamp now) {
  ++asked_;
  repeats_ = 0;
  due_ = std::min(due_, std::max(now, after(last_sent_, kInterval)));
}

void KeyFrameRequester::request_layer_up(Timestamp now) {
  ++asked_;
  const Timestamp earliest = std::max(after(last_sent_, kInterval), after(last_layer_up_, kLayerUpInterval));
  if (due_ == kNever) repeats_ = 0;
  due_ = std::min(due_, std::max(now, earliest));
  last_layer_up_ = due_;
}

void KeyFrameRequester::handle_key_frame(Timestamp) {
  due_ = kNever;
  repeats_ = 0;
}

bool KeyFrameRequester::take_due(Timestamp now) {
  if (now < due_) return false;
  last_sent_ = now;
  ++sent_;
  due_ = ++repeats_ < kRepeatsMax ? now + kInterval : kNever;
  return true;
}

}  // namespace eir
