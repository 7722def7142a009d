#pragma once

#include <cstdint>
#include <vector>

#include "bench/client_loop.h"
#include "bench/ivf.h"
#include "lib/client/client.h"

namespace eir::bench {

// Pictures and sound that a browser can decode, from files that were encoded before; both are repeated without end.
struct MediaFiles {
  std::vector<uint8_t> ivf_bytes;
  IvfFile video;                            // of ivf_bytes; VP8
  std::vector<std::vector<uint8_t>> sound;  // Opus packets of 20 ms
};

// Publishes files through one client of a ClientLoop, in place of lib/client's own stamped pictures: the client carries
// negotiation, ICE, DTLS and SRTP; packets, their pace and sender reports come from here. A key frame request goes on
// at the file's next key frame. Retransmissions are not served: this is for a local link.
class FilePublisher {
 public:
  // The client has one audio and one video track. Call before its offer is answered.
  FilePublisher(ClientLoop& loop, size_t client, const MediaFiles& files);

  // `first_frame`: where in the file it begins, so that several publishers do not show the same picture.
  void start(Timestamp at, size_t first_frame);
  Timestamp next_due() const;
  void send_due(Timestamp at);

 private:
  // RTP numbers of one track.
  struct Stream {
    MediaEncoding* encoding = nullptr;
    uint32_t clock_rate = 90000;
    uint16_t sequence = 0;
    uint32_t packets = 0;
    uint32_t octets = 0;
  };

  void send_frame(Timestamp at);
  void send_sound(Timestamp at);
  void send_packet(Timestamp at, Stream& stream, RtpHeader header, ByteView descriptor, ByteView payload);
  void send_report(Timestamp at, const Stream& stream);
  uint32_t rtp_time(Timestamp at, const Stream& stream) const;
  void go_to_key_frame();

  ClientLoop& loop_;
  size_t client_;
  const MediaFiles& files_;
  Stream video_;
  Stream audio_;
  Timestamp started_;
  Timestamp next_frame_ = kNever;
  Timestamp next_sound_ = kNever;
  Timestamp next_report_ = kNever;
  Timestamp last_key_frame_;
  size_t frame_ = 0;
  size_t sound_ = 0;
  int64_t frames_sent_ = 0;
  uint16_t picture_id_ = 0;
  uint16_t transport_sequence_ = 0;
};

}  // namespace eir::bench
