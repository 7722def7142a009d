// An inbound SRTP session fed with authentic, mutated and invented packets. Whatever comes, an authentic packet with a
// new sequence number must still pass afterwards, and nothing but an authentic packet may pass.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "lib/base/random.h"
#include "lib/transport/srtp_crypto.h"
#include "lib/transport/srtp_session.h"

namespace {

constexpr eir::Ssrc kSsrc(0x0a0b0c0d);

using Bytes = std::vector<uint8_t>;

Bytes authentic(eir::SrtpSession& sender, bool is_rtcp, uint16_t sequence) {
  Bytes packet(60 + eir::SrtpSession::kRtcpOverheadMax, 0x42);
  packet[0] = 0x80;
  packet[1] = is_rtcp ? 200 : 96;
  eir::store_u16(&packet[2], is_rtcp ? 9 : sequence);
  eir::store_u32(&packet[is_rtcp ? 4 : 8], kSsrc.value);
  size_t size = is_rtcp ? 40 : 60;
  if (!(is_rtcp ? sender.protect_rtcp(packet, size) : sender.protect_rtp(packet, size))) std::abort();
  packet.resize(size);
  return packet;
}

// Keys of this input alone. libFuzzer learns from comparisons that it watches, memcmp's among them: with the same keys
// in every run it learns whole authentic packets, and plays them back as invented ones.
eir::SrtpKeys keys_for(eir::ByteView input, eir::SrtpProfile profile) {
  const uint64_t seed = std::accumulate(input.begin(), input.end(), uint64_t{0xcbf29ce484222325},
                                        [](uint64_t hash, uint8_t byte) { return (hash ^ byte) * 0x100000001b3; });
  eir::SeededRandom random(seed);
  eir::SrtpKeys keys;
  keys.profile = profile;
  random.fill(eir::MutableBytes(keys.local.key).first(eir::srtp_key_size(profile)));
  random.fill(eir::MutableBytes(keys.local.salt).first(eir::srtp_salt_size(profile)));
  keys.remote = keys.local;
  return keys;
}

eir::SrtpStatus receive(eir::SrtpSession& receiver, bool is_rtcp, Bytes packet) {
  size_t size = packet.size();
  const eir::SrtpStatus status = is_rtcp ? receiver.unprotect_rtcp(packet, size) : receiver.unprotect_rtp(packet, size);
  if (size > packet.size()) std::abort();
  return status;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  return eir::install_srtp_engine(eir::SrtpEngine::kAutomatic).has_value() ? 0 : 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  eir::ByteReader input(eir::ByteView(data, size));
  const eir::SrtpProfile profile = eir::kAllSrtpProfiles[input.u8() % eir::kAllSrtpProfiles.size()];
  const eir::SrtpKeys keys = keys_for(eir::ByteView(data, size), profile);
  const std::array ssrcs = {kSsrc};
  eir::SrtpSession sender = eir::SrtpSession::outbound(keys, ssrcs);
  eir::SrtpSession receiver = eir::SrtpSession::inbound(keys);
  uint16_t sequence = 0;
  while (input.remaining() > 0 && sequence < 64) {
    const uint8_t operation = input.u8();
    const bool is_rtcp = (operation & 1) != 0;
    if ((operation & 2) != 0) {
      const eir::ByteView raw = input.bytes(std::min<size_t>(input.u8() * 2U, input.remaining()));
      if (receive(receiver, is_rtcp, Bytes(raw.begin(), raw.end())) == eir::SrtpStatus::kOk) std::abort();
    } else {
      Bytes packet = authentic(sender, is_rtcp, ++sequence);
      const Bytes original = packet;
      packet[input.u8() % packet.size()] ^= input.u8();
      if ((operation & 4) != 0) packet.resize(input.u8() % (packet.size() + 1));
      const bool is_changed = packet != original;
      if ((receive(receiver, is_rtcp, packet) == eir::SrtpStatus::kOk) == is_changed) std::abort();
    }
    if ((operation & 8) != 0) receiver.forget_ssrc(kSsrc);
  }
  if (receive(receiver, false, authentic(sender, false, ++sequence)) != eir::SrtpStatus::kOk) std::abort();
  return 0;
}
