#include "tests/support/line_room.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/router/client_session.h"
#include "lib/router/participant.h"
#include "lib/router/room.h"

namespace eir {
namespace {

constexpr Duration kStep = 5ms;      // between two looks at the queues
constexpr Duration kRenoStep = 1ms;  // while a TCP flow is there
constexpr Duration kShownFor = 500ms;
constexpr size_t kFramesOver = 5;  // samples that the frame rate is taken over

const ClientReceiver* first_slot(const SimPerson& person, MediaKind kind) {
  for (const auto& receiver : person.client->receivers()) {
    if (receiver->kind() == kind) return receiver.get();
  }
  return nullptr;
}

uint64_t bytes_of(const SimPerson& person) {
  uint64_t sum = 0;
  for (const auto& receiver : person.client->receivers()) sum += receiver->stats().bytes;
  return sum;
}

LineRoom::Heard heard_by(const SimPerson& person) {
  const ClientReceiver* const slot = first_slot(person, MediaKind::kAudio);
  if (slot == nullptr) return {};
  const ReceiverStats& stats = slot->stats();
  return {.expected = stats.packets + stats.lost + slot->missing(), .heard = stats.packets};
}

double kbps(uint64_t bytes) { return double(bytes) * 8 / 1e3 / to_seconds(LineRoom::kSample); }
double kbps(DataRate rate) { return double(rate.bps()) / 1e3; }

}  // namespace

LineRoom::LineRoom(uint64_t seed) : world_(seed), reno_random_(seed * 7919 + 3) {
  world_.on_send = [this](SimNetwork::NodeId to, ByteView bytes) {
    for (Watched& each : watched_) each.bytes_sent += each.person->node == to ? bytes.size() : 0;
  };
}

SimPerson& LineRoom::publish(const ClientOptions& options, double loss_up, bool signs) {
  AccessLine line;
  line.up.loss = loss_up;
  return world_.join(options, line, SimWorld::kAllRights, signs);
}

SimPerson& LineRoom::watch(const ClientOptions& options, const BandwidthLine& line, const LinkCondition& down) {
  const LinkCondition up{.delay = down.delay, .loss = line.loss};
  SimPerson& person = world_.join(options, {.up = up, .down = down});
  Watched watched;
  watched.person = &person;
  watched.line = line;
  watched_.push_back(std::move(watched));
  return person;
}

SimPerson& LineRoom::watch_beside(const ClientOptions& options) {
  const SimNetwork::NodeId other = watched_.front().person->node;
  SimPerson& person = watch(options, watched_.front().line, world_.network().down(other).condition());
  world_.network().share_down(person.node, other);
  find_controls();
  return person;
}

void LineRoom::find_controls() {
  for (const auto& participant : world_.router().rooms().at(SimWorld::kRoom)->participants()) {
    for (Watched& each : watched_) {
      if (each.person->id == participant->id()) each.control = participant->sessions().front()->find_send_control();
    }
  }
}

void LineRoom::begin(Duration not_before) {
  find_controls();
  const bool are_connected = world_.run_until(
      [this] {
        return std::all_of(world_.people().begin(), world_.people().end(),
                           [](const auto& person) { return person->connected != kNever; });
      },
      kConnects);
  EIR_CHECK(are_connected);
  world_.run_until(std::max(world_.now(), SimWorld::kStart + not_before));
  began_ = world_.now();
  for (Watched& each : watched_) {
    each.sampled_sent = each.bytes_sent;
    each.sampled_received = bytes_of(*each.person);
    each.before = heard_by(*each.person);
    if (each.line.dip_rate == DataRate()) continue;
    LinkCondition down = link_of(each).condition();
    const DataRate rate = *down.rate;
    down.rate = each.line.dip_rate;
    link_of(each).schedule(began_ + kDipAt, down);
    down.rate = rate;
    link_of(each).schedule(began_ + kDipEnd, down);
  }
}

LineRoom::Heard LineRoom::heard(size_t watched) const {
  const Watched& each = watched_[watched];
  const Heard now = heard_by(*each.person);
  return {.expected = now.expected - each.before.expected, .heard = now.heard - each.before.heard};
}

double LineRoom::padding() const {
  const RouterCounters& counters = world_.router().counters();
  uint64_t bytes = 0;
  for (const Watched& each : watched_) bytes += each.bytes_sent;
  return double(counters.probe_out_bytes - padding_at_10s_) / double(std::max<uint64_t>(bytes - bytes_at_10s_, 1));
}

void LineRoom::run_until(Duration at) {
  const Duration step = reno_ ? kRenoStep : kStep;
  while (passed() < at) {
    world_.run_for(step);
    if (reno_) step_reno();
    note_queues();
    if (passed() % kSample == Duration{}) take_samples();
  }
}

// Acknowledgements come back over a way of their own, with the same delay and without loss.
void LineRoom::step_reno() {
  const Timestamp now = world_.now();
  Reno& reno = *reno_;
  if (passed() < reno.starts) return;
  SimLink& link = link_of(watched_.front());
  const auto later = [](const Reno::Event& a, const Reno::Event& b) { return a.at > b.at; };
  const auto push = [&](const Reno::Event& event) {
    reno.events.insert(std::upper_bound(reno.events.begin(), reno.events.end(), event, later), event);
  };
  while (!reno.events.empty() && reno.events.back().at <= now) {
    const Reno::Event event = reno.events.back();
    reno.events.pop_back();
    if (event.is_ack) {
      reno.flow.handle_ack(event.at, event.number);
    } else {
      const uint64_t next = reno.receiver.handle_segment(event.number);
      push({.at = event.at + link.condition().delay, .number = next, .is_ack = true});
    }
  }
  while (const std::optional<uint64_t> number = reno.flow.poll_send(now)) {
    const SimLink::Arrivals arrivals = link.transmit(now, RenoFlow::kSegmentBytes, reno_random_);
    if (arrivals.count > 0) push({.at = arrivals.times[0], .number = *number});
  }
}

void LineRoom::note_queues() {
  for (Watched& each : watched_) {
    const double queue_ms = to_seconds(link_of(each).queue(world_.now())) * 1e3;
    each.queue_max_ms = std::max(each.queue_max_ms, queue_ms);
    each.queue_min_ms = std::min(each.queue_min_ms, queue_ms);
  }
}

void LineRoom::take_samples() {
  for (Watched& each : watched_) {
    const BandwidthEstimator& estimator = each.control->estimator();
    const BandwidthEstimator::State state = estimator.state();
    const Duration at = passed();
    const bool is_in_dip = each.line.dip_rate > DataRate() && at > kDipAt && at <= kDipEnd;
    const double link_kbps = kbps(is_in_dip ? each.line.dip_rate : each.line.rate);
    const double wanted_kbps = kbps(each.control->allocation().wanted);
    const uint64_t received = bytes_of(*each.person);
    BandwidthSample sample{
        .at = at,
        .link_kbps = link_kbps,
        .useful_kbps = std::min(link_kbps, wanted_kbps * BandwidthEstimator::kProbeBeyondWanted),
        .target_kbps = kbps(estimator.target()),
        .sent_kbps = kbps(each.bytes_sent - each.sampled_sent),
        .received_kbps = kbps(received - each.sampled_received),
        .queue_ms = each.queue_max_ms,
        .queue_min_ms = each.queue_min_ms,
        .estimated_queue_ms = to_seconds(state.queue) * 1e3,
        .layer_kbps = kbps(each.control->allocation().granted),
        .is_limited = state.is_application_limited,
        .decreases = estimator.counters().decreases,
    };
    sample_picture(each, sample);
    each.samples.push_back(sample);
    each.sampled_sent = each.bytes_sent;
    each.sampled_received = received;
    each.queue_max_ms = 0;
    each.queue_min_ms = 1e9;
  }
  if (passed() > 10s) return;
  bytes_at_10s_ = 0;
  for (const Watched& each : watched_) bytes_at_10s_ += each.bytes_sent;
  padding_at_10s_ = world_.router().counters().probe_out_bytes;
}

// Of the first picture slot, where the most important picture is.
void LineRoom::sample_picture(Watched& watched, BandwidthSample& sample) const {
  const ClientReceiver* const slot = first_slot(*watched.person, MediaKind::kVideo);
  if (slot == nullptr) return;
  const ReceiverStats& stats = slot->stats();
  if (stats.last_decodable != kNever && stats.last_decodable != watched.decoded_at) {
    watched.decoded_at = stats.last_decodable;
    watched.height = stats.last_height;
  }
  const bool is_shown = watched.decoded_at != Timestamp::min() && world_.now() - watched.decoded_at <= kShownFor;
  sample.height = is_shown ? watched.height : uint16_t{0};
  watched.frames.push_back(stats.decodable);
  const size_t back = std::min(kFramesOver, watched.frames.size() - 1);
  const uint64_t frames = stats.decodable - watched.frames[watched.frames.size() - 1 - back];
  sample.frames_per_second = back == 0 ? 0 : double(frames) / (to_seconds(kSample) * double(back));
  for (const SlotInfo& info : watched.person->slots) {
    if (info.mid == slot->mid()) sample.is_paused = info.state == SlotState::kPaused;
  }
}

}  // namespace eir
