#include "lib/router/published_track.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/media/layer_selector.h"
#include "lib/router/slot_demand.h"

namespace eir {
namespace {

void sort_by_size(std::span<LayerOffer> layers) {
  std::sort(layers.begin(), layers.end(), [](const LayerOffer& a, const LayerOffer& b) {
    const auto rank = [](const LayerOffer& each) {
      return std::pair(uint32_t{each.width} * each.height, each.up_to.back().rate.bps());
    };
    return rank(a) < rank(b);
  });
}

}  // namespace

PublishedTrack::PublishedTrack(TrackId id, ClientSession& session, const PublisherClock& clock,
                               const sdp::MediaDescription& media)
    : id_(id),
      session_(session),
      clock_(clock),
      media_(media),
      kind_(media.kind == sdp::SectionKind::kAudio ? MediaKind::kAudio : MediaKind::kVideo),
      label_(kind_ == MediaKind::kAudio ? TrackLabel::kMicrophone : TrackLabel::kCamera),
      wanted_(static_cast<uint8_t>((1U << std::clamp<size_t>(media.rids.size(), 1, kLayersMax)) - 1)),
      last_codec_(media.codecs.front().codec) {
  layers_.reserve(kLayersMax);
  if (media.rids.empty()) layers_.emplace_back();
  for (const std::string& rid : media.rids) {
    if (layers_.size() < kLayersMax)
      layers_.push_back({.rid = ShortText::of(rid), .rtx_ssrc = {}, .stream = nullptr, .bound_at = {}});
  }
  // Without rids the offer's SSRCs say which retransmissions belong to it.
  if (media.rids.empty() && !media.sources.empty()) {
    layers_.front().rtx_ssrc = media.sources.front().rtx_ssrc.value_or(Ssrc());
  }
}

void PublishedTrack::renegotiate(const sdp::MediaDescription& media) { media_ = media; }

PublishedTrack::Layer* PublishedTrack::find_layer(const ShortText& rid) {
  if (rid.empty()) return &layers_.front();
  const auto it = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& l) { return l.rid == rid; });
  return it == layers_.end() ? nullptr : &*it;
}

PublishedTrack::Layer* PublishedTrack::find_layer_of_rtx(Ssrc rtx_ssrc) {
  const auto it = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& l) { return l.rtx_ssrc == rtx_ssrc; });
  return it == layers_.end() ? nullptr : &*it;
}

std::unique_ptr<ReceiveStream> PublishedTrack::bind(Timestamp now, Layer& layer, const ReceiveStream::Config& config) {
  std::unique_ptr<ReceiveStream> former = unbind(layer);
  layer.stream = std::make_unique<ReceiveStream>(config);
  layer.bound_at = now;
  return former;
}

std::unique_ptr<ReceiveStream> PublishedTrack::unbind(Layer& layer) {
  if (best_ == layer.stream.get()) best_ = nullptr;
  return std::move(layer.stream);
}

bool PublishedTrack::handle_stored(Timestamp now, const ReceiveStream& stream, const StoredPacket& packet) {
  if (kind_ == MediaKind::kAudio) {
    if (packet.extensions.audio_level) audio_level_.handle_packet(now, *packet.extensions.audio_level);
    return best_ == nullptr && update_best(now);
  }
  const bool starts = (packet.info.key_frame && packet.info.frame_start) || packet.info.has_parameter_sets;
  if (starts) key_frames_.handle_key_frame(now);
  // A layer can become the best only by beginning to send or by a key frame that says its size.
  return (starts || best_ == nullptr || stream.counters().packets == 1) && update_best(now);
}

bool PublishedTrack::update_best(Timestamp now) {
  std::array<ReceiveStream*, kLayersMax> streams{};
  size_t count = 0;
  for (const Layer& layer : layers_) streams[count++] = layer.stream.get();
  ReceiveStream* const best = select_layer(std::span(streams).first(count), now);
  // When everything is silent the last one stays: it may go on.
  if (best == nullptr || best == best_) return false;
  best_ = best;
  return true;
}

size_t PublishedTrack::offer_layers(Timestamp now, std::span<LayerOffer, kLayersMax> out) {
  size_t count = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    ReceiveStream* const stream = layers_[i].stream.get();
    if (stream == nullptr || !stream->is_active(now, kLayerSilent)) continue;
    const RateMeter::Rates& rates = stream->rates(now);
    LayerOffer& offer = out[count++];
    offer = {.key = i,
             .width = static_cast<uint16_t>(stream->width()),
             .height = static_cast<uint16_t>(stream->height()),
             .temporal_layers = std::max<uint8_t>(rates.temporal_layers, 1)};
    static_assert(LayerOffer::kTemporalMax == RateMeter::kTemporalMax);
    for (size_t part = 0; part < offer.up_to.size(); ++part) {
      offer.up_to[part] = {.rate = rates.up_to[part].rate,
                           .frames_per_second = static_cast<float>(rates.up_to[part].frames_per_second)};
    }
  }
  sort_by_size(out.first(count));
  return count;
}

size_t PublishedTrack::list_sizes(std::span<LayerOffer, kLayersMax> out) const {
  size_t count = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const ReceiveStream* const stream = layers_[i].stream.get();
    if (stream == nullptr || stream->width() == 0) continue;
    out[count++] = {
        .key = i, .width = static_cast<uint16_t>(stream->width()), .height = static_cast<uint16_t>(stream->height())};
  }
  sort_by_size(out.first(count));
  return count;
}

bool PublishedTrack::update_wanted(Timestamp now) {
  if (layers_.size() < 2) return false;
  uint32_t sending = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const ReceiveStream* const stream = layers_[i].stream.get();
    if (stream != nullptr && stream->is_active(now, kLayerSilent)) sending |= 1U << i;
  }
  return wanted_.update(now, useful_layers(*this), static_cast<uint8_t>(sending));
}

std::vector<std::string> PublishedTrack::active_rids() const {
  std::vector<std::string> rids;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if ((wanted_.active() >> i & 1) != 0) rids.emplace_back(layers_[i].rid.view());
  }
  return rids;
}

bool PublishedTrack::take_state_changed(Timestamp now) {
  const bool was_silent = std::exchange(was_silent_, is_silent(now));
  const Codec last_codec = std::exchange(last_codec_, codec());
  return was_silent != was_silent_ || last_codec != last_codec_;
}

uint64_t PublishedTrack::arrived() const {
  uint64_t packets = 0;
  for (const Layer& layer : layers_) packets += layer.stream != nullptr ? layer.stream->counters().packets : 0;
  return packets;
}

bool PublishedTrack::is_silent(Timestamp now) const {
  return std::none_of(layers_.begin(), layers_.end(), [&](const Layer& layer) {
    return layer.stream != nullptr && layer.stream->is_active(now, kSilentAfter);
  });
}

}  // namespace eir
