#include "tests/support/sim_network.h"

#include <algorithm>

#include "lib/base/check.h"

namespace eir {

SimNetwork::NodeId SimNetwork::add_node(const SocketAddress& address, const LinkCondition& up,
                                        const LinkCondition& down) {
  EIR_CHECK(!find(address));
  nodes_.push_back({address, SimLink(up), SimLink(down), nodes_.size()});
  return nodes_.size() - 1;
}

std::optional<SimNetwork::Found> SimNetwork::find(const SocketAddress& address) const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const SocketAddress& own = nodes_[i].address;
    if (own.ip == address.ip && address.port >= own.port && address.port < own.port + kSocketsMax) {
      return Found{i, static_cast<uint32_t>(address.port - own.port)};
    }
  }
  return std::nullopt;
}

size_t SimNetwork::take_buffer() {
  if (free_.empty()) {
    datagrams_.emplace_back();
    datagrams_.back().bytes.reserve(2048);
    return datagrams_.size() - 1;
  }
  const size_t index = free_.back();
  free_.pop_back();
  return index;
}

void SimNetwork::push(Timestamp at, size_t datagram, bool at_end) {
  heap_.push_back({at, ++serial_, datagram, at_end});
  std::push_heap(heap_.begin(), heap_.end());
}

SimNetwork::Event SimNetwork::pop() {
  std::pop_heap(heap_.begin(), heap_.end());
  const Event event = heap_.back();
  heap_.pop_back();
  return event;
}

void SimNetwork::send(Timestamp now, NodeId from, uint32_t socket, const SocketAddress& to, ByteView bytes) {
  EIR_CHECK(socket < kSocketsMax);
  ++counters_.sent;
  SocketAddress source = nodes_[from].address;
  source.port = static_cast<uint16_t>(source.port + socket);
  const SimLink::Arrivals arrivals = nodes_[from].up.transmit(now, bytes.size(), random_);
  for (size_t i = 0; i < arrivals.count; ++i) {
    const size_t index = take_buffer();
    Datagram& datagram = datagrams_[index];
    datagram.from = from;
    datagram.source = source;
    datagram.destination = to;
    datagram.bytes.assign(bytes.begin(), bytes.end());
    push(arrivals.times[i], index, false);
  }
}

void SimNetwork::pass_core(const Event& event) {
  const auto found = find(datagrams_[event.datagram].destination);
  if (!found) {
    ++counters_.no_route;
    free_.push_back(event.datagram);
    return;
  }
  const size_t size = datagrams_[event.datagram].bytes.size();
  const SimLink::Arrivals arrivals = down(found->node).transmit(event.at, size, random_);
  if (arrivals.count == 0) {
    free_.push_back(event.datagram);
    return;
  }
  push(arrivals.times[0], event.datagram, true);
  if (arrivals.count == 1) return;
  const size_t copy = take_buffer();
  datagrams_[copy] = datagrams_[event.datagram];
  push(arrivals.times[1], copy, true);
}

std::optional<SimNetwork::Delivery> SimNetwork::receive(Timestamp now) {
  if (handed_out_) free_.push_back(*handed_out_);
  handed_out_.reset();
  while (!heap_.empty() && heap_.front().at <= now) {
    const Event event = pop();
    if (!event.at_end) {
      pass_core(event);
      continue;
    }
    Datagram& datagram = datagrams_[event.datagram];
    const auto found = find(datagram.destination);
    handed_out_ = event.datagram;
    if (!found) {  // rebound while it was on its way
      ++counters_.no_route;
      free_.push_back(event.datagram);
      handed_out_.reset();
      continue;
    }
    ++counters_.received;
    note(event, datagram);
    return Delivery{found->node, Path{found->socket, datagram.source}, datagram.bytes};
  }
  return std::nullopt;
}

void SimNetwork::note(const Event& event, const Datagram& datagram) {
  constexpr uint8_t kDtlsFirst = 20;
  constexpr uint8_t kDtlsLast = 63;
  const uint8_t first = datagram.bytes.empty() ? 0 : datagram.bytes[0];
  if (first >= kDtlsFirst && first <= kDtlsLast) return;
  constexpr uint64_t kPrime = 0x100000001b3;
  const auto mix = [this](uint64_t value) { digest_ = (digest_ ^ value) * kPrime; };
  mix(static_cast<uint64_t>(event.at.time_since_epoch().count()));
  mix(uint64_t{datagram.source.port} << 32 | datagram.destination.port);
  mix(uint64_t{datagram.bytes.size()} << 8 | first);
}

}  // namespace eir
