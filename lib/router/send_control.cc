#include "lib/router/send_control.h"

#include <algorithm>
#include <array>

#include "lib/router/client_session.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/router/slot_demand.h"

namespace eir {
namespace {

// What sound and the lowest layers of all pictures take together.
DataRate least(std::span<const SlotDemand> demands) {
  DataRate sum;
  for (const SlotDemand& demand : demands) {
    if (!demand.layers.empty()) sum = sum + demand.layers.front().up_to.front().rate;
  }
  return sum;
}

}  // namespace

bool SendControl::divide(Timestamp now, std::span<const std::unique_ptr<ReceiveSlot>> slots) {
  is_due_ = false;
  divided_at_ = now;
  constexpr size_t kMax = BitrateAllocator::kSlotsMax;
  const size_t count = std::min(slots.size(), kMax);
  std::array<LayerOffers, kMax> layers;
  std::array<SlotDemand, kMax> demands;
  std::array<SlotGrant, kMax> grants;
  memory_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    demands[i] = demand_of(now, *slots[i], layers[i]);
    if (slots[i]->take_reassigned()) memory_[i] = {};
  }
  const std::span<const SlotDemand> asked = std::span(demands).first(count);
  const DataRate budget = std::max(estimator_.target(), unproven(least(asked)));
  allocation_ = BitrateAllocator::allocate(now, budget, asked, memory_, std::span(grants).first(count));
  bool has_changed = false;
  for (size_t i = 0; i < count; ++i) {
    if (slots[i]->kind() == MediaKind::kAudio || !slots[i]->is_live()) continue;
    PublishedTrack& track = *slots[i]->track();
    if (demands[i].layers.empty()) {
      // Silent: the last layer may go on.
      has_changed |= slots[i]->grant(now, track.best(), TemporalFilter::kNoLimit, is_paced_);
      continue;
    }
    const SlotGrant& grant = grants[i];
    ReceiveStream* const layer =
        grant.layer < 0 ? nullptr : track.stream_of(demands[i].layers[static_cast<size_t>(grant.layer)].key);
    has_changed |= slots[i]->grant(now, layer, grant.temporal_limit, is_paced_);
  }
  estimator_.set_wanted(now, allocation_.wanted);
  note_target(now);
  // What is granted beyond the target now is sound, and stays beyond it.
  is_due_ = false;
  return has_changed;
}

// What is sent although the estimate has not come so far: the lowest layers, as long as nothing speaks against them.
DataRate SendControl::unproven(DataRate least) const {
  if (estimator_.counters().decreases > 0) return {};
  const DataRate enough = least * (1.0 / BitrateAllocator::kRiseShare);
  // A trial of loss control lowers the rate to learn from it: reason enough for smaller layers, not for none.
  const std::optional<DataRate> cap = estimator_.loss().is_trying() ? std::nullopt : estimator_.loss().cap();
  return cap ? std::min(enough, *cap) : enough;
}

// After everything that may move the target.
void SendControl::note_target(Timestamp now) {
  const uint64_t falls = estimator_.counters().decreases + estimator_.counters().silences;
  if (falls != falls_) was_full_until_ = now + kPacedAfterFall;
  falls_ = falls;
  const bool is_thin = estimator_.counters().decreases > 0 || estimator_.loss().cap().has_value();
  is_paced_ = is_thin && (allocation_.granted < allocation_.wanted || now < was_full_until_);
  // What was granted although it is not proven is not held back either.
  pacer_.set_rate(std::max(estimator_.pacing(), allocation_.granted * BandwidthEstimator::kPacing));
  if (is_thin && estimator_.target() * kFalls < allocation_.granted) is_due_ = true;
}

void SendControl::handle_feedback(Timestamp now, const TransportCc& feedback) {
  estimator_.handle_feedback(now, feedback);
  note_target(now);
}

void SendControl::handle_report(Timestamp now, double fraction_lost, std::optional<Duration> round_trip) {
  estimator_.handle_report(now, fraction_lost, round_trip.value_or(Duration::zero()));
  note_target(now);
}

void SendControl::handle_remb(Timestamp now, DataRate rate) {
  estimator_.handle_remb(now, rate);
  note_target(now);
}

void SendControl::handle_timeout(Timestamp now) {
  estimator_.handle_timeout(now);
  note_target(now);
}

void SendControl::handle_path(Timestamp now, const Path& path) {
  if (path_ && *path_ != path) {
    estimator_.handle_route_change(now);
    is_due_ = true;
  }
  path_ = path;
}

void SendControl::begin_probe(Timestamp now) {
  if (pacer_.is_probing()) return;
  const std::optional<BandwidthEstimator::Probe> probe = estimator_.poll_probe(now);
  if (!probe) return;
  cluster_ = probe->cluster;
  pacer_.begin_probe(now, {.rate = probe->rate, .bytes = probe->bytes, .packets = probe->packets});
}

}  // namespace eir
