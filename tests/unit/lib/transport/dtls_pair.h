#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/transport/dtls_session.h"

namespace eir {

// A certificate is worth making once per test program.
const DtlsCertificate& server_certificate();
const DtlsCertificate& client_certificate();

// What the network between two sessions does, each way.
struct DtlsNetwork {
  double loss = 0;
  double duplicates = 0;
  Duration delay_min = 10ms;
  Duration delay_max = 10ms;  // packets overtake each other where it differs from delay_min
};

// A client and a server over a simulated network in virtual time.
class DtlsPair {
 public:
  DtlsPair(uint64_t seed, DtlsNetwork network);
  DtlsPair(uint64_t seed, DtlsNetwork network, const DtlsContext& client_context, const DtlsContext& server_context,
           std::optional<CertificateFingerprint> client_expects, std::optional<CertificateFingerprint> server_expects);

  void start() { client.start(now); }
  // Until nothing is on its way and no timer is pending, or until `deadline` (from the beginning).
  void run(Duration deadline);
  bool both_are(DtlsState state) const { return client.state() == state && server.state() == state; }

  Timestamp now{};
  DtlsSession client;
  DtlsSession server;
  size_t delivered = 0;

 private:
  struct InFlight {
    bool to_server = false;
    std::vector<uint8_t> bytes;
  };
  void collect();
  void send(bool to_server, ByteView datagram);

  SeededRandom random_;
  DtlsNetwork network_;
  std::multimap<Timestamp, InFlight> in_flight_;
};

const DtlsContext& server_context();
const DtlsContext& client_context();

}  // namespace eir
