#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lib/base/packet.h"
#include "lib/media/receive_stream.h"
#include "lib/rtp/rtp_packet.h"

namespace eir {

// Plain RTP packets for tests of lib/media and lib/router, written byte by byte.
struct TestRtp {
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint32_t ssrc = 1;
  uint8_t payload_type = 96;
  bool marker = false;
  std::vector<uint8_t> payload;

  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> out = {0x80, static_cast<uint8_t>((marker ? 0x80 : 0) | payload_type)};
    out.resize(12);
    store_u16(&out[2], sequence);
    store_u32(&out[4], timestamp);
    store_u32(&out[8], ssrc);
    if (payload.empty()) {  // padding alone
      out[0] |= 0x20;
      out.insert(out.end(), {0, 0, 0, 4});
    }
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
  }
};

// A VP8 payload with a 15-bit picture id and TL0PICIDX, and with TID and Y if they say anything (RFC 7741
// section 4.2).
struct TestVp8 {
  bool start = true;
  bool key_frame = false;
  uint16_t picture_id = 0;
  uint8_t tl0_pic_idx = 0;
  uint16_t width = 640;
  uint16_t height = 360;
  uint8_t temporal_layer = 0;
  bool sync = false;

  std::vector<uint8_t> payload() const {
    const bool has_layer = temporal_layer != 0 || sync;
    std::vector<uint8_t> out = {static_cast<uint8_t>(0x80 | (start ? 0x10 : 0)),        // X, S, PID 0
                                static_cast<uint8_t>(0xc0 | (has_layer ? 0x20 : 0)),    // I, L, T
                                static_cast<uint8_t>(0x80 | (picture_id >> 8 & 0x7f)),  // M, picture id
                                static_cast<uint8_t>(picture_id), tl0_pic_idx};
    if (has_layer) out.push_back(static_cast<uint8_t>(temporal_layer << 6 | (sync ? 0x20 : 0)));
    if (start && key_frame) {
      // Frame tag with P = 0, start code, 14 bits of width and height (RFC 6386 section 9.1).
      out.insert(out.end(),
                 {0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a, static_cast<uint8_t>(width), static_cast<uint8_t>(width >> 8),
                  static_cast<uint8_t>(height), static_cast<uint8_t>(height >> 8)});
    } else {
      out.insert(out.end(), {0x11, 0x00, 0x00});  // P = 1
    }
    out.push_back(0xaa);
    return out;
  }
};

inline ReceiveStream::Outcome receive(Timestamp now, PacketPool& pool, ReceiveStream& stream, const TestRtp& rtp,
                                      const HeaderExtensions& extensions = {}) {
  PacketPtr packet = pool.allocate();
  const std::vector<uint8_t> bytes = rtp.bytes();
  EIR_CHECK(packet->assign(bytes));
  const auto view = RtpPacketView::parse(std::as_const(*packet).bytes());
  EIR_CHECK(view.has_value());
  return stream.handle_packet(now, std::move(packet), *view, extensions);
}

}  // namespace eir
