#include "server/media/udp_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace eir {

UdpReceiver::UdpReceiver(PacketPool& pool, Stamps stamps) : pool_(pool), has_stamps_(stamps == Stamps::kOldest) {
  for (size_t i = 0; i < kBatch; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &addresses_[i];
    header.msg_iov = &areas_[i];
    header.msg_iovlen = 1;
  }
}

// The number of headers, from the first one, that have a packet behind them.
size_t UdpReceiver::refill() {
  for (size_t i = 0; i < kBatch; ++i) {
    if (!packets_[i]) {
      packets_[i] = pool_.allocate();
      if (!packets_[i]) return i;
      const MutableBytes area = packets_[i]->receive_area();
      areas_[i] = {area.data(), area.size()};
    }
    headers_[i].msg_hdr.msg_namelen = sizeof(NativeAddress);
    headers_[i].msg_hdr.msg_flags = 0;
  }
  return kBatch;
}

UdpReceiver::Batch UdpReceiver::receive(int socket) {
  const size_t ready = refill();
  if (ready == 0) return discard(socket);
  if (has_stamps_) {
    headers_[0].msg_hdr.msg_control = control_.bytes.data();
    headers_[0].msg_hdr.msg_controllen = control_.bytes.size();
  }
  const int got = recvmmsg(socket, headers_.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  if (got <= 0) {
    const bool is_empty = got == 0 || errno == EAGAIN || errno == EWOULDBLOCK;
    ++(is_empty ? counters_.calls_empty : counters_.errors);
    // An ICMP error was pending and is taken by this call: the socket may still hold datagrams.
    return {{}, !is_empty, {}};
  }
  ++counters_.calls;
  ++counters_.batches[size_class(static_cast<size_t>(got))];
  size_t kept = 0;
  for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
    ++counters_.datagrams;
    counters_.bytes += headers_[i].msg_len;
    if ((headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++counters_.drop_truncated;
      continue;
    }
    packets_[i]->set_size(headers_[i].msg_len);
    received_[kept].packet = std::move(packets_[i]);
    received_[kept].remote = from_native(addresses_[i]);
    ++kept;
  }
  return {std::span(received_).first(kept), static_cast<size_t>(got) == ready, oldest_stamp()};
}

Duration UdpReceiver::oldest_stamp() const {
  if (!has_stamps_) return {};
  msghdr header = headers_[0].msg_hdr;
  const cmsghdr* const found = CMSG_FIRSTHDR(&header);
  if (found == nullptr || found->cmsg_level != SOL_SOCKET || found->cmsg_type != SCM_TIMESTAMPNS) return {};
  timespec stamp{};
  if (found->cmsg_len < CMSG_LEN(sizeof stamp)) return {};
  std::memcpy(&stamp, CMSG_DATA(found), sizeof stamp);
  return std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
}

// Without packets the socket is emptied all the same: what comes later is worth more than what waits there.
UdpReceiver::Batch UdpReceiver::discard(int socket) {
  uint8_t nothing = 0;
  for (size_t i = 0; i < kBatch; ++i) {
    if (recv(socket, &nothing, sizeof nothing, MSG_DONTWAIT) < 0) return {};
    ++counters_.drop_no_packet;
  }
  return {{}, true, {}};
}

}  // namespace eir
