// link: eir_test_support
// A whole room as a sequence of events in virtual time: people join and leave, change rights, views, labels and
// streams, renegotiate and restart ICE over lines that lose and reorder, and authenticated clients send RTP and RTCP of
// any content. Nothing crashes, every buffer stays within its cap, and a slot never shows what its rights forbid.
// covers: lib/router lib/media lib/transport/transport
#include <array>
#include <cstdint>

#include "lib/base/check.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "tests/support/sim_world.h"

namespace eir {
namespace {

constexpr size_t kPeopleMax = 4;  // a handshake costs more than all the rest

ClientOptions options_of(uint8_t shape) {
  ClientOptions options;
  if ((shape & 1) != 0) options.audio.emplace_back();
  if ((shape & 2) != 0) {
    VideoTrackOptions video;
    video.codec = (shape & 4) != 0 ? Codec::kH264 : Codec::kVp8;
    if ((shape & 8) != 0) {
      video.encodings = {{.rid = "q", .width = 320, .height = 180}, {.rid = "f", .width = 640, .height = 360}};
    }
    options.video.push_back(video);
  }
  options.audio_slots = shape >> 4 & 3;
  options.video_slots = shape >> 6 & 3;
  if (options.audio.empty() && options.video.empty() && options.audio_slots + options.video_slots == 0) {
    options.audio_slots = 1;
  }
  return options;
}

class Story {
 public:
  explicit Story(ByteView data) : input_(data), world_(1, 8192) {}

  void run() {
    while (input_.remaining() >= 3) {
      const uint8_t verb = input_.u8();
      const uint8_t who = input_.u8();
      const uint8_t value = input_.u8();
      SimPerson* const person = pick(who);
      if (person == nullptr || verb % 16 == 0) {
        join(value);
      } else if (verb % 16 < 8) {
        act(verb % 16, value, *person);
      } else {
        send(verb, value, *person);
      }
      world_.run_for(std::chrono::milliseconds(1 + verb / 16 * 4));
      check();
    }
  }

 private:
  SimPerson* pick(uint8_t who) {
    if (world_.people().empty()) return nullptr;
    SimPerson& person = *world_.people()[who % world_.people().size()];
    return person.is_gone ? nullptr : &person;
  }

  void join(uint8_t shape) {
    if (world_.people().size() >= kPeopleMax) return;
    AccessLine line;
    line.up.loss = line.down.loss = (shape & 16) != 0 ? 0.1 : 0.0;
    line.up.reorders = (shape & 32) != 0;
    line.up.jitter = 20ms;
    SimPerson& person = world_.join(options_of(shape), line);
    world_.run_until([&] { return person.connected != kNever; }, 3s);
  }

  void act(uint8_t verb, uint8_t value, SimPerson& person) {
    const std::string mid = std::to_string(value & 7);
    switch (verb) {
      case 1:
        return world_.leave(person);
      case 2: {
        const Rights rights{.send = value & kAllKinds, .receive = value >> 4 & kAllKinds, .groups = value & 3U};
        return world_.set_rights(person, rights);
      }
      case 3: {
        const ParticipantId source(value >> 6);
        const SlotWish wish{.mid = mid, .source = source, .hidden = (value & 32) != 0};
        static_cast<void>(world_.router().set_view(world_.now(), person.id, {wish}));
        return;
      }
      case 4:
        static_cast<void>(
            world_.router().set_label(world_.now(), person.id, mid, static_cast<TrackLabel>(value >> 3 & 3)));
        return;
      case 5:
        return static_cast<void>(world_.router().set_mute(world_.now(), person.id, value & kAllKinds));
      case 6:
        if (person.connected != kNever) world_.restart_ice(person);
        return;
      case 7:
        if (person.client->find_sender(mid) != nullptr) {
          person.client->change_ssrcs(world_.now(), mid, (value & 64) != 0);
        }
        return;
      default:
        return;
    }
  }

  // What a client that has keys can send: any RTP or RTCP body behind a header of one of its streams or of none.
  void send(uint8_t verb, uint8_t value, SimPerson& person) {
    const ByteView body = input_.bytes(std::min<size_t>(input_.remaining(), value));
    const Path* const path = person.client->transport().send_path();
    if (!person.client->is_connected() || path == nullptr || body.size() < 12) return;
    std::array<uint8_t, 512> datagram{};
    std::copy(body.begin(), body.end(), datagram.begin());
    const bool is_rtcp = (verb & 1) != 0;
    datagram[0] = static_cast<uint8_t>((datagram[0] & 0x3f) | 0x80);
    datagram[1] = is_rtcp ? static_cast<uint8_t>(200 + datagram[1] % 8) : static_cast<uint8_t>(datagram[1] & 0xbf);
    const std::vector<std::unique_ptr<ClientSender>>& senders = person.client->senders();
    if (!senders.empty() && (verb & 2) != 0) {
      const auto& encodings = senders[value % senders.size()]->encodings();
      store_u32(&datagram[is_rtcp ? 4 : 8], encodings[value % encodings.size()].ssrc().value);
    }
    size_t size = body.size();
    ClientTransport& transport = person.client->transport();
    if (is_rtcp ? transport.protect_rtcp(datagram, size) : transport.protect_rtp(datagram, size)) {
      world_.network().send(world_.now(), person.node, path->socket, path->remote, ByteView(datagram).first(size));
    }
  }

  void check() {
    for (const auto& [id, room] : world_.router().rooms()) {
      for (const auto& participant : room->participants()) {
        for (const auto& session : participant->sessions()) {
          for (const auto& slot : session->slots()) check(*participant, *slot);
        }
      }
    }
    EIR_CHECK(world_.pool().in_use() < 8192);
  }

  static void check(const Participant& receiver, const ReceiveSlot& slot) {
    const PublishedTrack* const track = slot.track();
    if (track == nullptr) return;
    const Participant& publisher = track->session().participant();
    EIR_CHECK(&publisher != &receiver);
    EIR_CHECK(passes(publisher.rights(), track->right(), receiver.rights()));
    // What is forwarded now passes with the mutes too.
    if (slot.forwarder().current_source() == nullptr) return;
    EIR_CHECK(slot.forwarder().current_track() != track->id() ||
              passes(publisher.effective_rights(), track->right(), receiver.rights()));
  }

  ByteReader input_;
  SimWorld world_;
};

}  // namespace
}  // namespace eir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 400) return 0;
  eir::Story(eir::ByteView{data, size}).run();
  return 0;
}
