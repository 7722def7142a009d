#include "tests/support/sim_world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "lib/base/check.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/transport/dtls_certificate.h"
#include "lib/transport/dtls_context.h"
#include "lib/transport/srtp_crypto.h"

namespace eir {
namespace {

constexpr uint64_t kNetworkSeed = 0x6e6574;
constexpr uint64_t kClientSeed = 0x636c69;
constexpr uint16_t kClientPort = 20000;

// Made once per process: keys and certificates come from OpenSSL's randomness and are no part of a run.
struct Identities {
  Identities() { EIR_CHECK(install_srtp_engine(SrtpEngine::kEvp).has_value()); }
  DtlsCertificate server_certificate = DtlsCertificate::generate(1'700'000'000);
  DtlsCertificate client_certificate = DtlsCertificate::generate(1'700'000'000);
  DtlsContext server{server_certificate};
  DtlsContext client{client_certificate};
};
const Identities& identities() {
  static const Identities kIdentities;
  return kIdentities;
}

// STUN's HMAC and DTLS allocate within OpenSSL, and are no part of the media path.
bool is_media(ByteView datagram) {
  const PacketClass kind = classify(datagram);
  return kind == PacketClass::kRtp || kind == PacketClass::kRtcp;
}

sdp::Candidate candidate_for(const SocketAddress& address) {
  sdp::Candidate candidate;
  candidate.foundation = "1";
  candidate.priority = 2130706431;
  candidate.address = "198.51.100.1";
  candidate.port = address.port;
  return candidate;
}

}  // namespace

SimWorld::SimWorld(uint64_t seed, size_t packets_max, size_t queue_datagrams)
    : seed_(seed),
      router_random_(seed),
      network_(seed ^ kNetworkSeed),
      server_address_(SocketAddress::v4({198, 51, 100, 1}, 3478)),
      pool_(packets_max),
      queue_(queue_datagrams, queue_datagrams * TransmitQueue::kDatagramMax) {
  LinkCondition ideal;
  ideal.delay = 0ms;
  server_ = network_.add_node(server_address_, ideal, ideal);
  RouterOptions options;
  options.candidates = {candidate_for(server_address_)};
  router_ = std::make_unique<Router>(options, identities().server, router_random_);
  EIR_CHECK(router_->open_room(kRoom, {}).has_value());
}

SimWorld::~SimWorld() {
  const std::string missing = unaccounted();
  if (!missing.empty()) std::fprintf(stderr, "not accounted for: %s\n", missing.c_str());
  EIR_CHECK(missing.empty());
}

namespace {

// What slots have before them or wait with.
struct Pending {
  uint64_t unread = 0;
  uint64_t waiting = 0;
};
Pending pending_of(const Participant& participant) {
  Pending pending;
  for (const auto& session : participant.sessions()) {
    for (const auto& slot : session->slots()) {
      pending.unread += slot->unread();
      pending.waiting += slot->waiting();
    }
  }
  return pending;
}
Pending pending_of(const Router& router) {
  Pending pending;
  for (const auto& [id, room] : router.rooms()) {
    for (const auto& participant : room->participants()) {
      const Pending more = pending_of(*participant);
      pending.unread += more.unread;
      pending.waiting += more.waiting;
    }
  }
  return pending;
}

}  // namespace

std::string SimWorld::unaccounted() const {
  const RouterCounters& c = router_->counters();
  const ForwardCounters& f = c.forward;
  const Pending pending = pending_of(*router_);
  std::string text;
  const auto expect = [&text](const char* what, uint64_t in, uint64_t out) {
    if (in != out) text += std::string(what) + ' ' + std::to_string(in) + " != " + std::to_string(out) + "; ";
  };
  expect("datagrams", c.datagrams,
         c.stun + c.dtls + c.rtp_datagrams + c.rtcp_datagrams + c.drop_unclassified + c.drop_unknown_path);
  expect("rtp_datagrams", c.rtp_datagrams,
         c.rtp_in + c.rtp_padding_in + c.drop_not_authentic + c.drop_rtp_malformed + c.drop_unknown_ssrc +
             c.drop_not_negotiated + c.drop_duplicate);
  expect("offered to slots", f.offered + f.looked_back,
         f.not_ready + f.other_layer + f.before_start + f.late + f.left + f.gone + f.no_room + f.above_limit +
             f.padding_closed + f.padding + f.forwarded + pending.unread);
  expect("entries of slots", f.forwarded + f.padding + f.inserted,
         c.rtp_out + c.drop_revoked + c.drop_unsendable + c.drop_queue_full_audio + c.drop_queue_full_video +
             c.drop_slot_ended + pending.waiting);
  expect("sent", c.rtp_out + c.rtx_out + c.probe_out, rtp_sent_);
  return text;
}

SimPerson& SimWorld::join(ClientOptions options, const AccessLine& line, const Rights& rights, bool signs) {
  const auto number = static_cast<uint32_t>(people_.size() + 1);
  auto person = std::make_unique<SimPerson>();
  person->id = ParticipantId(number);
  person->transport = TransportId(number);
  person->joined = now_;
  const auto port = static_cast<uint16_t>(kClientPort + number * SimNetwork::kSocketsMax);
  person->node = network_.add_node(SocketAddress::v4({203, 0, 113, 1}, port), line.up, line.down);
  options.tag = number;
  client_randoms_.push_back(std::make_unique<SeededRandom>((seed_ + number) * kClientSeed));
  person->client = std::make_unique<Client>(std::move(options), identities().client, *client_randoms_.back());
  const std::string tag = "person-" + std::to_string(number);
  EIR_CHECK(router_->join(now_, kRoom, person->id, rights, {.tag = tag, .signs = signs}).has_value());
  people_.push_back(std::move(person));
  answer(*people_.back());
  return *people_.back();
}

void SimWorld::answer(SimPerson& person) {
  const std::string offer = person.client->write_offer();
  const auto answered = router_->negotiate(
      now_, {.participant = person.id, .transport = person.transport, .kind = SessionKind::kWeb, .offer = offer});
  EIR_CHECK(answered.has_value());
  EIR_CHECK(person.client->handle_answer(now_, answered->sdp).has_value());
  person.due = Timestamp::min();
  drain_router();
}

void SimWorld::renegotiate(SimPerson& person) { answer(person); }

void SimWorld::restart_ice(SimPerson& person) {
  person.client->begin_ice_restart();
  const auto fresh = router_->restart_ice(now_, person.transport, person.client->local_ice().ufrag);
  EIR_CHECK(fresh.has_value());
  person.client->finish_ice_restart(now_, fresh->credentials);
  person.due = Timestamp::min();
}

void SimWorld::leave(SimPerson& person) {
  person.client->close(now_);
  drain_client(person);
  EIR_CHECK(router_->leave(now_, person.id, queue_).has_value());
  person.is_gone = true;
  drain_router();
}

void SimWorld::set_rights(SimPerson& person, const Rights& rights) {
  EIR_CHECK(router_->set_rights(now_, person.id, rights).has_value());
  drain_router();
}

Timestamp SimWorld::next_timeout() {
  Timestamp next = std::min(network_.next_timeout(), router_->next_timeout());
  for (const auto& person : people_) {
    if (!person->is_gone) next = std::min(next, person->due);
  }
  return next;
}

void SimWorld::run_until(Timestamp end) {
  while (next_timeout() <= end) step();
  now_ = end;
}

bool SimWorld::run_until(const std::function<bool()>& happened, Duration limit) {
  const Timestamp end = now_ + limit;
  while (!happened()) {
    if (next_timeout() > end) {
      now_ = end;
      return happened();
    }
    step();
  }
  return true;
}

void SimWorld::step() {
  now_ = std::max(now_, next_timeout());
  deliver();
  const uint64_t before = allocated();
  if (router_->next_timeout() <= now_) router_->handle_timeout(now_, queue_);
  if (allocated() != before) ++allocating_timeouts_;
  for (const auto& person : people_) {
    if (!person->is_gone && person->due <= now_) drain_client(*person);
  }
  drain_router();
}

void SimWorld::deliver() {
  while (const auto delivery = network_.receive(now_)) {
    if (delivery->node == server_) {
      PacketPtr packet = pool_.allocate();
      EIR_CHECK(packet != nullptr);
      EIR_CHECK(packet->assign(delivery->bytes));
      const bool counts = is_media(delivery->bytes);
      const uint64_t before = allocated();
      router_->handle_datagram(now_, std::move(packet), delivery->path, queue_);
      if (counts) router_allocations_ += allocated() - before;
      continue;
    }
    SimPerson* const person = find(delivery->node);
    if (person == nullptr || person->is_gone) continue;
    const bool counts = is_media(delivery->bytes);
    const uint64_t before = allocated();
    person->client->handle_datagram(now_, delivery->bytes, delivery->path);
    if (counts) client_allocations_ += allocated() - before;
    person->due = now_;
  }
}

void SimWorld::drain_client(SimPerson& person) {
  Client& client = *person.client;
  std::array<uint8_t, Client::kDatagramMax> buffer{};
  Path path;
  // A client that has nothing to say at its own timeout would stop the clock.
  constexpr int kRoundsMax = 64;
  int rounds = 0;
  do {
    EIR_CHECK(++rounds < kRoundsMax);
    uint64_t before = allocated();
    client.handle_timeout(now_);
    while (const size_t size = client.poll_transmit(buffer, path)) {
      if (is_media(ByteView(buffer).first(size))) client_allocations_ += allocated() - before;
      network_.send(now_, person.node, path.socket, path.remote, ByteView(buffer).first(size));
      before = allocated();
    }
    client_allocations_ += allocated() - before;
    person.due = client.next_timeout();
  } while (person.due <= now_);
  while (const auto event = client.poll_event()) {
    if (std::holds_alternative<ClientConnected>(*event)) person.connected = now_;
    person.events.push_back(*event);
  }
}

void SimWorld::drain_router() {
  bool is_done = false;
  while (!is_done) {
    const uint64_t before = allocated();
    is_done = router_->flush(now_, queue_);
    router_allocations_ += allocated() - before;
    for (const TransmitQueue::Datagram& d : queue_.datagrams()) send(d);
    queue_.clear();
    if (!is_done && on_queue_full) on_queue_full();
  }
  drain_router_events();
}

void SimWorld::send(const TransmitQueue::Datagram& datagram) {
  const ByteView bytes = queue_.bytes(datagram);
  if (classify(bytes) == PacketClass::kRtp) ++rtp_sent_;
  if (on_send) {
    for (const auto& person : people_) {
      const SocketAddress& own = network_.address(person->node);
      const int socket = datagram.path.remote.port - own.port;
      if (own.ip == datagram.path.remote.ip && socket >= 0 && socket < SimNetwork::kSocketsMax) {
        on_send(person->node, bytes);
      }
    }
  }
  network_.send(now_, server_, datagram.path.socket, datagram.path.remote, bytes);
}

void SimWorld::drain_router_events() {
  while (auto event = router_->poll_event()) {
    if (const auto* changed = std::get_if<SlotsChanged>(&*event)) {
      if (SimPerson* person = find(changed->participant)) person->slots = changed->slots;
    } else if (const auto* layers = std::get_if<LayersWanted>(&*event)) {
      SimPerson* const person = find(layers->participant);
      ClientSender* const sender = person == nullptr ? nullptr : person->client->find_sender(layers->mid);
      if (sender != nullptr) sender->set_active(layers->rids);
    }
    events_.push_back(std::move(*event));
  }
}

SimPerson* SimWorld::find(SimNetwork::NodeId node) {
  for (const auto& person : people_) {
    if (person->node == node) return person.get();
  }
  return nullptr;
}

SimPerson* SimWorld::find(ParticipantId id) {
  for (const auto& person : people_) {
    if (person->id == id) return person.get();
  }
  return nullptr;
}

uint64_t SimWorld::digest() const {
  uint64_t digest = network_.digest();
  for (const auto& person : people_) {
    for (const auto& receiver : person->client->receivers()) digest = digest * 31 + receiver->digest();
  }
  return digest;
}

}  // namespace eir
