#include "server/media/udp_sender.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/media/send_runs.h"

namespace eir {
namespace {

// No UDP path has this socket index: an empty place of the table.
constexpr Path kNoPath{.socket = Path::kTcp, .remote = {}};

// RFC 2474 section 3: the upper six bits; the lower two are ECN's (RFC 3168), which media does not use.
constexpr int byte_with(uint8_t dscp) { return dscp << 2; }

// Control (STUN, DTLS, RTCP) goes with audio.
constexpr std::array<int, kTransmitKinds> types_of_service(Dscp dscp) {
  std::array<int, kTransmitKinds> out{};
  out[static_cast<size_t>(TransmitKind::kControl)] = byte_with(dscp.audio);
  out[static_cast<size_t>(TransmitKind::kAudio)] = byte_with(dscp.audio);
  out[static_cast<size_t>(TransmitKind::kVideo)] = byte_with(dscp.video);
  return out;
}

// Returns where the next one goes.
template <class Value>
uint8_t* write_control_message(uint8_t* at, int level, int type, Value value) {
  cmsghdr head{};
  head.cmsg_level = level;
  head.cmsg_type = type;
  head.cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(at, &head, sizeof head);
  std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
  return at + CMSG_SPACE(sizeof value);
}

}  // namespace

UdpSender::UdpSender(std::vector<UdpSendSocket> sockets, Dscp dscp)
    : sockets_(std::move(sockets)), type_of_service_(types_of_service(dscp)), refusing_(kRefusingPaths, kNoPath) {}

SendOutcome UdpSender::send(TransmitQueue& queue) {
  while (!queue.empty()) {
    const size_t socket = queue.datagrams().front().path.socket;
    if (socket >= sockets_.size()) {
      ++counters_.drop_no_socket;
      queue.pop(1);
      continue;
    }
    const size_t messages = build(queue, socket);
    if (!send_batch(queue, socket, messages)) {
      ++counters_.blocked;
      blocked_socket_ = socket;
      return SendOutcome::kBlocked;
    }
  }
  return SendOutcome::kDone;
}

// Fills headers with what stands at the queue's front for one socket; at least one message.
size_t UdpSender::build(const TransmitQueue& queue, size_t socket) {
  std::span<const TransmitQueue::Datagram> rest = queue.datagrams();
  size_t count = 0;
  while (count < kMessages && !rest.empty() && rest.front().path.socket == socket) {
    const TransmitQueue::Datagram& first = rest.front();
    const size_t run = takes_runs(first.path) ? run_length(rest) : 1;
    const TransmitQueue::Datagram& last = rest[run - 1];
    Message& message = messages_[count];
    message.datagrams = run;
    // sendmmsg() does not write through an iovec that it sends from, though the type allows it.
    message.area.iov_base = const_cast<uint8_t*>(queue.bytes(first).data());
    message.area.iov_len = last.offset + last.size - first.offset;
    msghdr& header = headers_[count].msg_hdr;
    header = msghdr{};
    header.msg_name = &message.address;
    // 0 (an IPv6 address for an IPv4 socket) is refused by the kernel with EDESTADDRREQ, and counted there.
    header.msg_namelen = to_native(first.path.remote, sockets_[socket].family, message.address);
    header.msg_iov = &message.area;
    header.msg_iovlen = 1;
    const int mark = type_of_service_[static_cast<size_t>(first.kind)];
    write_control(header, message.control, sockets_[socket].family, mark, run > 1 ? first.size : 0);
    rest = rest.subspan(run);
    ++count;
  }
  return count;
}

// 0 as mark or as segment size needs no control message.
void UdpSender::write_control(msghdr& header, Control& control, int family, int type_of_service,
                              uint16_t segment_size) {
  uint8_t* at = control.bytes.data();
  if (type_of_service != 0) {
    const bool is_v6 = family == AF_INET6;
    at = write_control_message(at, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_TCLASS : IP_TOS, type_of_service);
  }
  if (segment_size != 0) at = write_control_message(at, IPPROTO_UDP, UDP_SEGMENT, segment_size);
  header.msg_controllen = static_cast<size_t>(at - control.bytes.data());
  if (header.msg_controllen != 0) header.msg_control = control.bytes.data();
}

bool UdpSender::send_batch(TransmitQueue& queue, size_t socket, size_t messages) {
  ++counters_.calls;
  const int sent = sendmmsg(sockets_[socket].fd, headers_.data(), static_cast<unsigned>(messages), MSG_DONTWAIT);
  // Fewer than asked for: the error of the next one comes with the next call, in which it stands first.
  if (sent > 0) {
    note_sent(queue, static_cast<size_t>(sent));
    return true;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
  if (errno != EINTR) handle_error(queue, errno);
  return true;
}

void UdpSender::note_sent(TransmitQueue& queue, size_t messages) {
  size_t datagrams = 0;
  for (size_t i = 0; i < messages; ++i) {
    const Message& message = messages_[i];
    datagrams += message.datagrams;
    counters_.bytes += message.area.iov_len;
    if (message.datagrams > 1) ++counters_.gso_runs;
    ++counters_.runs[size_class(message.datagrams)];
  }
  counters_.datagrams += datagrams;
  queue.pop(datagrams);
}

// The first message was refused. A run is tried again as single datagrams; a single one is lost, as on any network.
void UdpSender::handle_error(TransmitQueue& queue, int error) {
  const Message& first = messages_[0];
  if (first.datagrams > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
    ++counters_.gso_refused;
    note_refuses_runs(queue.datagrams().front().path);
    return;
  }
  counters_.drop_error += first.datagrams;
  queue.pop(first.datagrams);
}

bool UdpSender::takes_runs(const Path& path) const {
  if (refusing_count_ == 0) return true;
  return refusing_[PathHash{}(path) % kRefusingPaths] != path;
}

void UdpSender::note_refuses_runs(const Path& path) {
  Path& place = refusing_[PathHash{}(path) % kRefusingPaths];
  if (place == kNoPath) ++refusing_count_;
  place = path;
}

}  // namespace eir
