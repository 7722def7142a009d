// What one receiver's copy of a packet costs in lib/rtp: the header written afresh, and once per packet the parsing.
#include <benchmark/benchmark.h>

#include <array>

#include "lib/rtp/rtp_packet.h"

namespace eir {
namespace {

ExtensionMap video_map() {
  ExtensionMap map;
  map.add(2, ExtensionKind::kAbsSendTime);
  map.add(3, ExtensionKind::kTransportSequence);
  map.add(4, ExtensionKind::kMid);
  map.add(5, ExtensionKind::kPlayoutDelay);
  map.add(12, ExtensionKind::kDependencyDescriptor);
  map.add(13, ExtensionKind::kVideoOrientation);
  return map;
}

// As a video packet has them on the way to a receiver.
HeaderExtensions video_extensions() {
  static constexpr std::array<uint8_t, 3> kDescriptor = {0x80, 0x00, 0x07};
  HeaderExtensions extensions;
  extensions.mid = ShortText::of("12");
  extensions.transport_sequence = 0;
  extensions.abs_send_time = 0;
  extensions.video_orientation = 0;
  extensions.dependency_descriptor = kDescriptor;
  return extensions;
}

void write_header(benchmark::State& state) {
  const ExtensionMap map = video_map();
  const HeaderExtensions extensions = video_extensions();
  RtpHeader header{.payload_type = 96, .ssrc = Ssrc(1), .csrc = Ssrc(2)};
  std::array<uint8_t, 128> out{};
  ExtensionOffsets offsets;
  for (auto _ : state) {
    ++header.sequence_number;
    benchmark::DoNotOptimize(write_rtp_header(out, header, extensions, map, &offsets));
    benchmark::DoNotOptimize(offsets);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_header);

void parse_header(benchmark::State& state) {
  const ExtensionMap map = video_map();
  std::array<uint8_t, 1200> packet{};
  write_rtp_header(packet, {.payload_type = 96, .ssrc = Ssrc(1), .csrc = Ssrc(2)}, video_extensions(), map);
  for (auto _ : state) {
    const auto view = RtpPacketView::parse(packet);
    HeaderExtensions extensions;
    benchmark::DoNotOptimize(
        parse_header_extensions(view->extension_profile(), view->extension_block(), map, extensions));
    benchmark::DoNotOptimize(extensions);
  }
}
BENCHMARK(parse_header);

}  // namespace
}  // namespace eir

BENCHMARK_MAIN();
