#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/ids.h"
#include "lib/router/pair_watch.h"
#include "lib/router/rights.h"
#include "lib/rtp/codec.h"

namespace eir {

enum class TransportPhase : uint8_t { kNew, kConnected, kDisconnected, kClosed, kFailed };

struct TransportStateChanged {
  ParticipantId participant;
  TransportId transport;
  TransportPhase phase = TransportPhase::kNew;
  std::string_view reason;  // a stable code, empty while all is well
};

struct TrackInfo {
  ParticipantId participant;
  TrackId track;
  std::string mid;
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
};
// A sending m-line was negotiated, or its label changed.
struct TrackPublished {
  TrackInfo track;
};
struct TrackEnded {
  ParticipantId participant;
  TrackId track;
};

enum class SlotState : uint8_t {
  kLive,
  kMuted,             // by a host
  kSilent,            // nothing came for 2 s
  kPaused,            // by the client's own wish
  kCodecUnsupported,  // the slot cannot decode what the source sends
  kEmpty,
};
struct SlotInfo {
  std::string mid;
  TrackId track{};         // stands as CSRC on every packet of the slot; 0: none
  ParticipantId source{};  // 0: none
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
  SlotState state = SlotState::kEmpty;
  bool operator==(const SlotInfo&) const = default;
};
// All slots of one participant, as they are from now on.
struct SlotsChanged {
  ParticipantId participant;
  std::vector<SlotInfo> slots;
};

// Loudest first; only those who speak.
struct ActiveSpeakers {
  RoomId room;
  std::vector<ParticipantId> participants;
};

// The first packet that a slot sent to this participant since its rights last gave it something to receive.
struct MediaStarted {
  ParticipantId participant;
  std::string mid;
  int64_t elapsed_ms = 0;  // Eir's own share: since DTLS was connected, the rights were there and a source sent
};

// The simulcast layers that a track's publisher shall send from now on; the others nobody could use (WantedLayers).
struct LayersWanted {
  ParticipantId participant;
  TrackId track;
  std::string mid;
  std::vector<std::string> rids;  // in the offer's order
};

// A pair's sound or picture has stopped on its way for PairWatch::kSilentAfter, or flows again (kNone).
struct PairSilenceChanged {
  ParticipantId receiver;
  ParticipantId publisher;
  MediaKind kind = MediaKind::kAudio;
  TrackLabel label = TrackLabel::kMicrophone;
  PairSilence silence = PairSilence::kNone;
};

using RouterEvent = std::variant<TransportStateChanged, TrackPublished, TrackEnded, SlotsChanged, ActiveSpeakers,
                                 MediaStarted, LayersWanted, PairSilenceChanged>;

}  // namespace eir
