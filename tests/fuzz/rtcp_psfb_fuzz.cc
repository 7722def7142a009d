// PLI, FIR and REMB: what was read is written and must read the same. The first byte chooses the message.
#include <array>
#include <vector>

#include "lib/rtp/rtcp_feedback.h"
#include "tests/fuzz/rtcp_input.h"

namespace {

using namespace eir;

template <class T>
std::vector<T> all_of(const RtcpList<T>& list) {
  std::vector<T> all;
  for (const T each : list) all.push_back(each);
  return all;
}

void read_pli(const RtcpBlock& block) {
  const auto pli = Pli::parse(block);
  if (!pli) return;
  std::array<uint8_t, 12> buffer{};
  ByteWriter writer(buffer);
  fuzz::require(write_pli(writer, pli->ssrcs));
  fuzz::require(Pli::parse(fuzz::only_block(buffer))->ssrcs == pli->ssrcs);
}

void read_fir(const RtcpBlock& block) {
  const auto fir = Fir::parse(block);
  if (!fir) return;
  const std::vector<FirEntry> entries = all_of(fir->entries);
  std::vector<uint8_t> buffer(block.body.size() + kRtcpHeaderSize);
  ByteWriter writer(buffer);
  fuzz::require(write_fir(writer, fir->sender, entries));
  const auto again = Fir::parse(fuzz::only_block(writer.written()));
  fuzz::require(again && again->sender == fir->sender && all_of(again->entries) == entries);
}

void read_remb(const RtcpBlock& block) {
  const auto remb = Remb::parse(block);
  if (!remb) return;
  const std::vector<Ssrc> sources = all_of(remb->sources);
  std::array<uint8_t, 20 + 4 * 255> buffer{};
  ByteWriter writer(buffer);
  fuzz::require(write_remb(writer, remb->sender, remb->bitrate, sources));
  const auto again = Remb::parse(fuzz::only_block(writer.written()));
  fuzz::require(again && again->bitrate == remb->bitrate && all_of(again->sources) == sources);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::for_each_rtcp_block(ByteView(data, size), RtcpType::kPayloadFeedback, {}, [](const RtcpBlock& block) {
    read_pli(block);
    read_fir(block);
    read_remb(block);
  });
  return 0;
}
