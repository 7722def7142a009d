// What SRTP costs per packet: protect 1200 bytes of payload under 100 or 1000 keys in turn, per engine and profile. The
// keys in turn are what a forwarder does: one key per receiver, so schedules fall out of the cache at 1000.
#include <benchmark/benchmark.h>
#include <srtp2/srtp.h>

#include <array>
#include <cstdint>
#include <vector>

#include "lib/base/random.h"
#include "lib/transport/srtp_crypto.h"
#include "lib/transport/srtp_session.h"

namespace {

constexpr size_t kPacketSize = 12 + 1200;
constexpr eir::Ssrc kSsrc(0x01020304);

enum class Engine : int64_t { kStock, kEvp, kIpsecMb };

// libsrtp's table is global; benchmarks run one after the other and each says what it wants.
bool use(Engine engine) {
  srtp_shutdown();
  if (engine == Engine::kStock) return srtp_init() == srtp_err_status_ok;
  const auto wanted = engine == Engine::kEvp ? eir::SrtpEngine::kEvp : eir::SrtpEngine::kIpsecMb;
  return eir::install_srtp_engine(wanted).has_value();
}

std::vector<eir::SrtpSession> sessions(size_t count, eir::SrtpProfile profile) {
  eir::SeededRandom random(1);
  std::vector<eir::SrtpSession> all;
  const std::array ssrcs = {kSsrc};
  for (size_t i = 0; i < count; ++i) {
    eir::SrtpKeys keys;
    keys.profile = profile;
    random.fill(keys.local.key);
    random.fill(keys.local.salt);
    all.push_back(eir::SrtpSession::outbound(keys, ssrcs));
  }
  return all;
}

void protect(benchmark::State& state) {
  const auto profile = static_cast<eir::SrtpProfile>(state.range(1));
  if (!use(static_cast<Engine>(state.range(0)))) {
    state.SkipWithError("engine not available");
    return;
  }
  std::vector<eir::SrtpSession> keys = sessions(static_cast<size_t>(state.range(2)), profile);
  std::vector<uint8_t> packet(kPacketSize + eir::SrtpSession::kRtpOverheadMax, 0x5a);
  packet[0] = 0x80;
  eir::store_u32(&packet[8], kSsrc.value);
  uint16_t sequence = 0;
  size_t next = 0;
  for (auto _ : state) {
    packet[0] = 0x80;
    eir::store_u16(&packet[2], sequence);
    size_t size = kPacketSize;
    if (!keys[next].protect_rtp(packet, size)) {
      state.SkipWithError("protect refused a packet");
      return;
    }
    if (++next == keys.size()) {
      next = 0;
      ++sequence;
    }
  }
  state.SetLabel(eir::srtp_profile_name(profile));
}

}  // namespace

BENCHMARK(protect)
    ->ArgNames({"engine", "profile", "keys"})
    ->ArgsProduct({{static_cast<int64_t>(Engine::kStock), static_cast<int64_t>(Engine::kEvp),
                    static_cast<int64_t>(Engine::kIpsecMb)},
                   {static_cast<int64_t>(eir::SrtpProfile::kAes128CmSha1_80),
                    static_cast<int64_t>(eir::SrtpProfile::kAeadAes128Gcm),
                    static_cast<int64_t>(eir::SrtpProfile::kAeadAes256Gcm)},
                   {100, 1000}});

BENCHMARK_MAIN();
