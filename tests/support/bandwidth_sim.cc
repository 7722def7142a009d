#include "tests/support/bandwidth_sim.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/rtp/rtcp_transport_cc.h"
#include "tests/support/reno_flow.h"

namespace eir {
namespace {

constexpr DataRate kAudio = DataRate::kbps(32);
constexpr Duration kAudioEvery = 20ms;
constexpr size_t kAudioBytes = 80;  // 32 kbit/s
constexpr Duration kFrameEvery = 33'333us;
constexpr Duration kKeyEvery = 10s;
constexpr double kKeySize = 6;     // × an ordinary frame
constexpr double kKeyRepay = 0.2;  // of each frame after it
constexpr size_t kPacketBytes = 1200;
constexpr std::array kLayers = {DataRate::kbps(150), DataRate::kbps(500), DataRate::kbps(1700)};
constexpr Duration kStep = 1ms;
constexpr int kStepsPerSample = 100;
constexpr double kDrift = 50e-6;  // of the receiver's clock

std::vector<DataRate> choices(BandwidthSource source) {
  std::vector<DataRate> found = {DataRate()};
  for (const DataRate layer : kLayers) {
    if (source == BandwidthSource::kOneLayer) {
      found.push_back(layer);
      continue;
    }
    const size_t before = found.size();
    for (size_t i = 0; i < before; ++i) found.push_back(found[i] + layer);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

BandwidthFlow::BandwidthFlow(const Options& options, uint64_t seed)
    : options_(options),
      random_(seed),
      estimator_(options.estimator),
      pacer_(estimator_.pacing()),
      clock_offset_(Duration(static_cast<int64_t>(random_.below(1'000'000'000'000)))) {}

DataRate BandwidthFlow::wanted() const {
  if (options_.source == BandwidthSource::kOneLayer) return kLayers.back() + kAudio;
  return kLayers[0] + kLayers[1] + kLayers[2] + kAudio;
}

void BandwidthFlow::produce(Timestamp now) {
  if (!has_begun_) {
    has_begun_ = true;
    estimator_.set_wanted(now, wanted());
    next_audio_ = now;
    next_frame_ = now + Duration(static_cast<int64_t>(random_.below(33'000'000)));
    next_key_ = now;
  }
  while (next_audio_ <= now) {
    ++audio_waiting_;
    next_audio_ += kAudioEvery;
  }
  while (next_frame_ <= now) {
    choose_layer(now);
    size_t left = frame_bytes(now);
    backlog_bytes_ += left;
    while (left > 0) {
      backlog_.push_back(std::min(left, kPacketBytes));
      left -= backlog_.back();
    }
    next_frame_ += kFrameEvery;
  }
}

// Down at once; up when it fits with a margin, a second after the last step down: as the allocator does.
void BandwidthFlow::choose_layer(Timestamp now) {
  const DataRate budget = std::max(estimator_.target() - kAudio, DataRate());
  if (options_.source == BandwidthSource::kEncoder) {
    layer_ = std::min(budget * 0.97, wanted() - kAudio);
    return;
  }
  DataRate best;
  for (const DataRate choice : choices(options_.source)) {
    const bool is_up = choice > layer_;
    const bool may_rise = downgraded_at_ == Timestamp::min() || now - downgraded_at_ >= 1s;
    if (is_up ? choice <= budget * 0.95 && may_rise : choice <= budget) best = choice;
  }
  if (best == layer_) return;
  if (best < layer_) downgraded_at_ = now;
  layer_ = best;
  next_key_ = now;
  // What waited belongs to the layer that was left: never sent.
  backlog_.clear();
  backlog_bytes_ = 0;
}

size_t BandwidthFlow::frame_bytes(Timestamp now) {
  double bytes = double(layer_.bytes_in(kFrameEvery)) * (0.7 + 0.6 * random_.unit());
  if (now >= next_key_) {
    next_key_ = now + kKeyEvery;
    key_debt_ += bytes * (kKeySize - 1);
    return static_cast<size_t>(bytes * kKeySize);
  }
  const double saved = std::min(key_debt_, bytes * kKeyRepay);
  key_debt_ -= saved;
  return static_cast<size_t>(bytes - saved);
}

bool BandwidthFlow::next_packet(Timestamp now, Packet& packet) {
  packet = {};
  if (audio_waiting_ > 0) {
    --audio_waiting_;
    packet.is_audio = true;
    packet.bytes = kAudioBytes;
    return true;
  }
  if (!pacer_.may_send(now)) return false;
  if (!backlog_.empty()) {
    packet.bytes = backlog_.front();
    backlog_.pop_front();
    backlog_bytes_ -= packet.bytes;
    return true;
  }
  if (!pacer_.is_probing()) return false;
  packet.bytes = pacer_.probe_padding();
  packet.is_padding = true;
  return true;
}

void BandwidthFlow::handle_feedback(Timestamp now, ByteView bytes) {
  RtcpIterator blocks(bytes);
  const auto block = blocks.next();
  EIR_CHECK(block.has_value());
  const auto feedback = TransportCc::parse(*block);
  EIR_CHECK(feedback.has_value());
  estimator_.handle_feedback(now, *feedback);
}

void BandwidthFlow::note_lost(const Packet& packet, bool by_queue) {
  totals_.audio_lost += packet.is_audio ? 1 : 0;
  totals_.audio_dropped_by_queue += packet.is_audio && by_queue ? 1 : 0;
}

void BandwidthFlow::handle_arrival(Timestamp at, const Packet& packet) {
  totals_.received_bytes += packet.bytes;
  const auto drift = Duration(static_cast<int64_t>(double(at.time_since_epoch().count()) * kDrift));
  recorder_.handle_packet(at + clock_offset_ + drift, packet.sequence);
}

ByteView BandwidthFlow::poll_feedback(Timestamp at) {
  const auto drift = Duration(static_cast<int64_t>(double(at.time_since_epoch().count()) * kDrift));
  ByteWriter writer(feedback_);
  const FeedbackSsrcs ssrcs{.sender = Ssrc(1), .media = Ssrc(2)};
  return recorder_.write_feedback(at + clock_offset_ + drift, ssrcs, writer) ? writer.written() : ByteView{};
}

struct BandwidthSim::Event {
  enum class Kind : uint8_t { kArrival, kFeedback, kRenoArrival, kRenoAck };
  Timestamp at;
  uint64_t serial = 0;
  Kind kind = Kind::kArrival;
  size_t flow = 0;
  BandwidthFlow::Packet packet{};
  std::vector<uint8_t> bytes{};
  uint64_t number = 0;
  bool operator<(const Event& other) const { return at != other.at ? at > other.at : serial > other.serial; }
};

struct BandwidthSim::Reno {
  RenoFlow flow;
  RenoReceiver receiver;
};

BandwidthSim::BandwidthSim(const Options& options)
    : options_(options),
      random_(options.seed * 7919 + 1),
      forward_(condition(options.line.rate)),
      backward_(LinkCondition{.delay = options.round_trip / 2, .loss = options.line.loss}) {
  for (size_t i = 0; i < options.flows.size(); ++i) {
    flows_.push_back(std::make_unique<BandwidthFlow>(options.flows[i], options.seed * 31 + i));
  }
  if (options.reno_starts != Options::kNone) reno_ = std::make_unique<Reno>();
  if (options.line.dip_rate > DataRate()) {
    forward_.schedule(Timestamp(kDipAt), condition(options.line.dip_rate));
    forward_.schedule(Timestamp(kDipEnd), condition(options.line.rate));
  }
  samples_.resize(flows_.size());
  sampled_.resize(flows_.size());
  at_10s_.resize(flows_.size());
}

BandwidthSim::~BandwidthSim() = default;

LinkCondition BandwidthSim::condition(DataRate rate) const {
  return condition_of(options_.line, rate, options_.round_trip, options_.queue);
}

DataRate BandwidthSim::link_rate(Timestamp now) const {
  const BandwidthLine& line = options_.line;
  const Duration at = now.time_since_epoch();
  return line.dip_rate > DataRate() && at >= kDipAt && at < kDipEnd ? line.dip_rate : line.rate;
}

void BandwidthSim::push(Event event) {
  event.serial = ++serial_;
  heap_.push_back(std::move(event));
  std::push_heap(heap_.begin(), heap_.end());
}

void BandwidthSim::send(Timestamp now, size_t flow, const BandwidthFlow::Packet& packet) {
  const uint64_t dropped_before = forward_.counters().dropped_queue;
  const SimLink::Arrivals arrivals = forward_.transmit(now, packet.bytes, random_);
  if (arrivals.count == 0) {
    return flows_[flow]->note_lost(packet, forward_.counters().dropped_queue > dropped_before);
  }
  push({.at = arrivals.times[0], .kind = Event::Kind::kArrival, .flow = flow, .packet = packet});
}

void BandwidthSim::step_reno(Timestamp now) {
  if (!reno_ || now.time_since_epoch() < options_.reno_starts) return;
  while (const std::optional<uint64_t> number = reno_->flow.poll_send(now)) {
    const SimLink::Arrivals arrivals = forward_.transmit(now, RenoFlow::kSegmentBytes, random_);
    if (arrivals.count == 0) continue;
    push({.at = arrivals.times[0], .kind = Event::Kind::kRenoArrival, .number = *number});
  }
}

void BandwidthSim::deliver(Timestamp now) {
  while (!heap_.empty() && heap_.front().at <= now) {
    std::pop_heap(heap_.begin(), heap_.end());
    Event event = std::move(heap_.back());
    heap_.pop_back();
    switch (event.kind) {
      case Event::Kind::kArrival:
        flows_[event.flow]->handle_arrival(event.at, event.packet);
        break;
      case Event::Kind::kFeedback:
        flows_[event.flow]->handle_feedback(event.at, event.bytes);
        break;
      case Event::Kind::kRenoArrival:
        push({.at = event.at + options_.round_trip / 2,
              .kind = Event::Kind::kRenoAck,
              .number = reno_->receiver.handle_segment(event.number)});
        break;
      case Event::Kind::kRenoAck:
        reno_->flow.handle_ack(event.at, event.number);
        break;
    }
  }
}

void BandwidthSim::note_queue(Timestamp now) {
  const double queue_ms = to_seconds(forward_.queue(now)) * 1e3;
  queue_max_ms_ = std::max(queue_max_ms_, queue_ms);
  queue_min_ms_ = std::min(queue_min_ms_, queue_ms);
}

void BandwidthSim::run_until(Duration until) {
  for (; now_ < Timestamp(until); now_ += kStep) {
    deliver(now_);
    for (size_t i = 0; i < flows_.size(); ++i) {
      flows_[i]->step(now_, [&](const BandwidthFlow::Packet& packet) { send(now_, i, packet); });
      for (ByteView bytes = flows_[i]->poll_feedback(now_); !bytes.empty(); bytes = flows_[i]->poll_feedback(now_)) {
        const SimLink::Arrivals arrivals = backward_.transmit(now_, bytes.size(), random_);
        if (arrivals.count == 0) continue;
        push({.at = arrivals.times[0],
              .kind = Event::Kind::kFeedback,
              .flow = i,
              .bytes = {bytes.begin(), bytes.end()}});
      }
    }
    step_reno(now_);
    note_queue(now_);
    if ((now_.time_since_epoch() / kStep) % kStepsPerSample == kStepsPerSample - 1) take_samples(now_);
  }
}

void BandwidthSim::take_samples(Timestamp now) {
  constexpr double kKbpsPerByte = 8.0 / (kStepsPerSample * 1.0);  // bytes in 100 ms
  for (size_t i = 0; i < flows_.size(); ++i) {
    const BandwidthFlow& flow = *flows_[i];
    const BandwidthFlow::Totals& totals = flow.totals();
    const BandwidthEstimator::State state = flow.estimator().state();
    const double link_kbps = double(link_rate(now).bps()) / 1e3;
    samples_[i].push_back({.at = now.time_since_epoch(),
                           .link_kbps = link_kbps,
                           .useful_kbps = std::min(link_kbps, double(flow.useful().bps()) / 1e3),
                           .target_kbps = double(flow.estimator().target().bps()) / 1e3,
                           .sent_kbps = double(totals.sent_bytes - sampled_[i].sent_bytes) * kKbpsPerByte,
                           .received_kbps = double(totals.received_bytes - sampled_[i].received_bytes) * kKbpsPerByte,
                           .queue_ms = queue_max_ms_,
                           .queue_min_ms = queue_min_ms_,
                           .estimated_queue_ms = to_seconds(state.queue) * 1e3,
                           .layer_kbps = double(flow.layer().bps()) / 1e3,
                           .is_limited = state.is_application_limited,
                           .decreases = flow.estimator().counters().decreases});
    sampled_[i] = totals;
    if (now.time_since_epoch() < 10s) at_10s_[i] = totals;
  }
  queue_max_ms_ = 0;
  queue_min_ms_ = 1e9;
}

uint64_t BandwidthSim::reno_bytes() const { return reno_ ? reno_->receiver.bytes() : 0; }

}  // namespace eir
