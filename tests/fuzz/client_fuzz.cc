// link: eir_test_support
// with: instant_dtls.cc
// covers: lib/client
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "lib/base/random.h"
#include "lib/client/candidate_pairs.h"
#include "lib/client/client.h"
#include "lib/client/frame_checker.h"
#include "lib/client/frame_payload.h"
#include "lib/rtp/payload_info.h"
#include "lib/sdp/parser.h"
#include "lib/transport/dtls_certificate.h"
#include "tests/fuzz/instant_dtls.h"
#include "tests/support/sim_world.h"

// A client that gets hostile datagrams over time, one that is connected and whose server sends RTP and RTCP of any
// content, its packet checks beneath the encryption, and address texts. First byte: which; then per step: time in units
// of 10 ms, length, bytes.
namespace {

using namespace eir;

void fuzz_client(ByteReader& reader) {
  static const DtlsCertificate certificate = [] {
    const SimWorld world(1);  // installs the SRTP engine, once
    return DtlsCertificate::generate(1'700'000'000);
  }();
  static const DtlsContext context(certificate);
  SeededRandom random(1);
  ClientOptions options;
  options.audio.resize(1);
  options.video_slots = 1;
  Client client(options, context, random);
  const std::string offer = client.write_offer();
  Timestamp now(1s);
  // The rest of the input is an answer, or a server's offer, until a zero byte; then datagrams.
  const ByteView rest = reader.rest();
  size_t end = 0;
  while (end < rest.size() && rest[end] != 0) ++end;
  static_cast<void>(client.handle_answer(now, as_text(rest.first(end))));
  Client answering(ClientOptions{}, context, random);
  if (const auto answer = answering.handle_offer(now, as_text(rest.first(end)))) EIR_CHECK(sdp::parse(*answer));
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
    sequence += int64_t{static_cast<int8_t>(reader.u8())} * ((flags & 0x80) != 0 ? 100 : 1);
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

// A client that publishes and has slots in a room of its own; what its server sends it is the input, encrypted.
class Connected {
 public:
  Connected() : person_(world_.join(options())) {
    EIR_CHECK(world_.run_until([&] { return person_.connected != kNever; }, 1s));
    std::vector<Ssrc> ssrcs;
    for (const auto& receiver : person_.client->receivers()) {
      ssrcs.push_back(receiver->ssrc());
      if (receiver->rtx_ssrc()) ssrcs.push_back(*receiver->rtx_ssrc());
    }
    server_.emplace(SrtpSession::outbound(fuzz::instant_keys(DtlsRole::kServer), ssrcs));
  }

  void run(ByteReader& reader) {
    while (reader.remaining() >= 3 && !person_.client->transport().is_closed()) {
      const uint8_t verb = reader.u8();
      const uint8_t value = reader.u8();
      const ByteView rest = reader.bytes(std::min<size_t>(reader.u8(), reader.remaining()));
      if ((verb & 1) != 0) {
        rtp(verb, value, rest);
      } else {
        rtcp(value, rest);
      }
      world_.run_for((verb >> 4) * 5ms);
      check();
    }
  }

 private:
  static ClientOptions options() {
    ClientOptions options;
    options.audio.emplace_back().payload_bytes = 40;
    options.video.emplace_back();
    options.video[0].fps = 10;
    options.video[0].encodings[0].bitrate = DataRate::kbps(60);
    options.audio_slots = options.video_slots = 1;
    return options;
  }

  // `verb`: the slot, whether it is a retransmission, the marker; the payload type stands before the payload.
  void rtp(uint8_t verb, uint8_t value, ByteView rest) {
    if (rest.empty()) return;
    const ClientReceiver& receiver = *person_.client->receivers()[verb >> 1 & 1];
    const bool is_rtx = (verb & 4) != 0 && receiver.rtx_ssrc().has_value();
    sequence_ += is_rtx ? 0 : static_cast<int8_t>(value);
    std::array<uint8_t, 400> packet = {0x80, static_cast<uint8_t>((verb & 8) << 4 | (rest[0] & 0x7f))};
    store_u16(&packet[2], is_rtx ? rtx_sequence_++ : static_cast<uint16_t>(sequence_));
    store_u32(&packet[4], value % 4 == 0 ? timestamp_ += 3000 : timestamp_);
    store_u32(&packet[8], is_rtx ? receiver.rtx_ssrc()->value : receiver.ssrc().value);
    size_t size = 12;
    if (is_rtx) {
      store_u16(&packet[12], static_cast<uint16_t>(sequence_ + static_cast<int8_t>(value)));
      size += 2;
    }
    std::copy(rest.begin() + 1, rest.end(), packet.begin() + static_cast<int>(size));
    size += rest.size() - 1;
    if (!server_->protect_rtp(packet, size) || !give(MutableBytes(packet).first(size))) return;
    if (&receiver != person_.client->receivers()[0].get()) return;
    // The sound slot counts each number once, from its first one on and within its window.
    if (numbers_.empty()) numbers_.insert(sequence_);
    if (sequence_ < *numbers_.begin() || sequence_ <= *numbers_.rbegin() - ClientReceiver::kWindow) return;
    numbers_.insert(sequence_);
  }

  // SSRCs of the input that are 1 or 2 stand for those of this client.
  void rtcp(uint8_t value, ByteView rest) {
    std::array<uint8_t, 400> packet = {static_cast<uint8_t>(0x80 | value >> 3), static_cast<uint8_t>(200 + value % 8)};
    size_t size = 4 + rest.size() / 4 * 4;
    store_u16(&packet[2], static_cast<uint16_t>(rest.size() / 4));
    std::copy(rest.begin(), rest.end(), packet.begin() + 4);
    for (size_t at = 8; at + 4 <= size; at += 4) {
      const uint32_t name = load_u32(&packet[at]);
      if (name == 1 || name == 2) store_u32(&packet[at], sender(name - 1));
    }
    const auto& receivers = person_.client->receivers();
    store_u32(&packet[4], receivers[value % receivers.size()]->ssrc().value);
    if (size < 8) return;
    if (server_->protect_rtcp(packet, size)) static_cast<void>(give(MutableBytes(packet).first(size)));
  }

  uint32_t sender(size_t index) const { return person_.client->senders()[index]->encodings()[0].ssrc().value; }

  bool give(MutableBytes datagram) {
    const Path* const path = person_.client->transport().send_path();
    if (path == nullptr) return false;
    const uint64_t refused = person_.client->counters().drop_auth_failed;
    person_.client->handle_datagram(world_.now(), datagram, *path);
    person_.due = world_.now();
    return person_.client->counters().drop_auth_failed == refused;
  }

  void check() const {
    for (const auto& receiver : person_.client->receivers()) {
      const ReceiverStats& stats = receiver->stats();
      EIR_CHECK(receiver->missing() <= static_cast<uint64_t>(ClientReceiver::kWindow));
      EIR_CHECK(stats.padding <= stats.packets && stats.recovered <= stats.packets && stats.decodable <= stats.frames);
    }
    EIR_CHECK(person_.client->receivers()[0]->stats().packets == numbers_.size());
  }

  SimWorld world_{1, 1024, 64};
  SimPerson& person_;
  std::optional<SrtpSession> server_;
  int64_t sequence_ = 1 << 15;
  uint16_t rtx_sequence_ = 0;
  uint32_t timestamp_ = 0;
  std::set<int64_t> numbers_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader reader({data, size});
  switch (reader.u8() % 5) {
    case 0:
      fuzz_client(reader);
      break;
    case 1:
      fuzz_frames(reader);
      break;
    case 2:
      fuzz_payload(reader);
      break;
    case 4:
      Connected().run(reader);
      break;
    default:
      static_cast<void>(eir::parse_address(eir::as_text(reader.rest()), 1));
      break;
  }
  return 0;
}
