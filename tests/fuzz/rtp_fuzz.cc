// A received packet: the view, its header extensions with every extension negotiated, and the same written afresh.
#include "lib/rtp/rtp_packet.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace eir {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

ExtensionMap all_extensions(bool allow_mixed) {
  ExtensionMap map;
  for (size_t i = 0; i < kExtensionKinds; ++i) {
    require(map.add(static_cast<uint8_t>(i + 1), static_cast<ExtensionKind>(i)));
  }
  map.allow_mixed = allow_mixed;
  return map;
}

bool same(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

bool same_values(const HeaderExtensions& a, const HeaderExtensions& b) {
  return a.mid == b.mid && a.rid == b.rid && a.repaired_rid == b.repaired_rid && a.audio_level == b.audio_level &&
         a.transport_sequence == b.transport_sequence && a.abs_send_time == b.abs_send_time &&
         a.abs_capture_time == b.abs_capture_time && a.video_orientation == b.video_orientation &&
         a.playout_delay == b.playout_delay && a.video_content_type == b.video_content_type;
}

void read_all(const RtpPacketView& view) {
  uint64_t sum = view.padding_size() + view.extension_profile();
  for (size_t i = 0; i < view.csrc_count(); ++i) sum += view.csrc(i).value;
  for (const uint8_t byte : view.payload()) sum += byte;
  for (const uint8_t byte : view.extension_block()) sum += byte;
  require(sum < uint64_t{1} << 40);
  require(view.header_size() + view.payload().size() + view.padding_size() == view.bytes().size());
}

RtpHeader header_of(const RtpPacketView& view) {
  return {.marker = view.marker(),
          .payload_type = view.payload_type(),
          .sequence_number = view.sequence_number(),
          .timestamp = view.timestamp(),
          .ssrc = view.ssrc(),
          .csrc = view.csrc_count() > 0 ? view.csrc(0) : Ssrc{},
          .padding = false};
}

bool same_header(const RtpHeader& a, const RtpHeader& b) {
  return a.marker == b.marker && a.payload_type == b.payload_type && a.sequence_number == b.sequence_number &&
         a.timestamp == b.timestamp && a.ssrc == b.ssrc && a.csrc == b.csrc;
}

void rewrite(const RtpPacketView& view, const HeaderExtensions& extensions, bool allow_mixed) {
  const ExtensionMap map = all_extensions(allow_mixed);
  std::array<uint8_t, 2048> out{};
  ExtensionOffsets offsets;
  const size_t size = write_rtp_header(out, header_of(view), extensions, map, &offsets);
  require(size >= RtpPacketView::kFixedHeaderSize && size % 4 == 0);
  const auto again = RtpPacketView::parse(MutableBytes(out).first(size));
  require(again && again->header_size() == size && same_header(header_of(*again), header_of(view)));

  HeaderExtensions read;
  require(parse_header_extensions(again->extension_profile(), again->extension_block(), map, read));
  require(same_values(extensions, read));
  const bool long_ones_stay = allow_mixed || extensions.dependency_descriptor.size() <= 16;
  require(same(read.dependency_descriptor, long_ones_stay ? extensions.dependency_descriptor : ByteView{}));
  require(read.transport_sequence.has_value() == (offsets.transport_sequence != 0));
  if (read.transport_sequence) require(load_u16(&out[offsets.transport_sequence]) == *read.transport_sequence);
  if (read.abs_send_time) require(load_u24(&out[offsets.abs_send_time]) == *read.abs_send_time);

  std::array<uint8_t, 2048> tight{};
  require(write_rtp_header(MutableBytes(tight).first(size), header_of(view), extensions, map) == size);
  require(write_rtp_header(MutableBytes(tight).first(size - 1), header_of(view), extensions, map) == 0);
}

}  // namespace
}  // namespace eir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace eir;
  const ByteView input(data, size);
  const PacketClass kind = classify(input);
  const auto view = RtpPacketView::parse(input);
  if (!view) return 0;
  require(kind == PacketClass::kRtp || kind == PacketClass::kRtcp);
  read_all(*view);
  HeaderExtensions extensions;
  parse_header_extensions(view->extension_profile(), view->extension_block(), all_extensions(true), extensions);
  rewrite(*view, extensions, true);
  rewrite(*view, extensions, false);
  return 0;
}
