#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/client_loop.h"
#include "bench/figures.h"
#include "bench/host.h"
#include "bench/scenario_spec.h"
#include "lib/transport/srtp_keys.h"

namespace eir::bench {

// The people of a scenario in rooms of one host, over real sockets, all in this thread. join(), then measure(). Whoever
// does not get in is counted and left out; nothing but a host that fails altogether ends a run.
class Scenario {
 public:
  // The profile is all that the clients offer, so that every server uses it.
  Scenario(Host& host, const ScenarioSpec& spec, SrtpProfile srtp_profile = SrtpProfile::kAeadAes128Gcm);
  ~Scenario();

  // All who come before the measurement; then the warm-up. Throws std::runtime_error if the rooms cannot be opened.
  void join();
  ScenarioFigures measure();

 private:
  enum class State : uint8_t { kJoining, kConnecting, kIn, kFailed, kLeft };
  // A person, or one of the two connections that a person needs where a connection goes one way.
  struct Person {
    Seat seat;
    const PeopleSpec* kind = nullptr;
    size_t client = 0;
    std::unique_ptr<Session> session;
    State state = State::kJoining;
    Timestamp deadline;
    bool is_late = false;      // came while it was measured
    bool meets_media = false;  // somebody was already sending in the room
  };
  struct Waiting {
    Seat seat;
    const PeopleSpec* kind = nullptr;
    Timestamp at;
  };
  struct Totals {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t bytes = 0;
    uint64_t missing = 0;
    uint64_t recovered = 0;
    uint64_t duplicates = 0;
    uint64_t verified = 0;
    uint64_t corrupt = 0;
  };

  void run_until(Timestamp until);
  // Until everybody who waits is in or has failed, at most until `limit`.
  void run_until_all_are_in(Timestamp limit);
  void turn(Timestamp until);
  void begin_waiting();
  void plan_room(size_t room, Duration apart);
  void plan(const Seat& seat, const PeopleSpec& kind, Duration apart);
  void begin_join(const Seat& seat, const PeopleSpec& kind, bool is_late);
  ClientOptions client_options(const Seat& seat, const PeopleSpec& kind, bool checks_all) const;
  void advance_joins();
  void advance(Person& person);
  void take_description(Person& person);
  void fail(Person& person, const std::string& reason);
  void begin_storms();
  void churn();
  void leave(Person& person);
  void take_sample();
  size_t connected() const;

  Totals totals();
  void fill_people(ScenarioFigures& figures);
  void fill_latency(ScenarioFigures& figures);
  void fill_join(ScenarioFigures& figures);

  Host& host_;
  const ScenarioSpec spec_;
  DtlsCertificate certificate_;
  DtlsContext dtls_;
  ClientLoop loop_;
  SeededRandom random_;
  std::vector<std::unique_ptr<Person>> people_;
  std::deque<Waiting> waiting_;
  std::vector<Person*> joining_;
  std::vector<size_t> publishers_in_;  // of each room
  std::map<std::string, size_t> refusals_;
  uint64_t resident_before_ = 0;
  size_t connections_wanted_ = 0;

  Timestamp started_;
  Timestamp measured_from_ = kNever;
  Timestamp next_sample_ = kNever;
  Timestamp next_churn_ = kNever;
  std::vector<const PeopleSpec*> storms_;  // not yet begun
  Totals last_;
  std::vector<Sample> samples_;
  std::string phase_;
  Timestamp phase_end_;
};

}  // namespace eir::bench
