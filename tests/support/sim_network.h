#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/path.h"
#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/client/sim_link.h"

namespace eir {

// Nodes that exchange datagrams over their access lines: a datagram passes the sender's uplink, a core without delay,
// and the receiver's downlink. Each node has one public address at a time and up to 16 local sockets, whose ports
// follow each other. The same seed and the same datagrams give the same deliveries.
class SimNetwork {
 public:
  using NodeId = size_t;
  static constexpr uint16_t kSocketsMax = 16;

  explicit SimNetwork(uint64_t seed) : random_(seed) {}

  NodeId add_node(const SocketAddress& address, const LinkCondition& up, const LinkCondition& down);
  // A NAT forgets: the node sends from another address now, and what goes to the old one reaches nobody.
  void rebind(NodeId node, const SocketAddress& address) { nodes_[node].address = address; }
  SimLink& up(NodeId node) { return nodes_[node].up; }
  SimLink& down(NodeId node) { return nodes_[nodes_[node].line].down; }
  // Two people behind one line: what goes to `node` passes the downlink of `other` from now on.
  void share_down(NodeId node, NodeId other) { nodes_[node].line = nodes_[other].line; }
  const SocketAddress& address(NodeId node) const { return nodes_[node].address; }

  void send(Timestamp now, NodeId from, uint32_t socket, const SocketAddress& to, ByteView bytes);

  struct Delivery {
    NodeId node = 0;
    Path path;           // the node's socket, and who sent
    MutableBytes bytes;  // until the next call of any verb
  };
  // The next datagram that has arrived by `now`.
  std::optional<Delivery> receive(Timestamp now);
  Timestamp next_timeout() const { return heap_.empty() ? kNever : heap_.front().at; }

  struct Counters {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t no_route = 0;  // to an address that nobody has (any more)
  };
  const Counters& counters() const { return counters_; }
  // Still between the links.
  uint64_t in_flight() const { return heap_.size(); }
  // Of time, ends, size and first byte of every datagram that was received, DTLS left out: its keys and signatures come
  // from OpenSSL's own randomness, and with them the lengths of its signatures. Equal for equal runs.
  uint64_t digest() const { return digest_; }

 private:
  struct Node {
    SocketAddress address;
    SimLink up;
    SimLink down;
    NodeId line = 0;  // whose downlink it uses
  };
  struct Datagram {
    NodeId from = 0;
    SocketAddress source;
    SocketAddress destination;
    std::vector<uint8_t> bytes;
  };
  // In the core (before the receiver's downlink), or at its end.
  struct Event {
    Timestamp at;
    uint64_t serial = 0;
    size_t datagram = 0;
    bool at_end = false;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : serial > other.serial; }
  };

  size_t take_buffer();
  void push(Timestamp at, size_t datagram, bool at_end);
  Event pop();
  void pass_core(const Event& event);
  struct Found {
    NodeId node;
    uint32_t socket;
  };
  std::optional<Found> find(const SocketAddress& address) const;
  void note(const Event& event, const Datagram& datagram);

  SeededRandom random_;
  std::vector<Node> nodes_;
  std::vector<Datagram> datagrams_;
  std::vector<size_t> free_;
  std::optional<size_t> handed_out_;
  std::vector<Event> heap_;
  uint64_t serial_ = 0;
  uint64_t digest_ = 0xcbf29ce484222325;
  Counters counters_;
};

}  // namespace eir
