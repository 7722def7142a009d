// Source descriptions and BYE: what was read is written and must read the same.
#include <array>
#include <vector>

#include "lib/rtp/rtcp_reports.h"
#include "tests/fuzz/rtcp_input.h"

namespace {

using namespace eir;

void read_sdes(const RtcpBlock& block) {
  SdesReader chunks(block);
  size_t count = 0;
  while (const std::optional<SdesChunk> chunk = chunks.next()) {
    ++count;
    std::array<uint8_t, 512> buffer{};
    ByteWriter writer(buffer);
    fuzz::require(write_sdes_cname(writer, chunk->source, chunk->cname));
    SdesReader again(fuzz::only_block(writer.written()));
    const auto read = again.next();
    fuzz::require(read && read->source == chunk->source && read->cname == chunk->cname && !again.next());
  }
  if (block.is(RtcpType::kSourceDescription)) fuzz::require(chunks.failed() || count == block.count);
}

void read_bye(const RtcpBlock& block) {
  const auto bye = Bye::parse(block);
  if (!bye) return;
  std::vector<Ssrc> sources;
  for (const Ssrc source : bye->sources) sources.push_back(source);
  uint32_t sum = 0;
  for (const char c : bye->reason) sum += static_cast<uint8_t>(c);
  fuzz::require(sources.size() == block.count && sum <= 255 * 255);
  std::array<uint8_t, 512> buffer{};
  ByteWriter writer(buffer);
  fuzz::require(write_bye(writer, sources));
  const auto again = Bye::parse(fuzz::only_block(writer.written()));
  fuzz::require(again && again->sources.size() == sources.size() && again->reason.empty());
  for (size_t i = 0; i < sources.size(); ++i) fuzz::require(again->sources[i] == sources[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, size);
  const auto both = [](const RtcpBlock& block) {
    read_sdes(block);
    read_bye(block);
  };
  fuzz::for_each_rtcp_block(input, RtcpType::kSourceDescription, {}, both);
  fuzz::for_each_rtcp_block(input, RtcpType::kBye, {}, both);
  return 0;
}
