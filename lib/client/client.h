#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/ids.h"
#include "lib/base/path.h"
#include "lib/base/random.h"
#include "lib/base/result.h"
#include "lib/base/ring.h"
#include "lib/base/time.h"
#include "lib/client/client_options.h"
#include "lib/client/client_receiver.h"
#include "lib/client/client_sender.h"
#include "lib/client/client_transport.h"
#include "lib/congestion/feedback_recorder.h"
#include "lib/rtp/rtcp_common.h"
#include "lib/rtp/rtcp_feedback.h"
#include "lib/rtp/rtcp_reports.h"
#include "lib/rtp/rtp_packet.h"
#include "lib/sdp/client_session.h"

namespace eir {

// DTLS is done: media flows.
struct ClientConnected {};
// Nothing can pass any more. `reason` is stable: "dtls_failed", "close_notify", "ice_lost", "closed".
struct ClientClosed {
  std::string_view reason;
};
// ICE chose (another) pair.
struct ClientPathSelected {
  Path path;
};
// The first packet of a slot, and the first one after its source (CSRC) changed.
struct SlotSourceSeen {
  ShortText mid;
  uint32_t csrc = 0;
};
// The server asked for a key frame of a track; the rid is of the encoding that the request named.
struct KeyFrameRequested {
  ShortText mid;
  ShortText rid;
};
using ClientEvent = std::variant<ClientConnected, ClientClosed, ClientPathSelected, SlotSourceSeen, KeyFrameRequested>;

enum class ClientRefusal : uint8_t {
  kAnswerMalformed,  // not an answer, or not one that a browser takes
  kNoCandidate,      // no address to send to
  kAnswerMismatch,   // other m-lines than the offer has, or other keys than before
};

struct ClientCounters {
  uint64_t datagrams_in = 0;
  uint64_t datagrams_out = 0;
  uint64_t drop_malformed = 0;     // none of STUN, DTLS, SRTP, SRTCP
  uint64_t drop_unknown_ssrc = 0;  // RTP of no slot
  uint64_t drop_auth_failed = 0;
  uint64_t rtcp_in = 0;
  uint64_t rtcp_malformed = 0;
  uint64_t feedback_in = 0;  // transport-cc messages about what this client sends
  uint64_t byes_in = 0;
};

// A whole WebRTC peer without sockets, clocks or codecs, for simulation tests, the bench and the network self-test: it
// offers, publishes stamped packets, fills slots and checks every byte that comes back. Owned by whoever drives it; the
// same inputs (time, randomness, datagrams) give the same outputs, except for OpenSSL's randomness in DTLS. Sends
// nothing before write_offer() and handle_answer(). A driver's loop:
//   handle_datagram()… or handle_timeout(now) · poll_transmit() until 0 · poll_event() until none · next_timeout()
class Client {
 public:
  // Larger than all that poll_transmit() writes.
  static constexpr size_t kDatagramMax = 1500;

  // `dtls` and `random` are used, not owned; many clients may share both.
  Client(ClientOptions options, const DtlsContext& dtls, Random& random);
  ~Client();

  // --- signalling ---
  // Published tracks (audio, then video), then slots (audio, then video); what add_…() brought later stands behind.
  // Mids are the m-line's index as text.
  std::string write_offer();
  // `servers`: addresses to use instead of the answer's candidates.
  Result<void, ClientRefusal> handle_answer(Timestamp now, std::string_view answer,
                                            std::span<const SocketAddress> servers = {});
  // The other way round, of servers that offer to who only watches: each m-line on which the server sends becomes a
  // slot under its mid, every other one is refused. Once, and only of a client without m-lines of its own. Returns the
  // answer, with this client as DTLS client.
  Result<std::string, ClientRefusal> handle_offer(Timestamp now, std::string_view offer,
                                                  std::span<const SocketAddress> servers = {});
  // For the next offer. Each returns the new m-line's mid.
  std::string add_audio_track(const AudioTrackOptions& track);
  std::string add_video_track(const VideoTrackOptions& track);
  std::string add_slot(MediaKind kind);
  // The m-line becomes port 0 in the next offer; its streams say BYE now.
  void remove_media(Timestamp now, std::string_view mid);
  // New credentials, which the next offer carries; or hand local_ice().ufrag to the server and its answer to
  // finish_ice_restart().
  void begin_ice_restart();
  void finish_ice_restart(Timestamp now, const IceCredentials& remote, std::span<const SocketAddress> servers = {});
  const IceCredentials& local_ice() const { return transport_.local_ice(); }

  // --- packets ---
  // `path`: the local socket and who sent it. The bytes are decrypted in place.
  void handle_datagram(Timestamp now, MutableBytes datagram, const Path& path);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  // Writes the next datagram and where it goes; 0 when there is none due. `out` has kDatagramMax bytes.
  size_t poll_transmit(MutableBytes out, Path& path);
  std::optional<ClientEvent> poll_event();
  // BYE for every stream and close_notify, with the next polls; then silence.
  void close(Timestamp now);

  // --- what a user does ---
  // Tracks are found by mid; each sends from the moment of connection. A stopped track sends nothing.
  void set_sending(Timestamp now, std::string_view mid, bool is_sending);
  // The track's streams say BYE; it sends on only with change_ssrcs() and set_sending().
  void end_streams(Timestamp now, std::string_view mid);
  // As setParameters({encodings: [{active}]}) does.
  void set_encoding_active(std::string_view mid, std::string_view rid, bool is_active);
  // New SSRC, sequence numbers and timestamps on the same mid and rid, without renegotiation; `bye` says so first.
  void change_ssrcs(Timestamp now, std::string_view mid, bool bye);
  // The slot asks for a key frame with the next poll (a flood of requests, when called often).
  void request_key_frame(std::string_view mid);

  bool is_connected() const { return transport_.is_connected(); }
  const ClientOptions& options() const { return options_; }
  ClientTransport& transport() { return transport_; }
  const ClientTransport& transport() const { return transport_; }
  const std::vector<std::unique_ptr<ClientSender>>& senders() const { return senders_; }
  const std::vector<std::unique_ptr<ClientReceiver>>& receivers() const { return receivers_; }
  ClientSender* find_sender(std::string_view mid) const;
  ClientReceiver* find_receiver(std::string_view mid) const;
  const ClientCounters& counters() const { return counters_; }

 private:
  // One m-line of the offer: a track or a slot.
  struct Media {
    ClientSender* sender = nullptr;
    ClientReceiver* receiver = nullptr;
    bool is_removed = false;
  };
  struct SlotSsrc {
    Ssrc ssrc;
    ClientReceiver* receiver = nullptr;
    bool is_rtx = false;
  };

  std::string add_slot(MediaKind kind, std::string mid);
  sdp::OfferParameters session_parameters(sdp::DtlsSetup setup);
  void keep_what_a_slot_can(sdp::AnsweredMedia& offered) const;
  ExtensionMap offered_extensions(MediaKind kind) const;
  sdp::OfferedMedia offered_track(const ClientSender& sender) const;
  sdp::OfferedMedia offered_slot(const ClientReceiver& receiver) const;
  bool matches_offer(const sdp::Answer& answer) const;
  void apply_media(const sdp::Answer& answer);
  void start_transport(Timestamp now, const sdp::Answer& answer, std::vector<Path> pairs);
  void start_sending(Timestamp now);
  void register_ssrcs();
  void take_transport_events(Timestamp now);
  void say_bye(const ClientSender& sender);
  void tell(ClientEvent event);

  void handle_rtp(Timestamp now, MutableBytes datagram);
  void handle_slot_packet(Timestamp now, const SlotSsrc& slot, MutableBytes datagram);
  void note_transport_sequence(Timestamp now, const ClientReceiver& receiver, const RtpPacketView& view);
  SlotSsrc* find_slot(Ssrc ssrc);

  // client_rtcp.cc
  void handle_rtcp(Timestamp now, MutableBytes datagram);
  void handle_rtcp_block(Timestamp now, const RtcpBlock& block);
  void handle_report_block(Timestamp now, const ReportBlock& block);
  void handle_key_frame_request(Ssrc media);
  void handle_nack(const Nack& nack);
  MediaEncoding* find_encoding(Ssrc ssrc);
  size_t poll_rtcp(MutableBytes out);
  void write_byes(ByteWriter& writer);
  void write_reports(ByteWriter& writer);
  void write_receiver_report(ByteWriter& writer);
  void write_feedback(ByteWriter& writer);
  void write_slot_feedback(ByteWriter& writer, ClientReceiver& receiver);
  MediaEncoding* next_reporting_encoding();
  Timestamp rtcp_timeout() const;
  Ssrc rtcp_ssrc() const;
  Duration round_trip() const;

  size_t poll_media(MutableBytes out);

  ClientOptions options_;
  Random& random_;
  ClientTransport transport_;
  std::vector<Media> media_;
  std::vector<std::unique_ptr<ClientSender>> senders_;
  std::vector<std::unique_ptr<ClientReceiver>> receivers_;
  std::vector<SlotSsrc> slot_ssrcs_;
  size_t last_slot_ = 0;
  std::string remote_ufrag_;
  std::vector<Path> pairs_;  // of the last answer, for ICE restarts
  FeedbackRecorder feedback_;
  Ssrc fallback_ssrc_;  // of the RTCP of a client that publishes nothing
  uint16_t transport_sequence_ = 0;
  uint64_t offers_ = 0;
  Timestamp now_;
  Timestamp reports_due_ = kNever;
  size_t next_report_ = 0;  // of this round: 0 the receiver report, then the encodings
  size_t next_sender_ = 0;  // whose turn it is to send media
  std::vector<Ssrc> byes_;
  bool is_closing_ = false;
  bool rtcp_rsize_ = true;
  Ring<ClientEvent> events_;
  ClientCounters counters_;
};

}  // namespace eir
