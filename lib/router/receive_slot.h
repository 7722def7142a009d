#pragma once

#include <optional>
#include <string>
#include <utility>

#include "lib/base/ring.h"
#include "lib/media/forwarder.h"
#include "lib/media/send_stream.h"
#include "lib/router/events.h"
#include "lib/router/pair_watch.h"
#include "lib/router/shared.h"
#include "lib/sdp/media_description.h"
#include "lib/transport/srtp_session.h"
#include "lib/transport/transmit_queue.h"

namespace eir {

class ClientSession;
class PublishedTrack;

// A receiving m-line of a client, from the first answer to the end: one SSRC, one sequence space, one clock, whatever
// it shows. Owned by its ClientSession. Decided elsewhere: what it shows (Room). Decided here: nothing but how.
class ReceiveSlot {
 public:
  static constexpr size_t kQueueMax = 256;  // entries waiting for release; what does not fit waits in the history
  static constexpr Duration kReportInterval = 1s;
  // While the pace holds packets back they wait in the history, without a number yet: a change of layer or a pause
  // leaves them out without a gap.
  static constexpr size_t kPacedAhead = 4;
  static constexpr int64_t kProbeLookBack = 16;    // of the last packets the largest is sent for a probe
  static constexpr size_t kNacksPerMessage = 256;  // of one NACK message; more than a receiver's window can miss

  ReceiveSlot(RouterShared& shared, ClientSession& session, const sdp::MediaDescription& media);
  ~ReceiveSlot();
  ReceiveSlot(const ReceiveSlot&) = delete;
  ReceiveSlot& operator=(const ReceiveSlot&) = delete;

  // Shows `track` from the next key frame on; nullptr: nothing.
  void assign(Timestamp now, PublishedTrack* track);
  // Something changed that what it shows rests upon: the track's layers, a right, a pause.
  void aim(Timestamp now);
  // The layer of its track that the line carries, with its temporal layers up to the limit; nullptr: none. For
  // pictures; decided by SendControl. `is_thin`: the line is or lately was full. True if that pauses the slot, or ends
  // its pause.
  bool grant(Timestamp now, ReceiveStream* layer, uint8_t temporal_limit, bool is_thin);
  // Whether it would send now if its line carried it.
  bool is_live() const { return can_send_since_ != kNever; }
  // True once after it began to show something else.
  bool take_reassigned() { return std::exchange(is_reassigned_, false); }
  // The right to the track is gone: not one packet of it passes from now on, new or old.
  void revoke(Timestamp now, TrackId track);
  // The track ended: nothing new of it, but what was sent may still be asked for.
  void end(Timestamp now, const PublishedTrack& track);
  void stop(const ReceiveStream* stream) { forwarder_.stop(stream); }
  void forget(const ReceiveStream* stream) { forwarder_.forget(stream); }

  // Sends what has come since the last call, as far as the session's pace allows: it stays dirty while something waits
  // for that. False if the queue had no room: to be called again.
  bool flush(Timestamp now, const Path& path, TransmitQueue& out);

  // Sends one of its last packets once more, for a probe of the line, or padding where none of them is kept any more.
  // False if it may not.
  bool send_probe(Timestamp now, const Path& path, TransmitQueue& out);
  void handle_nack(Timestamp now, uint16_t sequence, const Path& path, TransmitQueue& out);
  void handle_report(Timestamp now, const ReportBlock& block);
  void handle_key_frame_request(Timestamp now);
  // Writes sender report and CNAME, encrypted; 0 if there is nothing to report. Due once a second and after a switch.
  size_t write_report(Timestamp now, std::string_view cname, MutableBytes out);
  Timestamp next_report() const { return report_due_; }
  // The source has reported for the first time: what the slot's reports waited for.
  void report_soon(Timestamp now);

  const std::string& mid() const { return mid_; }
  MediaKind kind() const { return kind_; }
  Ssrc ssrc() const { return send_.config().ssrc; }
  const sdp::SlotIdentity& identity() const { return identity_; }
  PublishedTrack* track() const { return track_; }
  Timestamp assigned_at() const { return assigned_at_; }
  // When all that sending needs was there: transport, right, no pause, and a source that sends. kNever while not.
  Timestamp can_send_since() const { return can_send_since_; }
  bool can_show(const PublishedTrack& track) const;
  bool is_dirty() const { return is_dirty_; }
  void mark_dirty();
  // A packet of the track came, on this stream.
  void note_stored(const ReceiveStream* stream) {
    forwarder_.note_stored(stream);
    mark_dirty();
  }
  // Packets that flush() has yet to come to, and entries that it has yet to send.
  uint64_t unread() const { return forwarder_.unread(); }
  size_t waiting() const { return queue_.size(); }
  SlotInfo describe(Timestamp now) const;
  // True if what it shows has fallen silent on its way, or flows again: silence().
  bool watch(Timestamp now);
  PairSilence silence() const { return watch_.silence(); }
  const SendStream& send() const { return send_; }
  const Forwarder& forwarder() const { return forwarder_; }
  ClientSession& session() const { return session_; }

  // The client's wish for this slot not to be sent at all.
  void set_paused(Timestamp now, bool paused);
  bool is_paused() const { return is_paused_; }

 private:
  bool may_send() const;
  enum class Released : uint8_t { kSent, kDropped, kNoRoom };
  Released release(Timestamp now, const EgressEntry& entry, const Path& path, TransmitQueue& out);
  void ask_for_key_frame(Timestamp now, bool falls);
  bool has_keys();
  SendStream::Release release_of(Timestamp now);
  bool protect_and_commit(size_t size, MutableBytes buffer, const SendStream::Release& release, const Path& path,
                          TransmitQueue& out);

  RouterShared& shared_;
  ClientSession& session_;
  std::string mid_;
  MediaKind kind_;
  sdp::SlotIdentity identity_;
  TransmitKind transmit_kind_;
  Forwarder forwarder_;
  SendStream send_;
  std::optional<SrtpSession> srtp_;  // made when the transport has keys
  Ring<EgressEntry> queue_;
  PublishedTrack* track_ = nullptr;
  Timestamp assigned_at_;
  Timestamp can_send_since_ = kNever;
  bool is_dirty_ = false;
  bool is_paused_ = false;
  bool is_withheld_ = false;
  bool is_reassigned_ = true;
  uint8_t temporal_limit_ = TemporalFilter::kNoLimit;
  PairWatch watch_;
  Timestamp report_due_ = kNever;
};

}  // namespace eir
