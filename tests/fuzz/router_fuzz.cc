// link: eir_test_support
// with: instant_dtls.cc
// A whole room as a sequence of events in virtual time: people join and leave, change rights, views, labels and
// streams, renegotiate and restart ICE over lines that lose and reorder, and authenticated clients send RTP and RTCP of
// any content. Nothing crashes, buffers stay within their caps, a slot never shows what its rights forbid, nothing
// forbidden arrives, and while nobody forges media every slot is one unbroken stream of sound payloads.
// covers: lib/router lib/media lib/transport/transport.cc
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "lib/router/published_track.h"
#include "lib/router/receive_slot.h"
#include "tests/support/sim_world.h"

namespace eir {
namespace {

constexpr size_t kPeopleMax = 4;
// What was on its way when a right went may still arrive: the delay and jitter of a line, and a step.
constexpr Duration kUnderWay = 50ms;
constexpr Duration kLanding = 20ms;  // more than that delay and jitter

ClientOptions options_of(uint8_t shape) {
  ClientOptions options;
  // Little media: what matters is the order of events.
  if ((shape & 1) != 0) options.audio.emplace_back().payload_bytes = 40;
  if ((shape & 2) != 0) {
    VideoTrackOptions video;
    video.fps = 10;
    video.encodings[0].bitrate = DataRate::kbps(60);
    video.codec = (shape & 4) != 0 ? Codec::kH264 : Codec::kVp8;
    if ((shape & 8) != 0) {
      video.encodings.resize(2);
      video.encodings[0].rid = "q";
      video.encodings[0].width = 320;
      video.encodings[0].height = 180;
      video.encodings[1].rid = "f";
      video.encodings[1].bitrate = DataRate::kbps(100);
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
  explicit Story(ByteView data) : input_(data) {}

  void run() {
    while (input_.remaining() >= 3) {
      const uint8_t verb = input_.u8();
      const uint8_t who = input_.u8();
      const uint8_t value = input_.u8();
      SimPerson* const person = pick(who);
      const bool is_long = verb % 16 == 8 || person == nullptr || verb % 16 == 0;
      // What is under way lands and is seen before a step that lasts longer than that.
      if (is_long) {
        world_.run_for(kLanding);
        check();
      }
      if (verb % 16 == 8) {
        world_.run_for(std::chrono::milliseconds(value));
      } else if (person == nullptr || verb % 16 == 0) {
        join(value);
      } else if (verb % 16 < 8) {
        act(verb % 16, value, *person);
      } else {
        send(verb, value, *person);
      }
      world_.run_for(std::chrono::milliseconds(1 + verb / 16));
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
    line.up.delay = line.down.delay = 2ms;
    line.up.jitter = 5ms;
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
    is_forged_ = is_forged_ || !is_rtcp;
    if (is_rtcp ? transport.protect_rtcp(datagram, size) : transport.protect_rtp(datagram, size)) {
      world_.network().send(world_.now(), person.node, path->socket, path->remote, ByteView(datagram).first(size));
    }
  }

  void check() {
    for (const auto& [id, room] : world_.router().rooms()) {
      for (const auto& participant : room->participants()) {
        for (const auto& session : participant->sessions()) {
          for (const auto& slot : session->slots()) check(*participant, *slot);
          for (const auto& track : session->tracks()) note_track(*room, *participant, *track);
        }
      }
    }
    for (const auto& person : world_.people()) {
      for (const auto& receiver : person->client->receivers()) check_arrivals(person->id, *receiver);
    }
    EIR_CHECK(world_.pool().in_use() < kPacketsMax);
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

  // When the track was last there, and when each receiver last had the right to it.
  void note_track(const Room& room, const Participant& publisher, const PublishedTrack& track) {
    there_[track.id().value] = world_.now();
    for (const auto& receiver : room.participants()) {
      if (receiver.get() != &publisher && passes(publisher.effective_rights(), track.right(), receiver->rights())) {
        allowed_[{track.id().value, receiver->id().value}] = world_.now();
      }
    }
  }

  // Tracks travel as the CSRC, so a receiver knows what it was sent. What was sent of a track that ended may come
  // again.
  void check_arrivals(ParticipantId person, const ClientReceiver& receiver) {
    const ReceiverStats& stats = receiver.stats();
    for (const CsrcCount& each : stats.csrcs) {
      uint64_t& known = arrived_[{&receiver, each.csrc}];
      if (std::exchange(known, each.packets) == each.packets) continue;
      const auto allowed = allowed_.find({each.csrc, person.value});
      EIR_CHECK(allowed != allowed_.end() && there_.at(each.csrc) - allowed->second < kUnderWay);
    }
    if (is_forged_) return;
    EIR_CHECK(stats.corrupt == 0 && stats.timestamp_breaks == 0);
    EIR_CHECK(stats.changes_without_key == 0 && stats.picture_id_breaks == 0 && stats.tl0_breaks == 0);
  }

  static constexpr size_t kPacketsMax = 8192;
  static constexpr size_t kQueueDatagrams = 64;

  ByteReader input_;
  SimWorld world_{1, kPacketsMax, kQueueDatagrams};
  bool is_forged_ = false;                                                  // somebody sends RTP of any content
  std::map<uint32_t, Timestamp> there_;                                     // by track
  std::map<std::pair<uint32_t, uint64_t>, Timestamp> allowed_;              // by track and receiver
  std::map<std::pair<const ClientReceiver*, uint32_t>, uint64_t> arrived_;  // by CSRC
};

}  // namespace
}  // namespace eir

// Memory that waits to be found used after its end is fresh pages for the next world: hold back less of it.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the sanitizer's name
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=16:malloc_context_size=12"; }

// Entropic scheduling looks at every feature of every input, which takes longer here than the runs.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  static std::vector<char*> arguments(*argv, *argv + *argc);
  static std::array<char, 12> option = {"-entropic=0"};
  arguments.insert(arguments.begin() + 1, option.data());
  *argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  *argv = arguments.data();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 400) return 0;
  eir::Story(eir::ByteView{data, size}).run();
  return 0;
}
