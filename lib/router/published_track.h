#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/media/audio_levels.h"
#include "lib/media/clock_mapping.h"
#include "lib/media/key_frame_requester.h"
#include "lib/media/receive_stream.h"
#include "lib/router/bitrate_allocator.h"
#include "lib/router/events.h"
#include "lib/router/wanted_layers.h"
#include "lib/sdp/media_description.h"

namespace eir {

class ClientSession;
class ReceiveSlot;

// A sending m-line of a client: one audio or video source in up to kLayersMax simulcast layers. Owned by its
// ClientSession. Its id is the CSRC on every packet that any slot sends of it.
class PublishedTrack {
 public:
  static constexpr size_t kLayersMax = 4;       // browsers send 3; a fourth m-line rid is left unbound
  static constexpr Duration kSilentAfter = 2s;  // told to clients as "silent"

  struct Layer {
    ShortText rid;  // empty without simulcast
    Ssrc rtx_ssrc;
    std::unique_ptr<ReceiveStream> stream;  // made with the layer's first packet
    Timestamp bound_at;
  };

  PublishedTrack(TrackId id, ClientSession& session, const PublisherClock& clock, const sdp::MediaDescription& media);

  // What a later offer says of the same mid. Streams whose payload type is gone end with the next packet.
  void renegotiate(const sdp::MediaDescription& media);

  // The layer that a packet with this rid (empty: none) belongs to; nullptr beyond kLayersMax or for a rid that was not
  // negotiated.
  Layer* find_layer(const ShortText& rid);
  Layer* find_layer_of_rtx(Ssrc rtx_ssrc);
  // Makes the layer's stream, or replaces it by one of another SSRC or codec; the former one is handed back, because
  // epochs may still refer to it.
  std::unique_ptr<ReceiveStream> bind(Timestamp now, Layer& layer, const ReceiveStream::Config& config);
  // A sender that changes its SSRC faster than this is not followed: every change costs a history.
  static constexpr Duration kRebindMin = 500ms;
  // The layer's stream ended (BYE).
  std::unique_ptr<ReceiveStream> unbind(Layer& layer);

  // To be called after each stored packet. True if the best layer changed, so that slots must be aimed anew.
  bool handle_stored(Timestamp now, const ReceiveStream& stream, const StoredPacket& packet);
  // The same question asked by the clock: a layer may have fallen silent.
  bool update_best(Timestamp now);
  ReceiveStream* best() const { return best_; }

  // The layers that send now, smallest first, for the allocator; how many. An offer's key names its layer for
  // stream_of() as long as the track lives.
  size_t offer_layers(Timestamp now, std::span<LayerOffer, kLayersMax> out);
  // All whose size is known, whether they send or not, smallest first, without rates; how many.
  size_t list_sizes(std::span<LayerOffer, kLayersMax> out) const;
  // Asks who could use which layer; true if the publisher is to be told active_rids().
  bool update_wanted(Timestamp now);
  std::vector<std::string> active_rids() const;
  ReceiveStream* stream_of(uint64_t key) const {
    return key < layers_.size() ? layers_[static_cast<size_t>(key)].stream.get() : nullptr;
  }

  void subscribe(ReceiveSlot& slot) { subscribers_.push_back(&slot); }
  void unsubscribe(ReceiveSlot& slot) { std::erase(subscribers_, &slot); }
  const std::vector<ReceiveSlot*>& subscribers() const { return subscribers_; }

  TrackId id() const { return id_; }
  ClientSession& session() const { return session_; }
  const PublisherClock& clock() const { return clock_; }
  const std::string& mid() const { return media_.mid; }
  const sdp::MediaDescription& media() const { return media_; }
  MediaKind kind() const { return kind_; }
  // Of the newest packet; before it the negotiated one.
  Codec codec() const { return best_ != nullptr ? best_->codec() : media_.codecs.front().codec; }
  TrackLabel label() const { return label_; }
  void set_label(TrackLabel label) { label_ = label; }
  RightKind right() const { return right_needed(label_); }
  bool is_silent(Timestamp now) const;
  // Packets of all its layers; begins anew when a stream is replaced.
  uint64_t arrived() const;
  // True if silence or codec are not as at the last call.
  bool take_state_changed(Timestamp now);
  std::vector<Layer>& layers() { return layers_; }
  const std::vector<Layer>& layers() const { return layers_; }

  KeyFrameRequester& key_frames() { return key_frames_; }
  const KeyFrameRequester& key_frames() const { return key_frames_; }
  AudioLevelTracker& audio_level() { return audio_level_; }
  const AudioLevelTracker& audio_level() const { return audio_level_; }
  uint8_t next_fir_sequence() { return fir_sequence_++; }

 private:
  TrackId id_;
  ClientSession& session_;
  const PublisherClock& clock_;
  sdp::MediaDescription media_;
  MediaKind kind_;
  TrackLabel label_;
  std::vector<Layer> layers_;
  WantedLayers wanted_;
  ReceiveStream* best_ = nullptr;
  std::vector<ReceiveSlot*> subscribers_;
  KeyFrameRequester key_frames_;
  AudioLevelTracker audio_level_;
  uint8_t fir_sequence_ = 0;
  bool was_silent_ = true;
  Codec last_codec_;
};

}  // namespace eir
