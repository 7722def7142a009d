#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/random.h"
#include "lib/base/time.h"
#include "lib/client/client_options.h"
#include "lib/client/media_encoding.h"
#include "lib/client/media_schedule.h"
#include "lib/rtp/codec.h"
#include "lib/sdp/client_session.h"

namespace eir {

// Which m-line a sender is, and whose.
struct SenderIdentity {
  std::string mid;
  uint8_t media_index = 0;
  uint32_t tag = 0;
};

// A codec under the payload type that this client always gives it; its RTX has the next number.
sdp::NegotiatedCodec client_codec(Codec codec, bool rtx);

// One published m-line: a source of frames (sound or picture) and the encodings in which it is sent, which share one
// capture clock. Owned by a Client.
class ClientSender {
 public:
  // Chromium answers requests at most so often.
  static constexpr Duration kKeyFrameInterval = 300ms;

  ClientSender(const AudioTrackOptions& options, const SenderIdentity& identity, Random& random);
  ClientSender(const VideoTrackOptions& options, const SenderIdentity& identity, Random& random);

  // What the offer says about it.
  sdp::OfferedMedia offered() const;
  // The m-line's part of an answer.
  void apply(const sdp::AnsweredMedia& answered);

  // Begins to send; before the answer it does nothing.
  void set_sending(Timestamp now, bool is_sending);
  bool is_sending() const { return is_sending_; }
  bool has_started() const { return has_started_; }
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // Writes the next packet that is due, retransmissions first; 0 if there is none.
  size_t write_packet(Timestamp now, uint16_t transport_sequence, MutableBytes out);

  // All encodings get a key frame, as browsers do.
  void request_key_frame() { key_frame_wanted_ = true; }
  // The peer asks for one.
  void handle_key_frame_request() { key_frame_wanted_ |= answers_key_frame_requests_; }
  // Sends these simulcast layers alone; one that begins again does so with a key frame, as browsers' do.
  void set_active(const std::vector<std::string>& rids);
  MediaEncoding* find(Ssrc ssrc);  // by media SSRC
  MediaEncoding* find_rid(std::string_view rid);
  void change_ssrcs(Random& random);

  const std::string& mid() const { return identity_.mid; }
  MediaKind kind() const { return kind_of(codec_); }
  Codec codec() const { return codec_; }
  std::vector<MediaEncoding>& encodings() { return encodings_; }
  const std::vector<MediaEncoding>& encodings() const { return encodings_; }

 private:
  void capture(Timestamp now);

  SenderIdentity identity_;
  Codec codec_;
  bool announce_ssrcs_ = true;
  bool rtx_ = true;
  bool stops_clock_ = false;
  Duration key_frame_interval_ = 0s;
  bool answers_key_frame_requests_ = true;
  Timestamp stopped_ = kNever;
  std::vector<std::string> rids_;
  std::variant<AudioSchedule, VideoSchedule> schedule_;
  std::vector<MediaEncoding> encodings_;
  bool is_agreed_ = false;
  bool is_sending_ = false;
  bool has_started_ = false;  // was told to send once: a later answer does not start it again
  bool key_frame_wanted_ = true;
  Timestamp last_key_frame_ = Timestamp::min();
};

}  // namespace eir
