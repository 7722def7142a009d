#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/packet.h"
#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/client/client.h"
#include "lib/router/router.h"
#include "lib/transport/transmit_queue.h"
#include "tests/support/sim_network.h"

namespace eir {

// The access line of a person, each way.
struct AccessLine {
  LinkCondition up;
  LinkCondition down;
};

// Somebody in the room of a SimWorld.
struct SimPerson {
  ParticipantId id;
  TransportId transport;
  SimNetwork::NodeId node = 0;
  std::unique_ptr<Client> client;
  bool is_gone = false;
  std::vector<SlotInfo> slots;  // as the router told last
  std::vector<ClientEvent> events;
  Timestamp joined;
  Timestamp connected = kNever;
  Timestamp due = Timestamp::min();  // the client's next timeout, kept here because asking costs
};

// A Router with one room, clients, and a network between them, in virtual time and from one seed. Signalling takes no
// time. What the router answers with a refusal is a failed check: a simulation asks for nothing forbidden.
class SimWorld {
 public:
  static constexpr Timestamp kStart{Duration(1000s)};
  static constexpr RoomId kRoom{1};
  // Of the router's queue at its fullest.
  static constexpr size_t kQueueDatagrams = 512;
  static constexpr Rights kAllRights{.send = kAllKinds, .receive = kAllKinds, .groups = 1};

  // A queue of few datagrams makes the router wait for room.
  explicit SimWorld(uint64_t seed, size_t packets_max = 16384, size_t queue_datagrams = kQueueDatagrams);
  ~SimWorld();

  // Offers, answers and starts; the client's tag is its participant id.
  SimPerson& join(ClientOptions options, const AccessLine& line = {}, const Rights& rights = kAllRights,
                  bool signs = false);
  // The client says BYE and close_notify; the router is told.
  void leave(SimPerson& person);
  // The client offers again (after add_…() or remove_media()).
  void renegotiate(SimPerson& person);
  // As over signalling; packets with the new credentials flow from then on.
  void restart_ice(SimPerson& person);
  void set_rights(SimPerson& person, const Rights& rights);

  void run_until(Timestamp end);
  void run_for(Duration d) { run_until(now_ + d); }
  // False if it did not happen within `limit`.
  bool run_until(const std::function<bool()>& happened, Duration limit);

  Timestamp now() const { return now_; }
  uint64_t seed() const { return seed_; }
  Router& router() { return *router_; }
  const Router& router() const { return *router_; }
  SimNetwork& network() { return network_; }
  SimNetwork::NodeId server() const { return server_; }
  std::vector<std::unique_ptr<SimPerson>>& people() { return people_; }
  const std::vector<RouterEvent>& events() const { return events_; }
  PacketPool& pool() { return pool_; }
  // What `counter`, in which a test counts allocations, grew by within calls into the router and into clients since
  // then, by media and RTCP: signalling, STUN and DTLS do not count.
  void count_allocations(const uint64_t* counter) {
    counter_ = counter;
    router_allocations_ = client_allocations_ = allocating_timeouts_ = 0;
  }
  uint64_t router_allocations() const { return router_allocations_; }
  uint64_t client_allocations() const { return client_allocations_; }
  // Of the router's timeouts so many allocated anything. (Its rooms' ticks, four a second, may.)
  uint64_t allocating_timeouts() const { return allocating_timeouts_; }
  // RTP packets that left the router, counted where a worker calls send().
  uint64_t rtp_sent() const { return rtp_sent_; }
  // Called with each datagram of the router at that moment.
  std::function<void(SimNetwork::NodeId to, ByteView bytes)> on_send;
  // Called when the queue was full, has been sent, and the router waits with more.
  std::function<void()> on_queue_full;
  // Which of the sums in RouterCounters and ForwardCounters does not come out, with its two sides; empty if all do.
  // Held to be empty at the end of every simulation.
  std::string unaccounted() const;
  // Everything that must be equal in two runs of one seed: datagrams, and what each client read of each slot.
  uint64_t digest() const;

 private:
  void step();
  Timestamp next_timeout();
  void deliver();
  void drain_client(SimPerson& person);
  void drain_router();
  void drain_router_events();
  void send(const TransmitQueue::Datagram& datagram);
  SimPerson* find(SimNetwork::NodeId node);
  SimPerson* find(ParticipantId id);
  void answer(SimPerson& person);

  uint64_t allocated() const { return counter_ == nullptr ? 0 : *counter_; }

  uint64_t seed_;
  const uint64_t* counter_ = nullptr;
  uint64_t router_allocations_ = 0;
  uint64_t client_allocations_ = 0;
  uint64_t allocating_timeouts_ = 0;
  uint64_t rtp_sent_ = 0;
  Timestamp now_ = kStart;
  SeededRandom router_random_;
  SimNetwork network_;
  SocketAddress server_address_;
  SimNetwork::NodeId server_ = 0;
  PacketPool pool_;
  TransmitQueue queue_;
  std::unique_ptr<Router> router_;
  std::vector<std::unique_ptr<SeededRandom>> client_randoms_;
  std::vector<std::unique_ptr<SimPerson>> people_;
  std::vector<RouterEvent> events_;
};

}  // namespace eir
