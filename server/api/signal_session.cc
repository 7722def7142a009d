// SignalSession: what each client message does.
#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "server/api/signalling.h"

namespace eir {

namespace asio = boost::asio;

SignalSession::~SignalSession() {
  if (!is_bound_) return;
  signalling_.unbind(*this);
  signalling_.consultations_.signal_closed(signalling_.clock_.now(), who_);
  signalling_.drain_events();
}

asio::awaitable<void> SignalSession::handle(std::string text) {
  auto parsed = signal::parse(text);
  const auto* refused = std::get_if<signal::Refused>(&parsed);
  if (!said_hello_) {
    const auto* message = std::get_if<signal::ClientMessage>(&parsed);
    const auto* hello = message == nullptr ? nullptr : std::get_if<signal::Hello>(message);
    if (hello == nullptr) {
      connection_.close(CloseCode::kViolation);
      co_return;
    }
    handle_hello(*hello);
  } else if (!is_bound_) {
    co_return;  // taken over or removed; the closing handshake is on its way
  } else if (refused != nullptr) {
    connection_.send(signal::error(refused->code, refused->detail, refused->id));
  } else {
    co_await handle_known(std::move(std::get<signal::ClientMessage>(parsed)));
  }
  signalling_.drain_events();
}

asio::awaitable<void> SignalSession::handle_known(signal::ClientMessage message) {
  if (auto* offer = std::get_if<signal::Offer>(&message)) {
    co_await handle_offer(std::move(*offer));
  } else if (auto* view = std::get_if<signal::View>(&message)) {
    report(co_await signalling_.bridge_.set_view(who_, std::move(view->wishes)), {});
  } else if (auto* label = std::get_if<signal::Label>(&message)) {
    report(co_await signalling_.bridge_.set_label(who_, std::move(*label)), {});
  } else if (const auto* mute = std::get_if<signal::Mute>(&message)) {
    // A host's mute that they clear themself needs no telling back.
    if (!mute->muted) told_host_muted_.set(mute->kind, false);
    signalling_.consultations_.mute_self(signalling_.clock_.now(), who_, mute->kind, mute->muted);
  } else if (auto* persons = std::get_if<signal::Persons>(&message)) {
    handle_persons(std::move(*persons));
  } else if (const auto* chat = std::get_if<signal::Chat>(&message)) {
    pass_on(signal::chat(who_.participant, chat->text));
  } else if (const auto* typed = std::get_if<signal::RealTimeText>(&message)) {
    pass_on(signal::real_time_text(who_.participant, typed->t140));
  } else if (const auto* ping = std::get_if<signal::Ping>(&message)) {
    connection_.send(signal::pong(ping->id));
  } else if (std::holds_alternative<signal::Leave>(message)) {
    signalling_.unbind(*this);
    signalling_.consultations_.leave(signalling_.clock_.now(), who_);
    connection_.close(CloseCode::kNormal);
  } else {
    connection_.close(CloseCode::kViolation);  // a second hello
  }
}

void SignalSession::handle_hello(const signal::Hello& hello) {
  said_hello_ = true;
  const auto who = signalling_.consultations_.authenticate(signalling_.clock_.now(), hello.session);
  if (!who) {
    connection_.send(signal::error(problem_of(who.error()).code, "", {}));
    connection_.close(CloseCode::kUnauthorized);
    return;
  }
  signalling_.consultations_.name_self(*who, hello.display_name);
  signalling_.bind(*this, *who);
}

// A room's own device and who decides about others say of anybody who sits with them; the rest say so of people who
// decide about nobody, so that nobody makes themself look like a clinician.
void SignalSession::handle_persons(signal::Persons message) {
  const Consultation* consultation = signalling_.consultations_.find(who_.consultation);
  const Participant* self = consultation == nullptr ? nullptr : consultation->find_participant(who_.participant);
  const bool is_trusted = self != nullptr && (self->role == Role::kDevice || is_host_capable(self->role));
  const bool names_hosts =
      std::ranges::any_of(message.persons, [](const PresentPerson& person) { return is_host_capable(person.role); });
  if (names_hosts && !is_trusted) {
    report(problem_of(Refusal::kForbidden), {});
    return;
  }
  const auto done = signalling_.consultations_.set_persons(
      signalling_.clock_.now(), Actor::participant(who_.participant), who_, std::move(message.persons));
  if (!done) report(problem_of(done.error()), {});
}

void SignalSession::pass_on(const std::string& message) {
  const Consultation* consultation = signalling_.consultations_.find(who_.consultation);
  const Participant* self = consultation == nullptr ? nullptr : consultation->find_participant(who_.participant);
  if (self == nullptr || !may_write(*consultation, *self)) return report(problem_of(Refusal::kForbidden), {});
  for (SignalSession* other : signalling_.sessions_of(who_.consultation)) {
    const Participant* reader = consultation->find_participant(other->who_.participant);
    if (other == this || reader == nullptr || !is_read_by(*consultation, *self, *reader)) continue;
    other->connection_.send(message);
  }
}

asio::awaitable<void> SignalSession::handle_offer(signal::Offer offer) {
  const Timestamp came = signalling_.clock_.now().steady;
  auto outcome = co_await signalling_.bridge_.negotiate(who_, std::move(offer.sdp), offer.is_fresh);
  if (!is_bound_) co_return;
  if (const auto* sdp = std::get_if<std::string>(&outcome)) {
    const std::chrono::duration<double> taken = signalling_.clock_.now().steady - came;
    signalling_.offer_answer_.observe(taken.count());
    connection_.send(signal::answer(offer.id, *sdp));
  } else {
    report(std::get<Problem>(outcome), offer.id);
  }
}

void SignalSession::report(const std::optional<Problem>& problem, std::optional<int64_t> id) {
  if (problem && is_bound_) connection_.send(signal::error(problem->code, problem->detail, id));
}

}  // namespace eir
