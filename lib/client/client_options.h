#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/path.h"
#include "lib/base/time.h"
#include "lib/base/units.h"
#include "lib/client/frame_payload.h"
#include "lib/rtp/codec.h"
#include "lib/transport/ice_controlling.h"

namespace eir {

// Where the numbers of one stream begin; random where absent. Tests begin shortly before a wrap.
struct FirstNumbers {
  std::optional<uint32_t> ssrc;
  std::optional<uint16_t> sequence;
  std::optional<uint32_t> timestamp;
  std::optional<uint16_t> picture_id;
};

// One simulcast layer, or the only encoding of a track without simulcast (then `rid` is empty).
struct EncodingOptions {
  std::string rid;
  uint16_t width = 640;
  uint16_t height = 360;
  DataRate bitrate = DataRate::kbps(500);
  FirstNumbers first;
};

struct VideoTrackOptions {
  Codec codec = Codec::kVp8;  // VP8 or H.264
  uint32_t fps = 30;
  std::vector<EncodingOptions> encodings = {EncodingOptions{}};  // several: simulcast, each with its own rid
  uint8_t temporal_layers = 1;                                   // VP8: 1 to 3
  uint32_t key_frame_factor = 4;           // how many times the size of another frame a key frame has
  Duration key_frame_interval = 0s;        // so often without being asked too; 0: only when asked
  bool answers_key_frame_requests = true;  // false: a source that PLI and FIR do not reach
  uint32_t packet_bytes = kBodyBytesMax;   // stamped bytes of a packet at most, kPayloadStampBytes to kBodyBytesMax
  // The pacer: so many packets of a frame at once, the next ones after the interval.
  uint16_t group_packets = 4;
  Duration group_interval = 5ms;
  bool constant_size = false;        // frames of one size (key frames apart); else they vary by a quarter
  bool parameter_sets_once = false;  // H.264: SPS and PPS before the first key frame only
  bool announce_ssrcs = true;        // a=ssrc lines; without them mid and rid extensions alone tell
  bool rtx = true;
};

// What a browser sends of 720p with simulcast, smallest layer first.
inline std::vector<EncodingOptions> three_layers() {
  return {{.rid = "q", .width = 320, .height = 180, .bitrate = DataRate::kbps(150), .first = {}},
          {.rid = "h", .width = 640, .height = 360, .bitrate = DataRate::kbps(500), .first = {}},
          {.rid = "f", .width = 1280, .height = 720, .bitrate = DataRate::kbps(1700), .first = {}}};
}

struct AudioTrackOptions {
  Codec codec = Codec::kOpus;
  size_t payload_bytes = 100;  // 40 kbit/s
  // Talks for `talk`, then is silent for `silence`, beginning with talk after `quiet_first`; silence 0: always talks.
  Duration talk = 2s;
  Duration silence = 0s;
  Duration quiet_first = 0s;
  bool dtx = false;         // in silence one small packet every 400 ms (RFC 7587 section 3.1.3)
  uint8_t talk_level = 25;  // −dBov (RFC 6464)
  uint8_t silence_level = 90;
  bool stops_clock = false;  // while it is not sending its RTP time stands still
  Duration path_delay = 0s;  // each packet leaves so much later than it was captured: sound alone is late
  bool announce_ssrcs = true;
  FirstNumbers first;
};

struct ClientOptions {
  std::string name = "client";  // CNAME and msid; also what tells its packets apart in a log
  uint32_t tag = 1;             // stands in every payload: who sent this
  std::vector<AudioTrackOptions> audio;
  std::vector<VideoTrackOptions> video;
  size_t audio_slots = 0;
  size_t video_slots = 0;
  // What slots can decode, in order of preference.
  std::vector<Codec> slot_video_codecs = {Codec::kVp8, Codec::kH264};

  uint32_t sockets = 1;              // local sockets, each paired with each candidate of the server
  Duration clock_offset = 0s;        // of the NTP clock in this client's sender reports against `now`
  bool transport_cc = true;          // sequence numbers on what is sent, feedback on what is received
  bool nack = true;                  // asks for lost packets of video slots
  bool key_frame_requests = true;    // PLI when a slot's frames cannot be decoded
  bool two_byte_extensions = false;  // ids above 14, as peers with many extensions have
  // Of each slot one packet in so many is decrypted and verified; the others are counted by their header (SSRC and
  // sequence number are in clear). 1: all. More saves the bench its own cryptography and switches frame checks off.
  uint32_t decrypt_one_in = 1;
  // Host candidates that its descriptions tell. A lite server, which learns addresses from checks, needs none.
  std::vector<SocketAddress> addresses;
  // Offers a=setup:active instead of actpass, for servers that would be the DTLS client if they could choose.
  bool offers_dtls_active = false;
  IceControllingOptions ice;
};

}  // namespace eir
