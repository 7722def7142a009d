#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/time.h"
#include "lib/media/clock_mapping.h"
#include "lib/media/forwarder.h"
#include "lib/media/sent_numbers.h"
#include "lib/rtp/codec.h"
#include "lib/rtp/header_extensions.h"
#include "lib/rtp/rtcp_reports.h"

namespace eir {

// The RTP stream that one slot sends for its whole life: one SSRC (and one for retransmissions), its payload types, its
// extension layout, its counts. Writes packets; the caller encrypts and sends them. Owned by a ReceiveSlot.
class SendStream {
 public:
  static constexpr size_t kCodecs = 7;
  // UDP payload that no path fragments (RFC 8200: 1280, less IPv6 and UDP headers); larger input is passed and counted.
  static constexpr size_t kDatagramBytes = 1232;
  // NACKs may cost at most half of what the stream itself sends, with a burst of kRetransmissionBurst to begin with.
  static constexpr int64_t kRetransmissionBurst = int64_t{64} * 1024;
  static constexpr size_t kProbePadding = 224;  // bytes, of at most 255; libwebrtc's

  struct PayloadTypes {
    std::optional<uint8_t> media;
    std::optional<uint8_t> rtx;
  };
  struct Config {
    Ssrc ssrc;
    Ssrc rtx_ssrc;
    std::array<PayloadTypes, kCodecs> payload_types{};  // by Codec
    ExtensionMap extensions;
  };
  // What only the moment of release knows.
  struct Release {
    Timestamp now;
    uint16_t transport_sequence = 0;
    const PublisherClock* publisher_clock = nullptr;  // may be null
  };
  struct Counters {
    uint64_t packets = 0;  // first transmissions, padding included
    uint64_t bytes = 0;    // their payloads
    uint64_t retransmissions = 0;
    uint64_t retransmitted_bytes = 0;
    uint64_t probes = 0;         // packets sent once more for a probe, or in their place
    uint64_t nacks_refused = 0;  // beyond the budget, revoked, or no longer in the history
    uint64_t oversized = 0;      // larger than kDatagramBytes
    uint64_t reports = 0;        // receiver reports about this stream
  };

  explicit SendStream(const Config& config);

  // Whether its packets have a place for the transport-wide sequence number.
  bool carries_transport_sequence() const { return plain_.places.transport_sequence != 0; }
  bool can_send(Codec codec) const { return config_.payload_types[static_cast<size_t>(codec)].media.has_value(); }

  // Each writes one plain RTP packet at the start of `out` and returns its size; 0 if it does not fit, or the slot has
  // no payload type for it.
  size_t write(const RewrittenPacket& packet, const Release& release, MutableBytes out);
  size_t write_padding(uint16_t sequence, const Release& release, MutableBytes out);
  // A packet once more as RTX, for a probe: beside the budget, and nothing where the receiver did not agree on RTX.
  size_t write_probe(const RewrittenPacket& packet, const Release& release, MutableBytes out);
  // Where there is no such packet any more: nothing but padding, in the stream of the retransmissions, which has no gap
  // by it. Likewise nothing without RTX.
  size_t write_probe_padding(const Release& release, MutableBytes out);
  // As RTX where the receiver agreed on it, else the packet once more as it was. Also 0 when the budget is spent.
  size_t write_retransmission(const RewrittenPacket& packet, const Release& release, MutableBytes out);

  // The sender info of a report of now; nullopt before anything was sent.
  std::optional<SenderInfo> make_sender_info(Timestamp now, std::optional<uint32_t> rtp_timestamp) const;
  // A number is used up: the packet went into the transmit queue, or was dropped before it for want of room. Numbers
  // that this is not said of are the publisher's losses, not the receiver's.
  void note_sent(int64_t out_sequence) { sent_.insert(out_sequence); }
  // A report block about this stream; `now` completes the round trip (RFC 3550 section 6.4.1). How many packets were
  // lost between Eir and the receiver since the report before.
  int64_t handle_report(Timestamp now, const ReportBlock& block);

  const Config& config() const { return config_; }
  const Counters& counters() const { return counters_; }
  std::optional<Duration> round_trip() const { return round_trip_; }
  // Between Eir and the receiver, by its reports less the gaps that are open upstream: of the last interval, and of all
  // time (negative if the receiver counts duplicates). A gap filled while a report is on its way counts as one lost
  // packet until the next.
  double fraction_lost() const { return fraction_lost_; }
  int64_t packets_lost() const { return reported_.lost; }
  // How many packets the receiver has reported on, lost or not.
  uint64_t packets_reported() const { return static_cast<uint64_t>(reported_.expected); }

 private:
  struct Shape {
    uint8_t payload_type = 0;
    Ssrc ssrc;
    uint16_t sequence = 0;
    std::optional<uint16_t> original_sequence{};  // RTX
  };
  // What the last report said, corrected.
  struct Reported {
    int64_t expected = 0;
    int64_t lost = 0;
  };
  void handle_round_trip(Timestamp now, const ReportBlock& block);
  Reported correct(const ReportBlock& block) const;
  // The header of a packet that carries none of its publisher's extensions, as most video packets: its bytes but for
  // the fields that change are the same for the stream's whole life.
  struct PlainHeader {
    static constexpr size_t kMax = 48;  // fixed header, CSRC, and two short extensions in either form
    std::array<uint8_t, kMax> bytes{};
    size_t size = 0;
    ExtensionOffsets places;
  };
  size_t write_as(const RewrittenPacket& packet, const Shape& shape, const Release& release, MutableBytes out) const;
  size_t write_header(const RewrittenPacket& packet, const Shape& shape, const Release& release,
                      MutableBytes out) const;
  size_t write_plain_header(const RewrittenPacket& packet, const Shape& shape, const Release& release,
                            MutableBytes out) const;

  Config config_;
  PlainHeader plain_;
  uint16_t rtx_sequence_ = 0;
  uint32_t last_timestamp_ = 0;
  uint8_t last_payload_type_ = 0;
  int64_t retransmission_credit_ = kRetransmissionBurst;
  std::optional<Duration> round_trip_;
  SentNumbers sent_;
  Reported reported_;
  double fraction_lost_ = 0.0;
  Counters counters_;
};

}  // namespace eir
