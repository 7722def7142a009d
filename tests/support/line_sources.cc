#include "tests/support/line_sources.h"

#include "lib/base/check.h"

namespace eir {
namespace {

constexpr Duration kDeafKeyFrames = 2s;

const ClientReceiver& picture_slot(const SimPerson& person) {
  for (const auto& receiver : person.client->receivers()) {
    if (receiver->kind() == MediaKind::kVideo) return *receiver;
  }
  EIR_CHECK(false);
  return *person.client->receivers().front();
}

}  // namespace

ClientOptions three_layer_source(LineSource source) {
  ClientOptions options;
  options.name = "publisher";
  options.audio = {AudioTrackOptions{}};
  options.video = {VideoTrackOptions{}};
  options.video[0].encodings = three_layers();
  if (source == LineSource::kDeaf) {
    options.video[0].answers_key_frame_requests = false;
    options.video[0].key_frame_interval = kDeafKeyFrames;
  }
  return options;
}
ClientOptions temporal_source(LineSource source) {
  ClientOptions options = three_layer_source(source);
  options.video[0].temporal_layers = 3;
  return options;
}

ClientOptions viewer_of(size_t people) {
  ClientOptions options;
  options.name = "viewer";
  options.audio_slots = people;
  options.video_slots = people;
  return options;
}

const ReceiverStats& picture_of(const SimPerson& person) { return picture_slot(person).stats(); }

uint64_t payload_digest_of(const SimPerson& person) {
  uint64_t digest = 0;
  for (const auto& receiver : person.client->receivers()) digest = digest * 31 + receiver->payload_digest();
  return digest;
}

std::vector<SlotWish> wish_for(const SimPerson& source, const SimPerson& viewer) {
  return {{.mid = picture_slot(viewer).mid(), .source = source.id, .label = TrackLabel::kWound}};
}

}  // namespace eir
