#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "server/api/recorder.h"
#include "server/api/room_bridge.h"
#include "server/api/signal_connection.h"
#include "server/telemetry/histogram.h"

namespace eir {

class Signalling;

// One signalling connection of one participant, from hello to close. Owned by its WebSocket.
class SignalSession final : public SignalReceiver {
 public:
  SignalSession(Signalling& signalling, SignalConnection& connection)
      : signalling_(signalling), connection_(connection) {}
  ~SignalSession() override;
  SignalSession(const SignalSession&) = delete;
  SignalSession& operator=(const SignalSession&) = delete;

  boost::asio::awaitable<void> handle(std::string text) override;
  bool said_hello() const override { return said_hello_; }

 private:
  friend class Signalling;

  boost::asio::awaitable<void> handle_known(signal::ClientMessage message);
  void handle_hello(const signal::Hello& hello);
  boost::asio::awaitable<void> handle_offer(signal::Offer offer);
  void handle_persons(signal::Persons message);
  // To all who may receive from this participant.
  void pass_on(const std::string& message);
  void report(const std::optional<Problem>& problem, std::optional<int64_t> id);

  Signalling& signalling_;
  SignalConnection& connection_;
  bool said_hello_ = false;
  // Whether who_ may act here: false before hello, and once another connection or the end took its place.
  bool is_bound_ = false;
  ParticipantRef who_;
  Timestamp token_made_;
  // What this client has been told.
  bool told_admitted_ = false;
  Rights told_rights_;
  MuteKinds told_host_muted_;
  std::set<ParticipantKey> visible_;
};

// All sessions: turns what happens in the domain and in the workers into messages. Owned by Backend.
class Signalling {
 public:
  // Half a token's life, so that one lost renewal costs nobody the session.
  static constexpr Duration kRenewAfter = Consultations::kSessionLife / 2;

  Signalling(boost::asio::any_io_executor executor, Consultations& consultations, RoomBridge& bridge,
             Recorder& recorder, const Clock& clock)
      : executor_(std::move(executor)),
        consultations_(consultations),
        bridge_(bridge),
        recorder_(recorder),
        clock_(clock) {}

  // Takes what the domain's last calls changed to the journal; what is on disk is told to everybody concerned, and to
  // the workers. After each batch of calls, and when more is on disk.
  void drain_events();
  // Presence that ran out, tokens to renew: several times a second.
  void handle_tick();
  void send_slots(ParticipantRef who);
  void send_layers(ParticipantRef who, std::string_view mid, const std::vector<std::string>& rids);
  // To both of the pair, and to those hosts who see both.
  void send_silence(ParticipantRef from, ParticipantRef to, const channel::PairSilenceChanged& silence);
  void send_speakers(ConsultationKey key, const std::vector<ParticipantKey>& participants);
  void send_renew(ParticipantRef who);
  // At the end of the process; the sessions touch nothing of Eir any more.
  void close_all(CloseCode code);
  size_t session_count() const { return sessions_.size(); }
  // From an offer's arrival over signalling to its answer, in seconds: what Eir itself takes of a join before ICE.
  const Histogram& offer_answer() const { return offer_answer_; }

 private:
  friend class SignalSession;

  SignalSession* find(ParticipantRef who) const;
  std::vector<SignalSession*> sessions_of(ConsultationKey key) const;
  // May the session's participant see this one in its roster?
  bool is_visible_to(const SignalSession& session, const Consultation& consultation, const Participant& other) const;
  std::vector<const Participant*> roster_for(SignalSession& session, const Consultation& consultation) const;
  void bind(SignalSession& session, ParticipantRef who);
  // Takes the session out of the list; it hears nothing more.
  void unbind(SignalSession& session);
  void dismiss(ParticipantRef who, const std::string& last_words, CloseCode code);
  void tell_change(const Consultation& consultation, const Participant& participant);
  void tell_own_change(SignalSession& session, const Consultation& consultation, const Participant& participant);
  void tell_visible(SignalSession& session, const Consultation& consultation);
  void tell_gone(ParticipantRef who);
  void tell_room(ConsultationKey key);
  void handle_event(const ConsultationEvent& event);
  void spawn_sync(ParticipantRef who, bool create);

  boost::asio::any_io_executor executor_;
  Consultations& consultations_;
  RoomBridge& bridge_;
  Recorder& recorder_;
  const Clock& clock_;
  std::map<ParticipantRef, SignalSession*> sessions_;
  Histogram offer_answer_{0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1};
};

}  // namespace eir
