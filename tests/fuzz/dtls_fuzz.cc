// A server session against a real client, in virtual time, over a network that the input controls: each byte pair is an
// operation. So the fuzzer reaches every state of the handshake and mutates real flights there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "lib/transport/dtls_session.h"

namespace {

using Bytes = std::vector<uint8_t>;

struct World {
  eir::DtlsCertificate server_certificate = eir::DtlsCertificate::generate(1'790'000'000);
  eir::DtlsCertificate client_certificate = eir::DtlsCertificate::generate(1'790'000'000);
  eir::DtlsContext server{server_certificate};
  eir::DtlsContext client{client_certificate};
};

std::vector<Bytes> drain(eir::DtlsSession& session) {
  std::vector<Bytes> all;
  for (eir::ByteView out = session.poll_transmit(); !out.empty(); out = session.poll_transmit()) {
    all.emplace_back(out.begin(), out.end());
  }
  return all;
}

// One operation on a datagram that is on its way: 0–1 as it is, 2 lost, 3 doubled, 4 cut, 5–6 a byte changed, 7 longer.
void deliver(eir::DtlsSession& to, eir::Timestamp now, Bytes datagram, uint8_t operation, uint16_t value) {
  switch (operation & 7) {
    case 2:
      return;
    case 3:
      to.handle_datagram(now, datagram);
      break;
    case 4:
      datagram.resize(value % (datagram.size() + 1));
      break;
    case 5:
    case 6:
      datagram[value % std::min<size_t>(datagram.size(), 64)] ^= static_cast<uint8_t>(value >> 8 | 1);
      break;
    case 7:
      datagram.insert(datagram.end(), value % 1600, static_cast<uint8_t>(value));
      break;
    default:
      break;
  }
  to.handle_datagram(now, datagram);
}

void check(eir::DtlsSession& session) {
  const bool is_connected = session.state() == eir::DtlsState::kConnected;
  const bool has_failed = session.state() == eir::DtlsState::kFailed;
  if (has_failed != (session.failure() != eir::DtlsFailure::kNone)) std::abort();
  if (session.state() != eir::DtlsState::kConnecting && session.next_timeout() != eir::kNever) std::abort();
  if (session.take_keys() && !is_connected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const World world;
  eir::DtlsSession client(world.client, eir::DtlsRole::kClient, world.server.fingerprint());
  eir::DtlsSession server(world.server, eir::DtlsRole::kServer, world.client.fingerprint());
  eir::Timestamp now{};
  client.start(now);
  eir::ByteReader input(eir::ByteView(data, size));
  for (int step = 0; step < 64 && input.remaining() > 0; ++step) {
    const uint8_t operation = input.u8();
    if (operation >> 6 == 3) {  // a datagram of the input's own
      const eir::ByteView raw = input.bytes(std::min<size_t>(input.u8(), input.remaining()));
      server.handle_datagram(now, raw);
    } else {
      const uint16_t value = input.u16();
      for (const Bytes& datagram : drain(client)) deliver(server, now, datagram, operation, value);
      for (const Bytes& datagram : drain(server)) deliver(client, now, datagram, operation >> 3, value);
    }
    if ((operation & 0xc0) != 0x40) {
      const eir::Timestamp next = std::min(client.next_timeout(), server.next_timeout());
      if (next != eir::kNever) now = next;
      client.handle_timeout(now);
      server.handle_timeout(now);
    }
    check(client);
    check(server);
  }
  server.close(now);
  client.close(now);
  return 0;
}
