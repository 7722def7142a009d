#include "lib/transport/ice_controlling.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr size_t kTransmissionsMax = 2 * IceControlling::kPairsMax;
constexpr size_t kEventsMax = 64;
// A full peer paces its checks by 50 ms too.
constexpr size_t kRepliesMax = IceControlling::kPairsMax;
// So that this agent, which can only control, keeps the role: random below, as large as can be above.
constexpr uint64_t kWinningTieBreaker = 0xffff'ffff'0000'0000;

// RFC 8445 section 5.1.2.1 with the type preference of a peer-reflexive candidate (110), as section 7.1.1 asks of
// PRIORITY, the order of the pairs as local preference, and component 1.
uint32_t priority_of(size_t index) {
  constexpr uint32_t kPeerReflexive = 110;
  return kPeerReflexive << 24 | (65535 - static_cast<uint32_t>(index)) << 8 | (256 - 1);
}

}  // namespace

IceControlling::IceControlling(Timestamp now, Random& random, IceControllingConfig config)
    : random_(random),
      tie_breaker_(random.u64() | kWinningTieBreaker),
      transmissions_(kTransmissionsMax),
      replies_(kRepliesMax),
      events_(kEventsMax) {
  start(now, std::move(config));
}

void IceControlling::restart(Timestamp now, IceControllingConfig config) {
  // A lost connection has no consent to go on with; one that lives keeps its selected pair for as long as consent
  // lasts.
  if (is_lost_) is_selected_ = false;
  is_lost_ = false;
  start(now, std::move(config));
}

void IceControlling::handle_stun(Timestamp now, const StunMessage& message, const Path& path) {
  const StunClass message_class = message.message_class();
  if (message.is_request()) return handle_request(message, path);
  if (message_class == StunClass::kIndication) {
    ++counters_.indications;
    return;
  }
  // RFC 8445 section 7.2.5.2.1: a response must come from where the request went.
  const auto pair =
      std::find_if(pairs_.begin(), pairs_.end(), [&path](const Pair& candidate) { return candidate.path == path; });
  if (is_lost_ || pair == pairs_.end()) {
    ++counters_.responses_unmatched;
    return;
  }
  const auto request = std::find(pair->outstanding.begin(), pair->outstanding.end(), message.transaction_id());
  if (request == pair->outstanding.end()) {
    ++counters_.responses_unmatched;
    return;
  }
  if (!message.verify_integrity(*remote_key_)) {
    ++counters_.responses_unauthentic;
    return;
  }
  request->reset();
  const auto index = static_cast<size_t>(pair - pairs_.begin());
  if (message_class == StunClass::kError) {
    ++counters_.error_responses;
    if (pair->next_send != kNever) fail(now, index);
    return;
  }
  ++counters_.responses_valid;
  if (message.xor_mapped_address()) mapped_address_ = message.xor_mapped_address();
  const auto slot = static_cast<size_t>(request - pair->outstanding.begin());
  const bool is_newest = slot == (pair->requests - 1) % kTransactionsMax;
  if (is_newest) pair->next_send = kNever;
  handle_success(now, index, is_newest && pair->is_nominating);
}

void IceControlling::handle_request(const StunMessage& message, const Path& path) {
  const bool is_authentic =
      !is_lost_ && message.username_receiver() == local_ufrag_ && message.verify_integrity(*local_key_);
  const std::optional<uint64_t> rival = message.ice_controlling();
  if (!is_authentic || (rival && *rival > tie_breaker_) ||
      !replies_.push({message.transaction_id(), path, rival.has_value()})) {
    ++counters_.requests_refused;
    return;
  }
  ++counters_.requests_answered;
}

void IceControlling::handle_timeout(Timestamp now) {
  if (is_lost_) return;
  if (consent_until_ <= now) {
    lose();
    return;
  }
  for (size_t i = 0; i < pairs_.size() && !is_lost_; ++i) {
    if (pairs_[i].next_send <= now) retransmit(now, i);
  }
  if (is_lost_) return;
  if (next_check_ <= now) send_next_waiting(now);
  consider_nomination(now);
  if (next_consent_ <= now) send_consent_check(now);
}

Timestamp IceControlling::next_timeout() const {
  if (is_lost_) return kNever;
  Timestamp next = std::min({consent_until_, next_check_, next_consent_, nomination_due()});
  for (const Pair& pair : pairs_) next = std::min(next, pair.next_send);
  return next;
}

size_t IceControlling::write_reply(MutableBytes out, Path& path) {
  const Reply reply = replies_.pop();
  path = reply.path;
  if (!reply.is_conflict) return write_binding_success(reply.transaction_id, path.remote, *local_key_, out);
  return write_binding_error({reply.transaction_id, StunErrorCode::kRoleConflict, {}}, *local_key_, out);
}

size_t IceControlling::poll_transmit(MutableBytes out, Path& path) {
  if (!replies_.empty()) return write_reply(out, path);
  if (transmissions_.empty()) return 0;
  const Transmission transmission = transmissions_.pop();
  path = pairs_[transmission.pair].path;
  const size_t size = write_binding_request({.transaction_id = transmission.transaction_id,
                                             .username = username_,
                                             .priority = priority_of(transmission.pair),
                                             .tie_breaker = tie_breaker_,
                                             .use_candidate = transmission.use_candidate},
                                            *remote_key_, out);
  EIR_CHECK(size > 0);  // `out` holds kStunWriteBytesMax
  ++counters_.checks_sent;
  return size;
}

std::optional<IceControllingEvent> IceControlling::poll_event() {
  if (events_.empty()) return std::nullopt;
  return events_.pop();
}

const Path* IceControlling::send_path() const {
  if (is_lost_) return nullptr;
  if (is_selected_) return &selected_path_;
  const std::optional<size_t> best = best_succeeded();
  return best ? &pairs_[*best].path : nullptr;
}

void IceControlling::start(Timestamp now, IceControllingConfig config) {
  options_ = config.options;
  username_ = config.remote.ufrag + ":" + config.local.ufrag;
  local_ufrag_ = config.local.ufrag;
  local_key_.emplace(config.local.pwd);
  remote_key_.emplace(config.remote.pwd);
  replies_.clear();
  pairs_.clear();
  transmissions_.clear();
  for (size_t i = 0; i < config.pairs.size() && i < kPairsMax; ++i) {
    Pair& pair = pairs_.emplace_back();
    pair.path = config.pairs[i];
  }
  first_success_.reset();
  nominating_.reset();
  selected_pair_.reset();
  next_consent_ = kNever;
  if (!is_selected_) consent_until_ = kNever;
  if (pairs_.empty()) {
    lose();
  } else {
    send_next_waiting(now);
  }
}

void IceControlling::begin_request(size_t index, bool is_nominating) {
  Pair& pair = pairs_[index];
  StunTransactionId id{};
  random_.fill(id);
  pair.outstanding[pair.requests++ % kTransactionsMax] = id;
  pair.is_nominating = is_nominating;
  pair.sends = 1;
  pair.next_send = kNever;
  // A caller that does not drain loses requests as a network would; their retransmissions follow.
  transmissions_.push({.pair = index, .transaction_id = id, .use_candidate = is_nominating});
}

void IceControlling::begin_check(Timestamp now, size_t index, bool is_nominating) {
  begin_request(index, is_nominating);
  // RFC 8445 section 14.3: the more pairs are under way, the longer one waits.
  const auto active = std::count_if(pairs_.begin(), pairs_.end(), [](const Pair& pair) {
    return pair.state == PairState::kWaiting || pair.state == PairState::kInProgress;
  });
  Pair& pair = pairs_[index];
  pair.rto = std::max(options_.rto, options_.pacing * active);
  pair.next_send = now + pair.rto;
  if (pair.state == PairState::kWaiting) pair.state = PairState::kInProgress;
}

void IceControlling::retransmit(Timestamp now, size_t index) {
  Pair& pair = pairs_[index];
  const auto& newest = pair.outstanding[(pair.requests - 1) % kTransactionsMax];
  if (pair.sends == options_.sends_max || !newest) {
    fail(now, index);
    return;
  }
  ++pair.sends;
  pair.rto = std::min(pair.rto * 2, options_.rto_max);
  pair.next_send = now + pair.rto;
  transmissions_.push({.pair = index, .transaction_id = *newest, .use_candidate = pair.is_nominating});
}

void IceControlling::send_next_waiting(Timestamp now) {
  next_check_ = kNever;
  const auto is_waiting = [](const Pair& pair) { return pair.state == PairState::kWaiting; };
  const auto waiting = std::find_if(pairs_.begin(), pairs_.end(), is_waiting);
  if (waiting == pairs_.end()) return;
  begin_check(now, static_cast<size_t>(waiting - pairs_.begin()), options_.nomination == IceNomination::kAggressive);
  if (std::any_of(pairs_.begin(), pairs_.end(), is_waiting)) next_check_ = now + options_.pacing;
}

void IceControlling::send_consent_check(Timestamp now) {
  next_consent_ = now + next_consent_interval();
  // RFC 7675 section 5.1: each consent check is a transaction of its own and is not retransmitted.
  begin_request(*selected_pair_, options_.nomination == IceNomination::kAggressive);
}

void IceControlling::handle_success(Timestamp now, size_t index, bool answers_nomination) {
  Pair& pair = pairs_[index];
  if (pair.state != PairState::kSucceeded) {
    pair.state = PairState::kSucceeded;
    if (!first_success_) first_success_ = now;
    tell(IcePairValidated{pair.path});
  }
  // After a restart the pair in use may answer before it is selected anew.
  if (is_selected_ && pair.path == selected_path_) consent_until_ = now + kConsentLifetime;
  // Aggressive nomination moves to better pairs only, as the peer does.
  if (answers_nomination && (!selected_pair_ || index < *selected_pair_)) select(now, index);
  consider_nomination(now);
}

void IceControlling::consider_nomination(Timestamp now) {
  if (nomination_due() > now) return;
  nominating_ = best_succeeded();
  begin_check(now, *nominating_, true);
}

// When the best pair that answered is to be nominated: at once if no better one is left to wait for; kNever if there is
// none or one is nominated already.
Timestamp IceControlling::nomination_due() const {
  if (options_.nomination == IceNomination::kAggressive || nominating_ || selected_pair_) return kNever;
  const std::optional<size_t> best = best_succeeded();
  if (!best || !first_success_) return kNever;
  const bool none_better_left = std::all_of(pairs_.begin(), pairs_.begin() + static_cast<std::ptrdiff_t>(*best),
                                            [](const Pair& pair) { return pair.state == PairState::kFailed; });
  return none_better_left ? *first_success_ : *first_success_ + options_.nomination_patience;
}

void IceControlling::select(Timestamp now, size_t index) {
  selected_pair_ = index;
  selected_path_ = pairs_[index].path;
  is_selected_ = true;
  consent_until_ = now + kConsentLifetime;
  next_consent_ = now + next_consent_interval();
  tell(IcePairSelected{selected_path_});
  // RFC 8445 section 8.1.2: checks of the others end; with aggressive nomination those that could still win go on.
  for (size_t i = 0; i < pairs_.size(); ++i) {
    Pair& pair = pairs_[i];
    if (pair.state == PairState::kSucceeded || (options_.nomination == IceNomination::kAggressive && i < index))
      continue;
    pair.state = PairState::kFailed;
    pair.next_send = kNever;
  }
}

void IceControlling::fail(Timestamp now, size_t index) {
  ++counters_.pairs_failed;
  pairs_[index].state = PairState::kFailed;
  pairs_[index].next_send = kNever;
  if (nominating_ == index) nominating_.reset();
  const bool all_failed =
      std::all_of(pairs_.begin(), pairs_.end(), [](const Pair& pair) { return pair.state == PairState::kFailed; });
  if (all_failed) {
    lose();
  } else {
    consider_nomination(now);
  }
}

void IceControlling::lose() {
  is_lost_ = true;
  is_selected_ = false;
  selected_pair_.reset();
  nominating_.reset();
  next_check_ = kNever;
  next_consent_ = kNever;
  consent_until_ = kNever;
  transmissions_.clear();
  tell(IceConnectionLost{});
}

void IceControlling::tell(IceControllingEvent event) {
  if (events_.size() == events_.capacity()) events_.pop();  // a caller that does not drain hears the newest
  events_.push(event);
}

std::optional<size_t> IceControlling::best_succeeded() const {
  const auto best =
      std::find_if(pairs_.begin(), pairs_.end(), [](const Pair& pair) { return pair.state == PairState::kSucceeded; });
  if (best == pairs_.end()) return std::nullopt;
  return static_cast<size_t>(best - pairs_.begin());
}

Duration IceControlling::next_consent_interval() {
  // RFC 7675 section 5.1: between 0.8 and 1.2 of the basic interval.
  const auto fifth = options_.consent_interval.count() / 5;
  return Duration(4 * fifth + static_cast<int64_t>(random_.below(static_cast<uint64_t>(2 * fifth) + 1)));
}

}  // namespace eir
