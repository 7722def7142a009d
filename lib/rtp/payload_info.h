#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/base/bytes.h"
#include "lib/rtp/codec.h"

namespace eir {

struct DependencyDescriptor;
struct DependencyStructure;

// What one packet's payload says about its frame, in words common to all codecs: computed once when the packet comes
// in, read by layer selection and by the rewriting of copies. A value without pointers; the offsets count from the
// first byte of the RTP payload, so that any copy of the payload can be patched.
//
// A frame here is one layer's frame: a picture with three spatial layers is three frames with one RTP timestamp (VP9
// and dependency descriptor; VP8 and H.264 have one frame per picture).
struct PayloadInfo {
  // The packet begins, or visibly belongs to, a frame that can be decoded without any earlier one. Always set on the
  // first packet of such a frame; on the later ones only where their bytes say so (not VP8, not AV1).
  bool key_frame = false;
  // H.264 and AV1 without a dependency descriptor say this only roughly: parameter sets and the first slice may both be
  // marked within one RTP timestamp.
  bool frame_start = false;
  bool frame_end = false;
  uint8_t spatial_layer = 0;
  uint8_t temporal_layer = 0;
  // How many spatial layers the stream has, where a key frame says it (VP9 scalability structure, dependency
  // structure); 0 where it does not.
  uint8_t spatial_layers = 0;
  // A receiver of the lower temporal layers may go up here. VP8 (Y): this frame refers to temporal layer 0 alone, so
  // the receiver may start with it. VP9 (U): no later frame of a higher temporal layer refers back beyond this one.
  // Dependency descriptor: the frame is a switch indication for a decode target, and for all of higher temporal layers
  // of its spatial layer that it is part of.
  bool layer_switch_point = false;
  // Refers to no earlier picture: a receiver that has the lower spatial layers of this picture may start with this
  // frame (VP9: P is 0). Dependency descriptor: a switch indication for a target of this spatial layer whose frame
  // differences reach no further than the lower layers; an estimate where the sender skips layers.
  bool spatial_switch_point = false;
  // No other frame refers to this one, so that leaving it out costs nothing but this frame.
  bool discardable = false;
  // Refers to the next lower spatial layer of the same picture (VP9: D).
  bool inter_layer_predicted = false;
  // H.264: an SPS and a PPS both stand in this packet. AV1: a sequence header does.
  bool has_parameter_sets = false;

  std::optional<uint16_t> picture_id = std::nullopt;
  uint8_t picture_id_bits = 0;    // 7 or 15; 0 without a picture id
  uint8_t picture_id_offset = 0;  // of the byte with the M bit
  uint8_t tl0_pic_idx_offset = 0;
  std::optional<uint8_t> tl0_pic_idx = std::nullopt;

  // Of the (largest spatial layer of the) picture, if this packet says it; else 0.
  uint16_t width = 0;
  uint16_t height = 0;
};

// The one entry for received packets. `marker` is the RTP marker bit. nullopt: malformed, the packet is not forwarded.
// Audio has no structure: every packet is a whole frame that needs no earlier one. Padding-only packets (no payload)
// are not passed here.
std::optional<PayloadInfo> parse_payload_info(Codec codec, ByteView payload, bool marker);

// A packet with a dependency descriptor: what the descriptor says replaces what the payload says (the payload may be
// encrypted end to end). Picture ids and their offsets stay. `structure` is the one the descriptor was parsed with.
void apply_dependency_descriptor(const DependencyDescriptor& descriptor, const DependencyStructure& structure,
                                 PayloadInfo& info);

// Writes a new picture id and TL0PICIDX into a copy of the payload that `info` describes, where it has them. VP8 and
// VP9 share the field's form. The width stays: a 7-bit picture id takes the low 7 bits of `picture_id`, 15 bits the
// low 15. A payload shorter than `info` says is left alone.
void patch_picture_ids(MutableBytes payload, const PayloadInfo& info, uint16_t picture_id, uint8_t tl0_pic_idx);

}  // namespace eir
