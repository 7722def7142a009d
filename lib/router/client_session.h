#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/timer_wheel.h"
#include "lib/congestion/feedback_recorder.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "lib/router/send_control.h"
#include "lib/router/shared.h"
#include "lib/rtp/rtcp_common.h"
#include "lib/rtp/rtcp_reports.h"
#include "lib/sdp/negotiate.h"
#include "lib/transport/transmit_queue.h"
#include "lib/transport/transport.h"

namespace eir {

class Participant;

enum class SessionKind : uint8_t { kWeb, kWhip, kWhep };

// One RTCPeerConnection of a client as Eir sees it: a Transport, the tracks that it publishes and the slots in which it
// receives, and the RTCP of both. Owned by a Participant. Web client, WHIP and WHEP differ only in what they offer.
class ClientSession : public TimerWheel<ClientSession>::Node {
 public:
  static constexpr Duration kReportInterval = 1s;
  static constexpr Duration kDefaultRoundTrip = 100ms;  // until a report says better
  static constexpr size_t kStreamsMax = SrtpSession::kInboundSsrcsMax;
  static constexpr size_t kNacksPerPacket = 200;

  ClientSession(RouterShared& shared, Participant& participant, SessionKind kind, std::unique_ptr<Transport> transport,
                std::string cname);
  ~ClientSession();

  // Takes over what an offer agreed on. Slots keep their mids' identities; m-lines that went away end.
  void apply(Timestamp now, const sdp::Negotiated& negotiated);

  // A packet from one of this transport's paths, still encrypted.
  void handle_rtp(Timestamp now, PacketPtr packet, const Path& path);
  // May answer NACKs into `out`.
  void handle_rtcp(Timestamp now, PacketPtr packet, const Path& path, TransmitQueue& out);

  // Sends what is due: media of dirty slots, then RTCP. False if `out` had no room for all.
  bool flush(Timestamp now, TransmitQueue& out);
  // After packets or timers: reports, feedback, NACKs and key-frame requests that are due.
  void send_due_rtcp(Timestamp now, TransmitQueue& out);
  // DTLS datagrams.
  void send_handshake(TransmitQueue& out);
  Timestamp next_timeout() const;
  void mark_dirty();
  // Something asked this session's sender for a key frame, or media came: the timer is to be set anew.
  void arm() {
    needs_arming_ = true;
    mark_dirty();
  }
  // What the slots are given is decided anew, with the next flush.
  void divide_soon() {
    control_->divide_soon();
    mark_dirty();
  }
  // Of a session with slots.
  SendControl& send_control() { return *control_; }
  const SendControl* find_send_control() const { return control_.get(); }
  void note_media_started(Timestamp now, const ReceiveSlot& slot);

  Participant& participant() const { return participant_; }
  SessionKind kind() const { return kind_; }
  Transport& transport() { return *transport_; }
  const Transport& transport() const { return *transport_; }
  const std::vector<std::unique_ptr<PublishedTrack>>& tracks() const { return tracks_; }
  const std::vector<std::unique_ptr<ReceiveSlot>>& slots() const { return slots_; }
  const std::vector<sdp::MediaDescription>& media() const { return media_; }
  PublishedTrack* find_track(std::string_view mid) const;
  ReceiveSlot* find_slot(std::string_view mid) const;
  // True if any of the client's or the server's streams of this transport has this SSRC.
  bool uses_ssrc(Ssrc ssrc) const;
  uint16_t next_transport_sequence() { return transport_sequence_++; }
  Duration round_trip() const;
  TransportPhase phase() const { return phase_; }
  void set_phase(TransportPhase phase) { phase_ = phase; }
  // The participant who holds pair k of audio and video slots; kept by the room.
  std::vector<ParticipantId>& pair_owners() { return pair_owners_; }
  // The last plan moved a slot, so that the next tick plans again, until nothing moves.
  bool plan_moved() const { return plan_moved_; }
  void set_plan_moved(bool moved) { plan_moved_ = moved; }
  // Estimates, pace and probes that are due.
  void handle_timeout(Timestamp now);
  // Silence, layers that stopped: a few times a second.
  void handle_tick(Timestamp now);
  const FeedbackRecorder& feedback() const { return feedback_; }

 private:
  struct Binding {
    Ssrc ssrc;
    PublishedTrack* track = nullptr;
    ReceiveStream* stream = nullptr;
    bool is_rtx = false;
  };

  Binding* find_binding(Ssrc ssrc);
  // Finds where a packet of an SSRC not seen before belongs (RFC 8843 section 9.2, RFC 8852); nullptr and counted if
  // nowhere.
  Binding* bind(Timestamp now, const RtpPacketView& view, const HeaderExtensions& extensions);
  PublishedTrack* find_track_of(const RtpPacketView& view, const HeaderExtensions& extensions) const;
  Binding* bind_media(Timestamp now, PublishedTrack& track, const RtpPacketView& view,
                      const HeaderExtensions& extensions);
  Binding* bind_rtx(PublishedTrack& track, const RtpPacketView& view, const HeaderExtensions& extensions);
  Binding* add_binding(const Binding& binding);
  void drop_bindings(const ReceiveStream* stream);
  bool has_camera(const PublishedTrack& other_than) const;
  void end_track(Timestamp now, PublishedTrack& track);
  void offer(const Binding& binding);
  void note_stored(Timestamp now, Binding& binding);

  void handle_rtcp_block(Timestamp now, const RtcpBlock& block, const Path& path, TransmitQueue& out);
  void handle_feedback(Timestamp now, const RtcpBlock& block, const Path& path, TransmitQueue& out);
  void handle_report_block(Timestamp now, const ReportBlock& block);
  void handle_bye(Timestamp now, const RtcpBlock& block);
  ReceiveSlot* find_slot(Ssrc ssrc) const;

  bool flush_slots(Timestamp now, const Path& path, TransmitQueue& out);
  void send_probe(Timestamp now, const Path& path, TransmitQueue& out);
  void send_receiver_reports(Timestamp now, const Path& path, TransmitQueue& out);
  void send_transport_feedback(Timestamp now, const Path& path, TransmitQueue& out);
  void send_nacks(Timestamp now, const Path& path, TransmitQueue& out);
  void send_key_frame_requests(Timestamp now, const Path& path, TransmitQueue& out);
  void send_slot_reports(Timestamp now, const Path& path, TransmitQueue& out);
  bool begin_rtcp(ByteWriter& writer);
  void finish_rtcp(MutableBytes buffer, size_t size, const Path& path, TransmitQueue& out);

  RouterShared& shared_;
  Participant& participant_;
  SessionKind kind_;
  std::unique_ptr<Transport> transport_;
  std::string cname_;
  std::vector<sdp::MediaDescription> media_;
  ExtensionMap extensions_;
  bool rtcp_rsize_ = false;
  std::vector<std::unique_ptr<PublishedTrack>> tracks_;
  std::unique_ptr<SendControl> control_;  // made with the first slot
  std::vector<std::unique_ptr<ReceiveSlot>> slots_;
  std::vector<Binding> bindings_;
  size_t last_binding_ = 0;
  std::vector<ParticipantId> pair_owners_;
  bool plan_moved_ = false;
  FeedbackRecorder feedback_;
  bool is_dirty_ = false;
  bool needs_arming_ = true;
  uint16_t transport_sequence_ = 0;
  Timestamp paced_until_ = kNever;  // something waits for its pace
  Timestamp reports_due_ = kNever;
  Ssrc newest_media_ssrc_;
  std::optional<Duration> publisher_round_trip_;
  TransportPhase phase_ = TransportPhase::kNew;
  // The Router's notes of the last offer.
  friend class Router;
  std::string remote_ufrag_;
  CertificateFingerprint remote_fingerprint_;
  uint64_t answers_ = 0;
};

}  // namespace eir
