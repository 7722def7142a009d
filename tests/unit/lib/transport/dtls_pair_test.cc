#include "tests/unit/lib/transport/dtls_pair.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace eir {

namespace {
constexpr int64_t kSomeDay = 1'790'000'000;  // in 2026
}  // namespace

const DtlsCertificate& server_certificate() {
  static const DtlsCertificate certificate = DtlsCertificate::generate(kSomeDay);
  return certificate;
}
const DtlsCertificate& client_certificate() {
  static const DtlsCertificate certificate = DtlsCertificate::generate(kSomeDay);
  return certificate;
}
const DtlsContext& server_context() {
  static const DtlsContext context(server_certificate());
  return context;
}
const DtlsContext& client_context() {
  static const DtlsContext context(client_certificate());
  return context;
}

DtlsPair::DtlsPair(uint64_t seed, DtlsNetwork network)
    : DtlsPair(seed, network, client_context(), server_context(), server_certificate().fingerprint(),
               client_certificate().fingerprint()) {}

DtlsPair::DtlsPair(uint64_t seed, DtlsNetwork network, const DtlsContext& client_context,
                   const DtlsContext& server_context, std::optional<CertificateFingerprint> client_expects,
                   std::optional<CertificateFingerprint> server_expects)
    : client(client_context, DtlsRole::kClient, client_expects),
      server(server_context, DtlsRole::kServer, server_expects),
      random_(seed),
      network_(network) {}

void DtlsPair::run(Duration deadline) {
  for (;;) {
    collect();
    Timestamp next = std::min(client.next_timeout(), server.next_timeout());
    if (!in_flight_.empty()) next = std::min(next, in_flight_.begin()->first);
    if (next == kNever || next > Timestamp{} + deadline) return;
    now = std::max(now, next);
    while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
      const InFlight arrived = in_flight_.extract(in_flight_.begin()).mapped();
      ++delivered;
      (arrived.to_server ? server : client).handle_datagram(now, arrived.bytes);
      collect();
    }
    client.handle_timeout(now);
    server.handle_timeout(now);
  }
}

void DtlsPair::collect() {
  for (ByteView out = client.poll_transmit(); !out.empty(); out = client.poll_transmit()) send(true, out);
  for (ByteView out = server.poll_transmit(); !out.empty(); out = server.poll_transmit()) send(false, out);
}

void DtlsPair::send(bool to_server, ByteView datagram) {
  EXPECT_LE(datagram.size(), 1200U);
  if (random_.chance(network_.loss)) return;
  const int copies = random_.chance(network_.duplicates) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto spread = static_cast<uint64_t>((network_.delay_max - network_.delay_min).count()) + 1;
    const Duration delay = network_.delay_min + Duration(static_cast<int64_t>(random_.below(spread)));
    in_flight_.emplace(now + delay, InFlight{to_server, {datagram.begin(), datagram.end()}});
  }
}

}  // namespace eir
