#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/random.h"
#include "lib/client/candidate_pairs.h"
#include "lib/client/client.h"
#include "lib/client/frame_checker.h"
#include "lib/client/frame_payload.h"
#include "lib/rtp/payload_info.h"
#include "lib/transport/dtls_certificate.h"
#include "lib/transport/srtp_crypto.h"

// A client that gets hostile datagrams over time, its packet checks beneath the encryption, and address texts. First
// byte: which; then per step: time in units of 10 ms, length, bytes.
namespace {

using namespace eir;

void fuzz_client(ByteReader& reader) {
  static const DtlsCertificate kCertificate = [] {
    EIR_CHECK(install_srtp_engine(SrtpEngine::kEvp).has_value());
    return DtlsCertificate::generate(1'700'000'000);
  }();
  static const DtlsContext kContext(kCertificate);
  SeededRandom random(1);
  ClientOptions options;
  options.audio.resize(1);
  options.video_slots = 1;
  Client client(options, kContext, random);
  const std::string offer = client.write_offer();
  Timestamp now(1s);
  // The rest of the input is an answer, until a zero byte; then datagrams.
  const ByteView rest = reader.rest();
  size_t end = 0;
  while (end < rest.size() && rest[end] != 0) ++end;
  static_cast<void>(client.handle_answer(now, as_text(rest.first(end))));
  reader.skip(end + 1);
  std::array<uint8_t, Client::kDatagramMax> out{};
  Path path;
  while (!reader.failed() && reader.remaining() > 0) {
    now += reader.u8() * 10ms;
    const ByteView bytes = reader.bytes(reader.u8());
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    client.handle_datagram(now, datagram, path);
    client.handle_timeout(now);
    while (client.poll_transmit(out, path) > 0) {
    }
    while (client.poll_event()) {
    }
  }
}

void fuzz_frames(ByteReader& reader) {
  FrameChecker checker;
  ReceiverStats stats;
  Timestamp now(1s);
  int64_t sequence = 1 << 16;
  while (!reader.failed() && reader.remaining() > 0) {
    PacketFacts facts;
    const uint8_t flags = reader.u8();
    sequence += static_cast<int8_t>(reader.u8()) * ((flags & 0x80) != 0 ? 100 : 1);
    facts.sequence = std::max<int64_t>(sequence, 0);
    facts.timestamp = reader.u16() * 1500U;
    facts.csrc = flags & 1;
    facts.is_padding = (flags & 2) != 0;
    facts.frame_start = (flags & 4) != 0;
    facts.marker = (flags & 8) != 0;
    facts.key_frame = (flags & 16) != 0;
    now += Duration(flags * 1ms);
    checker.handle_packet(now, facts, stats);
    if (checker.next_timeout() <= now) checker.handle_timeout(now, stats);
    EIR_CHECK(stats.decodable <= stats.frames);
  }
}

void fuzz_payload(ByteReader& reader) {
  const ByteView payload = reader.rest();
  for (const Codec codec : {Codec::kVp8, Codec::kH264, Codec::kOpus, Codec::kPcmu}) {
    const ByteView body = stamped_body(codec, payload);
    EIR_CHECK(body.size() <= payload.size());
    static_cast<void>(read_stamped(body));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader reader({data, size});
  switch (reader.u8() % 4) {
    case 0:
      fuzz_client(reader);
      break;
    case 1:
      fuzz_frames(reader);
      break;
    case 2:
      fuzz_payload(reader);
      break;
    default:
      static_cast<void>(eir::parse_address(eir::as_text(reader.rest()), 1));
      break;
  }
  return 0;
}
