#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/sequence.h"
#include "lib/base/time.h"
#include "lib/client/frame_checker.h"
#include "lib/client/receiver_stats.h"
#include "lib/media/nack_tracker.h"
#include "lib/rtp/header_extensions.h"
#include "lib/rtp/rtcp_reports.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/sdp/client_session.h"

namespace eir {

// How a slot receives; from ClientOptions.
struct ReceiverOptions {
  bool nack = true;
  bool key_frame_requests = true;
  uint32_t decrypt_one_in = 1;
};

// One receive slot of a client: counts and checks all that comes in it, asks for what is missing. Owned by a Client.
// The memory for frame checks and lost packets is taken with the first packet: an empty slot costs little.
class ClientReceiver {
 public:
  static constexpr int64_t kWindow = 1024;  // sequence numbers within which a duplicate is told
  static constexpr Duration kKeyFrameRequestInterval = 500ms;
  static constexpr Duration kKeyFramePatience = 200ms;  // a key frame may be under way already

  ClientReceiver(MediaKind kind, std::string mid, ReceiverOptions options);

  // The m-line's part of an answer.
  void apply(const sdp::AnsweredMedia& answered);

  // True if a packet of this number is to be decrypted; else handle_header() gets it.
  bool wants_decrypted(uint16_t sequence) const { return sequence % options_.decrypt_one_in == 0; }
  void handle_header(Timestamp now, const RtpPacketView& packet);
  // A decrypted packet of the slot, or of its retransmissions. `datagram_bytes` as it came.
  void handle_media(Timestamp now, const RtpPacketView& packet, size_t datagram_bytes);
  void handle_rtx(Timestamp now, const RtpPacketView& packet, size_t datagram_bytes);
  void handle_sender_report(Timestamp now, const SenderInfo& report);
  void note_unprotect_failed() { ++stats_.unprotect_failed; }

  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // Sequence numbers to ask for now.
  size_t collect_nacks(Timestamp now, Duration round_trip, std::span<uint16_t> out);
  // True once for each PLI to be sent now.
  bool take_key_frame_request(Timestamp now);
  void request_key_frame() { pli_wanted_ = true; }
  // What the next receiver report says; nullopt before the first packet.
  std::optional<ReportBlock> make_report(Timestamp now);
  // A CSRC not seen in the packet before, to be told once.
  std::optional<uint32_t> take_new_source();

  const std::string& mid() const { return mid_; }
  MediaKind kind() const { return kind_; }
  bool is_agreed() const { return is_agreed_; }
  Ssrc ssrc() const { return ssrc_; }
  const std::optional<Ssrc>& rtx_ssrc() const { return rtx_ssrc_; }
  uint32_t clock_rate() const { return clock_rate_; }
  const std::string& stream_id() const { return stream_id_; }
  const std::string& cname() const { return cname_; }
  const ReceiverStats& stats() const { return stats_; }
  // Sequence numbers of the window that have not come (yet); with stats().lost all that are missing.
  uint64_t missing() const;
  const ExtensionMap& extensions() const { return extensions_; }
  // Of arrival times, sequence numbers, timestamps and stamps, in order of arrival: equal for equal runs.
  uint64_t digest() const { return digest_; }
  // Of the payloads' stamps and sizes alone.
  uint64_t payload_digest() const { return payload_digest_; }

 private:
  struct Gap {
    int64_t first = 0;
    int64_t end = 0;
    Timestamp since;
  };
  // What only a slot that asks for lost packets needs.
  struct Recovery {
    static constexpr size_t kGaps = 128;
    NackTracker nack;
    std::array<Gap, kGaps> gaps;
    size_t gap_count = 0;
  };
  struct Packet {
    int64_t sequence = 0;
    ByteView payload;
    uint8_t payload_type = 0;
    bool is_rtx = false;
  };

  // False: it was there already.
  bool note_arrival(Timestamp now, int64_t sequence, bool is_rtx);
  void move_window(Timestamp now, int64_t sequence);
  void note_source(uint32_t csrc);
  void handle_payload(Timestamp now, const RtpPacketView& view, const Packet& packet);
  void note_stamp(Timestamp now, const RtpPacketView& view, const PayloadStamp& stamp);
  void note_jitter(Timestamp now, uint32_t timestamp);
  void digest(Timestamp now, const RtpPacketView& view, ByteView payload);
  const sdp::NegotiatedCodec* codec_of(uint8_t payload_type) const;

  MediaKind kind_;
  std::string mid_;
  ReceiverOptions options_;
  bool is_agreed_ = false;
  Ssrc ssrc_;
  std::optional<Ssrc> rtx_ssrc_;
  std::vector<sdp::NegotiatedCodec> codecs_;
  ExtensionMap extensions_;
  std::string stream_id_;
  std::string cname_;
  uint32_t clock_rate_ = 90000;

  SequenceUnwrapper<uint16_t> unwrapper_;
  std::bitset<kWindow> present_;  // sequence modulo kWindow; those in (newest − kWindow, newest]
  int64_t first_ = -1;            // lowest sequence that counts
  int64_t newest_ = -1;
  std::unique_ptr<Recovery> recovery_;
  std::unique_ptr<FrameChecker> checker_;
  bool pli_wanted_ = false;
  Timestamp last_pli_ = Timestamp::min();
  bool new_source_ = false;

  uint64_t reported_expected_ = 0;
  uint64_t reported_packets_ = 0;
  double jitter_ = 0.0;  // RTP ticks
  std::optional<int64_t> transit_;
  uint64_t digest_ = 0xcbf29ce484222325;  // FNV-1a
  uint64_t payload_digest_ = 0xcbf29ce484222325;
  ReceiverStats stats_;
};

}  // namespace eir
