#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/base/result.h"
#include "server/api/problem.h"
#include "server/channel/messages.h"
#include "server/consultation/consultations.h"

// The messages of the signalling WebSocket (README.md), as values.
namespace eir::signal {

// --- client → server ---
struct Hello {
  std::string session;
  // Names are kept in memory only: after a restart of Eir nobody but the client knows its own.
  std::string display_name;
};
struct Offer {
  std::optional<int64_t> id;
  std::string sdp;
  bool is_fresh = false;
};
struct Wish {
  std::string mid;
  std::optional<ParticipantKey> participant;
  channel::TrackLabel label = channel::TrackLabel::kCamera;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t priority = 0;
};
struct View {
  std::vector<Wish> wishes;
};
struct Label {
  std::string mid;
  channel::TrackLabel label = channel::TrackLabel::kCamera;
};
struct Mute {
  MuteKind kind = MuteKind::kAudio;
  bool muted = false;
};
// Who else sits before this connection; replaces what was said before.
struct Persons {
  std::vector<PresentPerson> persons;
};
// A message to those who may receive from the sender; kept nowhere.
struct Chat {
  std::string text;
};
// Real-time text: what has been typed since the last message, with U+0008 to erase and U+2028 for a new line (ITU-T
// T.140).
struct RealTimeText {
  std::string t140;
};
struct Leave {};
struct Ping {
  std::optional<int64_t> id;
};
using ClientMessage = std::variant<Hello, Offer, View, Label, Mute, Persons, Chat, RealTimeText, Leave, Ping>;

inline constexpr size_t kWishesMax = 64;
// UTF-8 bytes: two pages of a message, and more than anybody types in the 300 ms between two pieces of real-time text.
inline constexpr size_t kChatBytesMax = 4000;
inline constexpr size_t kRealTimeTextBytesMax = 512;
// RFC 8843 has no limit for a mid; ours are short and so are browsers'.
inline constexpr size_t kMidMax = 32;
inline constexpr uint32_t kPixelsMax = 16384;
inline constexpr uint32_t kPriorityMax = 9;

struct Refused {
  std::string code;  // invalid_json, unknown_field, missing_field, invalid_value, unknown_type
  std::string detail;
  std::optional<int64_t> id;
};
[[nodiscard]] std::variant<ClientMessage, Refused> parse(std::string_view text);

std::string_view to_text(channel::TrackLabel label);
std::optional<channel::TrackLabel> label_from_text(std::string_view text);

// --- server → client, each as the text to send ---

// A slot whose source is told by its public id, if that is known.
struct PublicSlot {
  const channel::Slot* slot = nullptr;
  std::optional<ParticipantKey> source;
};

std::string welcome(const Consultation& consultation, const Participant& participant,
                    const std::vector<const Participant*>& roster);
std::string answer(std::optional<int64_t> id, std::string_view sdp);
std::string waiting();
std::string admitted(Rights rights, const std::vector<const Participant*>& roster);
std::string rights(Rights rights);
std::string consultation(const Consultation& consultation);
std::string removed(std::string_view reason);
std::string ended();
std::string slots(const std::vector<PublicSlot>& slots);
std::string layers(std::string_view mid, const std::vector<std::string>& rids);
std::string silence(ParticipantKey from, ParticipantKey to, const channel::PairSilenceChanged& silence);
std::string roster(const std::vector<const Participant*>& changed, const std::vector<ParticipantKey>& gone);
std::string speakers(const std::vector<ParticipantKey>& participants);
std::string muted(MuteKinds kinds);
std::string chat(ParticipantKey from, std::string_view text);
std::string real_time_text(ParticipantKey from, std::string_view t140);
std::string session(const Token& token);
std::string renew(std::string_view reason);
std::string error(std::string_view code, std::string_view detail, std::optional<int64_t> id);
std::string pong(std::optional<int64_t> id);

}  // namespace eir::signal
